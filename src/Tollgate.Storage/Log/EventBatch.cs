namespace Tollgate.Storage.Log;

/// <summary>Who sent a batch of events and how it arrived. Set by the server alone; nothing a client sends ends up here.</summary>
/// <param name="TenantId">The tenant of the credential.</param>
/// <param name="EnvironmentId">The environment the events belong to; ids of events are unique within it.</param>
/// <param name="AccountId">The person or service account behind the credential.</param>
/// <param name="ByServiceAccount">Whether that account is a service account.</param>
/// <param name="ApiKeyId">The key that sent the batch; null when a person sent it with a session.</param>
/// <param name="RequestId">The id of the request, as in its answer's <c>X-Request-ID</c>.</param>
/// <param name="Address">The socket's remote address, in text.</param>
public sealed record EventProvenance(
    string TenantId,
    string EnvironmentId,
    string AccountId,
    bool ByServiceAccount,
    string? ApiKeyId,
    string RequestId,
    string Address);

/// <summary>One accepted event, as the log keeps it.</summary>
public sealed record LoggedEvent
{
    /// <summary>The client's idempotency key or a generated id; unique within the environment, for ever.</summary>
    public required string EventId { get; init; }

    public required string EventName { get; init; }

    public required string ExternalCustomerId { get; init; }

    public string? CustomerId { get; init; }

    public string? Source { get; init; }

    /// <summary>When it happened, UTC, in whole microseconds.</summary>
    public required DateTimeOffset Timestamp { get; init; }

    /// <summary>The properties as minified JSON of one object; numbers keep the exact text the client sent.</summary>
    public required string Properties { get; init; }

    /// <summary>
    /// 128 bits of SHA-256 over what the client sent in the event. Tells a repetition from a different event under the same id.
    /// </summary>
    public required UInt128 ContentDigest { get; init; }

    /// <summary>
    /// Of an event whose content was removed: the key that <see cref="EventIdIndex"/> knows its id by, so that the id stays taken. All
    /// texts are empty then. Null for every other event.
    /// </summary>
    public UInt128? RemovedKey { get; init; }

    /// <summary>What stays of an event whose content is removed.</summary>
    public static LoggedEvent WithoutContent(UInt128 key, UInt128 contentDigest) => new()
    {
        EventId = "",
        EventName = "",
        ExternalCustomerId = "",
        Timestamp = DateTimeOffset.UnixEpoch,
        Properties = "",
        ContentDigest = contentDigest,
        RemovedKey = key,
    };
}

/// <summary>Events that arrived in one request. Appended whole or not at all.</summary>
/// <param name="Provenance">Where they came from.</param>
/// <param name="IngestedAt">When they were accepted, UTC, in whole microseconds.</param>
/// <param name="Events">At least one.</param>
public sealed record EventBatch(EventProvenance Provenance, DateTimeOffset IngestedAt, IReadOnlyList<LoggedEvent> Events);

/// <summary>A batch with its place in the log: its events are numbered <see cref="FirstSequence"/> … <see cref="LastSequence"/>.</summary>
/// <param name="FirstSequence">The number of the first event; numbers start at 1 and have no holes.</param>
/// <param name="Batch">The events.</param>
public sealed record SequencedBatch(long FirstSequence, EventBatch Batch)
{
    public long LastSequence => FirstSequence + Batch.Events.Count - 1;
}
