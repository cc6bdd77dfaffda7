using System.Text.Json;

namespace Tollgate.Contracts;

/// <summary>Which events a query in the URL is about. Absent members don't restrict.</summary>
public abstract record EventFilterQuery
{
    /// <summary>Only events of this customer, by the id in your system.</summary>
    [LengthLimit(1, 255)]
    public string? ExternalCustomerId { get; init; }

    /// <summary>Only events of this name.</summary>
    [LengthLimit(1, 255)]
    public string? EventName { get; init; }

    /// <summary>Only the event with this id.</summary>
    [LengthLimit(1, 255)]
    public string? EventId { get; init; }

    /// <summary>Only events from this source.</summary>
    [LengthLimit(1, 255)]
    public string? Source { get; init; }

    /// <summary>Only events that this key sent.</summary>
    [LengthLimit(1, 255)]
    public string? ApiKeyId { get; init; }

    /// <summary>Only events that this service account sent.</summary>
    [LengthLimit(1, 255)]
    public string? ServiceAccountId { get; init; }

    /// <summary>Only events that this account sent, a person's or a service account; not together with <see cref="ServiceAccountId"/>.</summary>
    [LengthLimit(1, 255)]
    public string? AccountId { get; init; }

    /// <summary>
    /// <c>key:v1,v2;key2:v3</c>: for each property the values of which one must match. Values match by value: <c>1.50</c> finds the
    /// number 1.5 and the text "1.5".
    /// </summary>
    [LengthLimit(1, 4096)]
    public string? PropertyFilters { get; init; }
}

/// <summary>The query of <c>GET /v1/events</c>.</summary>
public sealed record ListEventsQuery : EventFilterQuery
{
    /// <summary>At this time or later; default: seven days before <see cref="EndTime"/>.</summary>
    public DateTimeOffset? StartTime { get; init; }

    /// <summary>Before this time; default: now.</summary>
    public DateTimeOffset? EndTime { get; init; }

    /// <summary>How many events a page has at the most; 1 … 500, default 50.</summary>
    [Bounds(1, 500)]
    public int? PageSize { get; init; }

    /// <summary>How many events to pass over; not together with a key.</summary>
    [Bounds(0, int.MaxValue)]
    public int? Offset { get; init; }

    /// <summary><c>timestamp</c> or <c>event_name</c>; default <c>timestamp</c>.</summary>
    [OneOf("timestamp", "event_name")]
    public string? Sort { get; init; }

    /// <summary><c>asc</c> or <c>desc</c>; default <c>desc</c>.</summary>
    [OneOf("asc", "desc")]
    public string? Order { get; init; }

    /// <summary>The page ahead of this key, from an earlier answer; not together with <see cref="IterLastKey"/>.</summary>
    [LengthLimit(1, 2048)]
    public string? IterFirstKey { get; init; }

    /// <summary>The page behind this key, from an earlier answer; not together with <see cref="IterFirstKey"/>.</summary>
    [LengthLimit(1, 2048)]
    public string? IterLastKey { get; init; }

    /// <summary>Whether to count how many events match in all; default: on pages that are asked for without a key.</summary>
    public bool? CountTotal { get; init; }
}

/// <summary><c>POST /v1/events/query</c>: as the query of <c>GET /v1/events</c>, in JSON.</summary>
public sealed record QueryEventsRequest
{
    /// <summary>Only events of this customer, by the id in your system.</summary>
    [LengthLimit(1, 255)]
    public string? ExternalCustomerId { get; init; }

    /// <summary>Only events of this name.</summary>
    [LengthLimit(1, 255)]
    public string? EventName { get; init; }

    /// <summary>Only the event with this id.</summary>
    [LengthLimit(1, 255)]
    public string? EventId { get; init; }

    /// <summary>Only events from this source.</summary>
    [LengthLimit(1, 255)]
    public string? Source { get; init; }

    /// <summary>Only events that this key sent.</summary>
    [LengthLimit(1, 255)]
    public string? ApiKeyId { get; init; }

    /// <summary>Only events that this service account sent.</summary>
    [LengthLimit(1, 255)]
    public string? ServiceAccountId { get; init; }

    /// <summary>Only events that this account sent, a person's or a service account; not together with <see cref="ServiceAccountId"/>.</summary>
    [LengthLimit(1, 255)]
    public string? AccountId { get; init; }

    /// <summary>At this time or later; default: seven days before <see cref="EndTime"/>.</summary>
    public DateTimeOffset? StartTime { get; init; }

    /// <summary>Before this time; default: now.</summary>
    public DateTimeOffset? EndTime { get; init; }

    /// <summary>
    /// For each property the values of which one must match. Values match by value: <c>"1.50"</c> finds the number 1.5 and the text
    /// "1.5".
    /// </summary>
    [LengthLimit(0, 20)]
    public IReadOnlyDictionary<string, IReadOnlyList<string>>? PropertyFilters { get; init; }

    /// <summary>How many events a page has at the most; 1 … 500, default 50.</summary>
    [Bounds(1, 500)]
    public int? PageSize { get; init; }

    /// <summary>How many events to pass over; not together with a key.</summary>
    [Bounds(0, int.MaxValue)]
    public int? Offset { get; init; }

    /// <summary><c>timestamp</c> or <c>event_name</c>; default <c>timestamp</c>.</summary>
    [OneOf("timestamp", "event_name")]
    public string? Sort { get; init; }

    /// <summary><c>asc</c> or <c>desc</c>; default <c>desc</c>.</summary>
    [OneOf("asc", "desc")]
    public string? Order { get; init; }

    /// <summary>The page ahead of this key, from an earlier answer; not together with <see cref="IterLastKey"/>.</summary>
    [LengthLimit(1, 2048)]
    public string? IterFirstKey { get; init; }

    /// <summary>The page behind this key, from an earlier answer; not together with <see cref="IterFirstKey"/>.</summary>
    [LengthLimit(1, 2048)]
    public string? IterLastKey { get; init; }

    /// <summary>Whether to count how many events match in all; default: on pages that are asked for without a key.</summary>
    public bool? CountTotal { get; init; }
}

/// <summary>An event as it is read.</summary>
public sealed record EventResponse
{
    /// <summary>The id you sent, or the one that was generated.</summary>
    public required string Id { get; init; }

    /// <summary>The customer's id in your system.</summary>
    public required string ExternalCustomerId { get; init; }

    /// <summary>The customer's id in Tollgate, when it was sent.</summary>
    public required string? CustomerId { get; init; }

    /// <summary>What happened.</summary>
    public required string EventName { get; init; }

    /// <summary>When it happened.</summary>
    public required DateTimeOffset Timestamp { get; init; }

    /// <summary>An object; empty when none was sent. Numbers have the text they were sent with.</summary>
    public required JsonElement Properties { get; init; }

    /// <summary>The system it comes from, when that was sent.</summary>
    public required string? Source { get; init; }

    /// <summary>The environment it belongs to.</summary>
    public required string EnvironmentId { get; init; }

    /// <summary>When it was accepted.</summary>
    public required DateTimeOffset IngestedAt { get; init; }

    /// <summary>The key it was sent with; null when a person sent it with a session.</summary>
    public required string? ApiKeyId { get; init; }

    /// <summary>The service account that sent it; null when a person did.</summary>
    public required string? ServiceAccountId { get; init; }
}

/// <summary>One page of events: the answer to <c>GET /v1/events</c> and <c>POST /v1/events/query</c>.</summary>
public sealed record EventsResponse
{
    /// <summary>The events, in the asked-for order.</summary>
    public required IReadOnlyList<EventResponse> Events { get; init; }

    /// <summary>Whether there are more in the direction of reading.</summary>
    public required bool HasMore { get; init; }

    /// <summary>The place of the page's first event; null when the page is empty.</summary>
    public required string? IterFirstKey { get; init; }

    /// <summary>The place of the page's last event; null when the page is empty.</summary>
    public required string? IterLastKey { get; init; }

    /// <summary>How many events match in all; null when they were not counted (<c>count_total</c>).</summary>
    public required long? TotalCount { get; init; }

    /// <summary>The offset of the next page; null on a page that was asked for with a key.</summary>
    public required int? Offset { get; init; }
}

/// <summary>The query of <c>GET /v1/events/lookup</c>, for ids that don't fit into a path.</summary>
public sealed record LookupEventQuery
{
    /// <summary>The event's id.</summary>
    [LengthLimit(1, 255)]
    public required string Id { get; init; }
}

/// <summary>One event with its provenance: the answer to <c>GET /v1/events/{id}</c> and <c>GET /v1/events/lookup</c>.</summary>
public sealed record SingleEventResponse
{
    /// <summary>The event.</summary>
    public required EventResponse Event { get; init; }

    /// <summary><c>processed</c>: it is in every query; or <c>quarantined</c>: it is kept, and in none.</summary>
    public required string Status { get; init; }

    /// <summary>The quarantine that keeps it out of every query; null when it counts.</summary>
    public required string? QuarantineId { get; init; }

    /// <summary>Where it came from, as the server saw it. Nobody can set this.</summary>
    public required EventProvenanceResponse Provenance { get; init; }

    /// <summary>Whom it is about.</summary>
    public required EventCustomerResponse Customer { get; init; }

    /// <summary>Every meter in use of events with its name: whether it counts this one, and why not.</summary>
    public required IReadOnlyList<EventMeterResponse> Meters { get; init; }

    /// <summary>When there is none: the meter of events with the most similar name, if any is similar.</summary>
    public required NearestMeterResponse? NearestMeter { get; init; }

    /// <summary>Always null: a member of Flexprice's, about pricing.</summary>
    public required JsonElement? DebugTracker { get; init; }

    /// <summary>Always null: a member of Flexprice's, about pricing.</summary>
    public required JsonElement? ProcessedEvents { get; init; }
}

/// <summary>Where an event came from.</summary>
public sealed record EventProvenanceResponse
{
    /// <summary>The account that sent it.</summary>
    public required string AccountId { get; init; }

    /// <summary><c>user</c> or <c>service_account</c>.</summary>
    public required string AccountType { get; init; }

    /// <summary>The key it was sent with; null when a person sent it with a session.</summary>
    public required string? ApiKeyId { get; init; }

    /// <summary>The id of the request.</summary>
    public required string RequestId { get; init; }

    /// <summary>The address the request came from.</summary>
    public required string Address { get; init; }
}

/// <summary>The query of <c>GET /v1/events/export</c>.</summary>
public sealed record ExportEventsQuery : EventFilterQuery
{
    /// <summary>At this time or later; default: seven days before <see cref="EndTime"/>, and with a place no restriction.</summary>
    public DateTimeOffset? StartTime { get; init; }

    /// <summary>Before this time; default: now, and with a place no restriction.</summary>
    public DateTimeOffset? EndTime { get; init; }

    /// <summary><c>ndjson</c> or <c>csv</c>; default <c>ndjson</c>.</summary>
    [OneOf(ExportFormats.Ndjson, ExportFormats.Csv)]
    public string? Format { get; init; }

    /// <summary>Only events that were accepted after this place, from an event stream.</summary>
    [LengthLimit(1, 255)]
    public string? After { get; init; }

    /// <summary>Only events that were accepted up to this place, from an event stream.</summary>
    [LengthLimit(1, 255)]
    public string? Through { get; init; }
}

/// <summary>The forms that events are exported in.</summary>
public static class ExportFormats
{
    /// <summary>One event as JSON on a line.</summary>
    public const string Ndjson = "ndjson";

    /// <summary>Comma-separated values with a header line, as in RFC 4180.</summary>
    public const string Csv = "csv";
}
