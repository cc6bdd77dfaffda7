namespace Tollgate.Storage.Log;

/// <summary>The truth about events: an ordered, durable, gap-free sequence. Query stores are projections of it (decision 0005).</summary>
public interface IEventLog : IAsyncDisposable
{
    /// <summary>The number of the last event that is durable; 0 when there is none. Never decreases.</summary>
    long DurableSequence { get; }

    /// <summary>
    /// Appends the batch, whole or not at all, and returns the number of its first event. Returns only once the batch survives
    /// <c>kill -9</c> and a power cut. Batches of concurrent callers are written together, in one order. A call that throws has
    /// stored nothing that a later start would count as acknowledged.
    /// </summary>
    /// <exception cref="LogUnavailableException">The batch could not be made durable now; trying again later may succeed.</exception>
    ValueTask<long> AppendAsync(EventBatch batch, CancellationToken cancellationToken);

    /// <summary>
    /// Reads batches in order, beginning with the one that holds event <paramref name="afterSequence"/> + 1, up to what is
    /// durable when the call reaches it; then the enumeration ends. The first batch may begin earlier when
    /// <paramref name="afterSequence"/> lies inside it.
    /// </summary>
    /// <exception cref="LogDamagedException">A stored byte is not what was written.</exception>
    IAsyncEnumerable<SequencedBatch> ReadAsync(long afterSequence, CancellationToken cancellationToken);

    /// <summary>
    /// Takes the content out of events for good. Their numbers stay, and what tells that their ids are taken; nothing else does. What was
    /// removed before is passed over, so a removal that was interrupted is ended by asking again.
    /// </summary>
    /// <param name="upToSequence">The last event that may be meant.</param>
    /// <param name="isRemoved">Whether an event with this provenance is meant.</param>
    /// <param name="cancellationToken">Ends it between two segments.</param>
    /// <returns>How many events this call removed.</returns>
    Task<long> RemoveAsync(long upToSequence, Func<EventProvenance, LoggedEvent, bool> isRemoved, CancellationToken cancellationToken);

    /// <summary>Completes when <see cref="DurableSequence"/> is greater than <paramref name="sequence"/>.</summary>
    Task WaitBeyondAsync(long sequence, CancellationToken cancellationToken);
}

/// <summary>The log can't make anything durable now (a full disk, a failed fsync). Nothing of the call was acknowledged.</summary>
public sealed class LogUnavailableException : IOException
{
    public LogUnavailableException()
    {
    }

    public LogUnavailableException(string message)
        : base(message)
    {
    }

    public LogUnavailableException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
