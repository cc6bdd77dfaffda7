using System.Text.Json;

namespace Tollgate.Contracts;

/// <summary>What became of an event that was sent.</summary>
public static class IngestStatuses
{
    /// <summary>Stored, durably.</summary>
    public const string Accepted = "accepted";

    /// <summary>An event with this id and the same content is stored already; it counts once.</summary>
    public const string Duplicate = "duplicate";

    /// <summary>An event with this id and other content is stored already and stays; this one is not stored.</summary>
    public const string Conflict = "conflict";

    /// <summary>Not stored, because something is wrong with it.</summary>
    public const string Rejected = "rejected";
}

/// <summary>One usage event: the body of <c>POST /v1/events</c>, and an item of a batch.</summary>
public sealed record IngestEventRequest
{
    /// <summary>What happened. White space around it is cut off.</summary>
    [LengthLimit(1, 255)]
    public required string EventName { get; init; }

    /// <summary>The customer's id in your system.</summary>
    [LengthLimit(1, 255)]
    public required string ExternalCustomerId { get; init; }

    /// <summary>Your idempotency key: one event with this id counts in an environment, for ever. Absent: generated, and a repetition counts again.</summary>
    [LengthLimit(1, 255)]
    public string? EventId { get; init; }

    /// <summary>The customer's id in Tollgate.</summary>
    [LengthLimit(0, 255)]
    public string? CustomerId { get; init; }

    /// <summary>The system that the event comes from.</summary>
    [LengthLimit(0, 255)]
    public string? Source { get; init; }

    /// <summary>When it happened; absent: when it was received.</summary>
    public DateTimeOffset? Timestamp { get; init; }

    /// <summary>An object, up to 64 KiB. Numbers keep their exact text.</summary>
    [LengthLimit(0, 100)]
    public JsonElement? Properties { get; init; }
}

/// <summary>The answer to <c>POST /v1/events</c>: the event is durable.</summary>
public sealed record IngestEventResponse
{
    /// <summary><c>Event accepted for processing</c>, or that nothing was stored.</summary>
    public required string Message { get; init; }

    /// <summary>The id you sent, or the one that was generated.</summary>
    public required string EventId { get; init; }

    /// <summary><c>accepted</c> or <c>duplicate</c>.</summary>
    public required string Status { get; init; }

    /// <summary>Whether this only says what would have become of the event.</summary>
    public required bool DryRun { get; init; }
}

/// <summary>The query of <c>POST /v1/events</c>.</summary>
public sealed record IngestEventQuery
{
    /// <summary><c>true</c>: the answer is what it would have been, with 200 instead of 202, and nothing is stored.</summary>
    public bool DryRun { get; init; }
}

/// <summary>
/// A CloudEvent 1.0, the body of <c>POST /v1/events</c> as <c>application/cloudevents+json</c> and an item of a batch. Further attributes are
/// accepted and not kept.
/// </summary>
public sealed record CloudEventRequest
{
    /// <summary><c>1.0</c>.</summary>
    [OneOf("1.0")]
    public required string Specversion { get; init; }

    /// <summary>With the source, the event's id: both joined by a space, or a digest of that when it is longer than 255 characters.</summary>
    public required string Id { get; init; }

    /// <summary>The system that the event comes from: a URI reference.</summary>
    [LengthLimit(1, 255)]
    public required string Source { get; init; }

    /// <summary>What happened: the event's name.</summary>
    [LengthLimit(1, 255)]
    public required string Type { get; init; }

    /// <summary>The customer's id in your system.</summary>
    [LengthLimit(1, 255)]
    public required string Subject { get; init; }

    /// <summary>When it happened; absent: when it was received.</summary>
    public DateTimeOffset? Time { get; init; }

    /// <summary><c>application/json</c>, or absent.</summary>
    public string? Datacontenttype { get; init; }

    /// <summary>An absolute URI. Not kept.</summary>
    public Uri? Dataschema { get; init; }

    /// <summary>The event's properties: an object, up to 64 KiB. Numbers keep their exact text.</summary>
    [LengthLimit(0, 100)]
    public JsonElement? Data { get; init; }
}

/// <summary>The query of <c>POST /v1/events/bulk</c>.</summary>
public sealed record IngestEventsQuery
{
    /// <summary><c>partial</c> stores the good events of a batch; absent: one bad event, and nothing of the batch is stored.</summary>
    [OneOf("partial")]
    public string? Mode { get; init; }

    /// <summary><c>true</c>: the answer is what it would have been, with 200 instead of 202, and nothing is stored.</summary>
    public bool DryRun { get; init; }
}

/// <summary><c>POST /v1/events/bulk</c>.</summary>
public sealed record IngestEventsRequest
{
    /// <summary>1 … 1,000 events.</summary>
    [LengthLimit(1, 1000)]
    public required IReadOnlyList<IngestEventRequest> Events { get; init; }
}

/// <summary>The answer to <c>POST /v1/events/bulk</c>: what is <c>accepted</c> is durable.</summary>
public sealed record IngestEventsResponse
{
    /// <summary><c>Events accepted for processing</c>, or that nothing was stored.</summary>
    public required string Message { get; init; }

    /// <summary>How many events the request had.</summary>
    public required int BatchSize { get; init; }

    /// <summary>One for each event, in the order of the request.</summary>
    public required IReadOnlyList<IngestResultResponse> Results { get; init; }

    /// <summary>Whether this only says what would have become of the events.</summary>
    public required bool DryRun { get; init; }
}

/// <summary>What became of one event of a batch.</summary>
public sealed record IngestResultResponse
{
    /// <summary>The id you sent, or the one that was generated; null for a rejected event without a usable id.</summary>
    public required string? EventId { get; init; }

    /// <summary>One of <see cref="IngestStatuses"/>.</summary>
    public required string Status { get; init; }

    /// <summary>Why it is not stored, in one sentence that names the member; null when it is.</summary>
    public required string? Error { get; init; }
}
