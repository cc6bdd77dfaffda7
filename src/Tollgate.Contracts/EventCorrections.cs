namespace Tollgate.Contracts;

/// <summary><c>POST /v1/events/quarantine</c>.</summary>
public sealed record QuarantineEventsRequest
{
    /// <summary>The key whose events are meant; it may be revoked long since.</summary>
    [LengthLimit(1, 255)]
    public required string ApiKeyId { get; init; }

    /// <summary>Received by the server at this time or later; default: from its first event on.</summary>
    public DateTimeOffset? StartTime { get; init; }

    /// <summary>Received by the server before this time; default and at the latest now: what comes later is never taken.</summary>
    public DateTimeOffset? EndTime { get; init; }

    /// <summary>Why, for the audit log and whoever looks at it later; required unless it is a preview.</summary>
    [LengthLimit(1, 1000)]
    public string? Reason { get; init; }

    /// <summary>Only say what it would change.</summary>
    public bool? DryRun { get; init; }
}

/// <summary>A quarantine of events, or what one would be.</summary>
public sealed record QuarantineResponse
{
    /// <summary><c>quarantine_…</c>; null for a preview.</summary>
    public required string? Id { get; init; }

    /// <summary><c>preview</c>, <c>active</c>, or <c>released</c>: its events count again.</summary>
    public required string Status { get; init; }

    /// <summary>The key that sent the events.</summary>
    public required string ApiKeyId { get; init; }

    /// <summary>The environment they belong to.</summary>
    public required string EnvironmentId { get; init; }

    /// <summary>Received at this time or later.</summary>
    public required DateTimeOffset StartTime { get; init; }

    /// <summary>Received before this time.</summary>
    public required DateTimeOffset EndTime { get; init; }

    /// <summary>Why.</summary>
    public required string? Reason { get; init; }

    /// <summary>How many events that counted until then it takes.</summary>
    public required long Events { get; init; }

    /// <summary>What it changes; null where a quarantine is shown later.</summary>
    public required QuarantineEffectResponse? Effect { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset? CreatedAt { get; init; }

    /// <summary>Who made it.</summary>
    public required string? CreatedBy { get; init; }

    /// <summary>When its events were put back.</summary>
    public required DateTimeOffset? ReleasedAt { get; init; }

    /// <summary>Who put them back.</summary>
    public required string? ReleasedBy { get; init; }
}

/// <summary>What a quarantine takes out of queries and sums.</summary>
public sealed record QuarantineEffectResponse
{
    /// <summary>The earliest timestamp of its events; null when there are none.</summary>
    public required DateTimeOffset? FirstTimestamp { get; init; }

    /// <summary>The latest one.</summary>
    public required DateTimeOffset? LastTimestamp { get; init; }

    /// <summary>By customer and event name, most events first; at most 1,000.</summary>
    public required IReadOnlyList<QuarantinedEventsResponse> EventsByCustomer { get; init; }

    /// <summary>Whether there are more customers and names than are listed.</summary>
    public required bool HasMore { get; init; }

    /// <summary>What each meter in use that counts such events says of the whole hours that they lie in, and will say; by name, at most 100.</summary>
    public required IReadOnlyList<QuarantinedMeterResponse> Meters { get; init; }

    /// <summary>Whether there are more such meters than are listed.</summary>
    public required bool HasMoreMeters { get; init; }
}

/// <summary>What a quarantine changes of a meter's value, from the hour of its first event to that of its last.</summary>
public sealed record QuarantinedMeterResponse
{
    /// <summary>The meter.</summary>
    public required string MeterId { get; init; }

    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>The name of the events that it counts.</summary>
    public required string EventName { get; init; }

    /// <summary>The value with the events: exact. Null: there is nothing to take it of.</summary>
    public required ExactNumber? Before { get; init; }

    /// <summary>The value without them.</summary>
    public required ExactNumber? After { get; init; }
}

/// <summary>Events of one customer and name.</summary>
public sealed record QuarantinedEventsResponse
{
    /// <summary>The customer, by the id in your system.</summary>
    public required string ExternalCustomerId { get; init; }

    /// <summary>The events' name.</summary>
    public required string EventName { get; init; }

    /// <summary>How many.</summary>
    public required long Events { get; init; }
}

/// <summary>The query of the lists of quarantines and removals.</summary>
public sealed record ListCorrectionsQuery
{
    /// <summary>1 … 1,000; default 50.</summary>
    [Bounds(1, 1000)]
    public int? Limit { get; init; }

    /// <summary>How many to pass over.</summary>
    [Bounds(0, int.MaxValue)]
    public int? Offset { get; init; }
}

/// <summary><c>POST /v1/events/erase</c>.</summary>
public sealed record EraseEventsRequest
{
    /// <summary>The customer whose events go, by the id in your system. It need not exist as a customer.</summary>
    [LengthLimit(1, 255)]
    public required string ExternalCustomerId { get; init; }

    /// <summary><c>keep</c>: totals go on to count what was there, without saying whose it was; <c>remove</c>: they don't.</summary>
    [OneOf("keep", "remove")]
    public required string Sums { get; init; }

    /// <summary>Why, for the audit log; required unless it is a preview. Do not name the customer in it.</summary>
    [LengthLimit(1, 1000)]
    public string? Reason { get; init; }

    /// <summary>Only say how many events would go.</summary>
    public bool? DryRun { get; init; }
}

/// <summary>Events that were removed for good, or would be.</summary>
public sealed record RemovalResponse
{
    /// <summary><c>removal_…</c>; null for a preview.</summary>
    public required string? Id { get; init; }

    /// <summary><c>retention</c> or <c>erasure</c>.</summary>
    public required string Kind { get; init; }

    /// <summary><c>preview</c>; <c>running</c>: out of every query, and on its way out of the last file; or <c>completed</c>.</summary>
    public required string Status { get; init; }

    /// <summary>The environment the events belonged to.</summary>
    public required string EnvironmentId { get; init; }

    /// <summary>Of an erasure: SHA-256 of the customer's id in hex, in the place of the id.</summary>
    public required string? CustomerDigest { get; init; }

    /// <summary>Of a retention: events with an earlier timestamp.</summary>
    public required DateTimeOffset? Before { get; init; }

    /// <summary><c>kept</c> or <c>removed</c>.</summary>
    public required string Sums { get; init; }

    /// <summary>Why.</summary>
    public required string? Reason { get; init; }

    /// <summary>How many events that counted until then.</summary>
    public required long Events { get; init; }

    /// <summary>When it was begun.</summary>
    public required DateTimeOffset? CreatedAt { get; init; }

    /// <summary>Who began it; null for the server itself.</summary>
    public required string? CreatedBy { get; init; }

    /// <summary>When the last copy was gone.</summary>
    public required DateTimeOffset? CompletedAt { get; init; }
}

/// <summary><c>PUT /v1/environments/{id}/retention</c>.</summary>
public sealed record UpdateRetentionRequest
{
    /// <summary>Days after which events are removed, by their timestamp; null: never.</summary>
    [Bounds(1, 36_500)]
    public required int? Days { get; init; }

    /// <summary>Only say how many events would go.</summary>
    public bool? DryRun { get; init; }
}

/// <summary>How long an environment keeps events.</summary>
public sealed record RetentionResponse
{
    /// <summary>The environment.</summary>
    public required string EnvironmentId { get; init; }

    /// <summary>Days after which events are removed; null: never.</summary>
    public required int? Days { get; init; }

    /// <summary>Events with an earlier timestamp go now; null when events are kept for ever.</summary>
    public required DateTimeOffset? Before { get; init; }

    /// <summary>How many events that is at this moment.</summary>
    public required long Events { get; init; }
}
