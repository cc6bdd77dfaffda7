using Tollgate.Storage.Log;

namespace Tollgate.Storage.Events;

/// <summary>
/// Answers questions about events. A projection of the <see cref="IEventLog"/>: it may lag behind, and can be thrown away and
/// rebuilt. Every read is confined to its <see cref="EventReach"/>.
/// </summary>
public interface IEventStore : IAsyncDisposable
{
    /// <summary>The number of the last event of the log that is in the store; 0 when there is none.</summary>
    long AppliedSequence { get; }

    /// <summary>
    /// Changes whenever the store begins anew. An answer that was begun under one number and ended under another may lack events.
    /// </summary>
    int Generation { get; }

    /// <summary>
    /// Adds the batches, which follow each other without a hole, in one transaction together with the number reached. Events
    /// up to <see cref="AppliedSequence"/> are passed over, so applying a batch twice changes nothing.
    /// </summary>
    Task ApplyAsync(IReadOnlyList<SequencedBatch> batches, CancellationToken cancellationToken);

    /// <summary>A page of events, without holes or repetitions between pages that continue at the place of a page's last event.</summary>
    Task<EventPage> QueryAsync(EventQuery query, CancellationToken cancellationToken);

    /// <summary>How many events the filter selects.</summary>
    Task<long> CountAsync(EventFilter filter, CancellationToken cancellationToken);

    /// <summary>The event with this number in the log, or null when it is out of reach or not applied yet.</summary>
    Task<StoredEvent?> FindBySequenceAsync(EventReach reach, long sequence, CancellationToken cancellationToken);

    /// <summary>
    /// Aggregates events exactly: sums are sums of decimals, whatever the order of the events, never of binary floating point.
    /// </summary>
    Task<UsageResult> UsageAsync(UsageQuery query, CancellationToken cancellationToken);

    /// <summary>
    /// Holds the store to what was said about events after they were accepted, those to come included. What it is held to already changes
    /// nothing.
    /// </summary>
    Task CorrectAsync(EventCorrections corrections, CancellationToken cancellationToken);

    /// <summary>Writes the sums of what the removal takes into its file, durable, before anything of it is gone.</summary>
    Task SaveSumsAsync(EventRemoval removal, CancellationToken cancellationToken);

    /// <summary>Takes an erased customer out of the sums that an earlier removal kept. Once it is done, doing it again changes nothing.</summary>
    Task RewriteSumsAsync(string file, EventRemoval erasure, CancellationToken cancellationToken);

    /// <summary>Runs a real query; throws when the engine can't answer. For readiness.</summary>
    Task ProbeAsync(CancellationToken cancellationToken);
}
