namespace Tollgate.Storage.Log;

/// <summary>How an <see cref="EventIdIndex"/> uses its disk and memory.</summary>
public sealed record EventIdIndexOptions
{
    /// <summary>So many ids are kept in memory before they are written to a run; what a start after a crash reads again from the log.</summary>
    public int FlushEvents { get; init; } = 350_000;

    /// <summary>So many full tables may wait to be written before <see cref="EventIdIndex.IsBehind"/>.</summary>
    public int MaxWaitingTables { get; init; } = 8;

    /// <summary>How long to wait after writing or merging failed.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromSeconds(5);

    internal LogDisk Disk { get; init; } = new();
}
