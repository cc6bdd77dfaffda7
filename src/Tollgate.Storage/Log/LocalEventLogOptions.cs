namespace Tollgate.Storage.Log;

/// <summary>How a <see cref="LocalEventLog"/> uses its disk and memory.</summary>
public sealed record LocalEventLogOptions
{
    /// <summary>A segment that would grow beyond this is sealed, and later compressed. A single larger batch still fits.</summary>
    public long SegmentBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>Batches that wait for the disk may take this much memory; beyond it a call fails at once.</summary>
    public long MaxQueueBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>How much is written before one flush. Batches that came meanwhile are in the next group.</summary>
    public int MaxGroupBytes { get; init; } = 8 * 1024 * 1024;

    /// <summary>How long the high-water mark may stay unflushed when nothing else flushes it.</summary>
    public TimeSpan MarkFlushInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Whether sealed segments are compressed in the background.</summary>
    public bool Compress { get; init; } = true;

    internal LogDisk Disk { get; init; } = new();
}
