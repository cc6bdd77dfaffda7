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
    /// Brings the store to exactly these corrections, in one transaction, and keeps to them for all that is applied later, also when it
    /// begins anew. What has been done already is not done again. Throws <see cref="SumsFileDamagedException"/> when a file of sums
    /// can't be read; nothing has changed then.
    /// </summary>
    Task CorrectAsync(EventCorrections corrections, CancellationToken cancellationToken);

    /// <summary>
    /// Writes <see cref="EventRemoval.SumsFile"/> durably: all sums of what the removal is going to take. All events up to
    /// <see cref="EventRemoval.UpToSequence"/> must have been applied. After the removal has taken place it changes nothing.
    /// </summary>
    Task SaveSumsAsync(EventRemoval removal, CancellationToken cancellationToken);

    /// <summary>
    /// Takes a customer out of the file of sums of an earlier removal; all at once, and a second time changes nothing. A file of another
    /// scope is left alone.
    /// </summary>
    Task RewriteSumsAsync(string file, EventRemoval removal, CancellationToken cancellationToken);

    /// <summary>Runs a real query; throws when the engine can't answer. For readiness.</summary>
    Task ProbeAsync(CancellationToken cancellationToken);
}
