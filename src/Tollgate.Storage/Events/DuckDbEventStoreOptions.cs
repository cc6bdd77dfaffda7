namespace Tollgate.Storage.Events;

/// <summary>How much of the machine a <see cref="DuckDbEventStore"/> may use.</summary>
public sealed record DuckDbEventStoreOptions
{
    /// <summary>Memory of the engine, in megabytes; beyond it, queries use the temporary folder.</summary>
    public int MemoryMegabytes { get; init; } = 1024;

    /// <summary>Threads of the engine.</summary>
    public int Threads { get; init; } = 2;

    /// <summary>Queries at once; further ones wait.</summary>
    public int Readers { get; init; } = 4;

    /// <summary>How many cells of the roll-ups may wait to be merged, in a store with few of them; a tenth of them in one with many.</summary>
    public int UnmergedCells { get; init; } = 20_000;
}
