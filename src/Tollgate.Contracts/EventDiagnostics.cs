namespace Tollgate.Contracts;

/// <summary>Why an event is not in the value of a meter.</summary>
public static class MeterMismatches
{
    /// <summary>A property that the meter filters by has none of its values.</summary>
    public const string Filter = "filter";

    /// <summary>The event lacks the property that the meter takes, or it is an object, a list or null.</summary>
    public const string PropertyMissing = "property_missing";

    /// <summary>The property that the meter takes is no decimal.</summary>
    public const string PropertyNotANumber = "property_not_a_number";

    /// <summary>The event is in quarantine.</summary>
    public const string Quarantined = "quarantined";
}

/// <summary>Whether a meter counts an event, and why not.</summary>
public sealed record EventMeterResponse
{
    /// <summary>The meter.</summary>
    public required string MeterId { get; init; }

    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Its aggregation.</summary>
    public required string Type { get; init; }

    /// <summary>Whether the event is in the meter's value.</summary>
    public required bool Counted { get; init; }

    /// <summary>What the event brings: 1 for <c>COUNT</c>, else the property's value, multiplied where the meter does; null when it is not counted.</summary>
    public required string? Value { get; init; }

    /// <summary><c>filter</c>, <c>property_missing</c>, <c>property_not_a_number</c> or <c>quarantined</c>; null when it is counted.</summary>
    public required string? Reason { get; init; }

    /// <summary>The reason in a sentence; null when it is counted.</summary>
    public required string? Message { get; init; }
}

/// <summary>The meter whose events have a name most like the one that no meter counts.</summary>
public sealed record NearestMeterResponse
{
    /// <summary>The meter.</summary>
    public required string MeterId { get; init; }

    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>The name of the events that it counts.</summary>
    public required string EventName { get; init; }

    /// <summary>How many letters are to be inserted, removed, replaced or swapped to get from the one name to the other, in whichever case.</summary>
    public required int Distance { get; init; }
}

/// <summary>Whom an event is about.</summary>
public sealed record EventCustomerResponse
{
    /// <summary>The customer's id in your system, which the event carries.</summary>
    public required string ExternalCustomerId { get; init; }

    /// <summary>The customer's id in Tollgate; null when there is none.</summary>
    public required string? Id { get; init; }

    /// <summary><c>published</c>, <c>archived</c>, or <c>unknown</c>: there is no such customer, or no longer.</summary>
    public required string Status { get; init; }
}

/// <summary>The query of <c>GET /v1/events/diagnostics</c>.</summary>
public sealed record DiagnoseEventsQuery
{
    /// <summary>At this time or later; default: seven days before <see cref="EndTime"/>.</summary>
    public DateTimeOffset? StartTime { get; init; }

    /// <summary>Before this time; default: now.</summary>
    public DateTimeOffset? EndTime { get; init; }
}

/// <summary>The answer to <c>GET /v1/events/diagnostics</c>: events that some value may lack.</summary>
public sealed record EventDiagnosticsResponse
{
    /// <summary>The start of the interval.</summary>
    public required DateTimeOffset StartTime { get; init; }

    /// <summary>The end of the interval, which is not in it.</summary>
    public required DateTimeOffset EndTime { get; init; }

    /// <summary>Names of events that no meter counts, most events first; at most 50.</summary>
    public required IReadOnlyList<UnmeteredNameResponse> NamesWithoutMeter { get; init; }

    /// <summary>Whether there are more such names than are listed.</summary>
    public required bool HasMoreNames { get; init; }

    /// <summary>Customers of events that don't exist, most events first; at most 50.</summary>
    public required IReadOnlyList<UnknownCustomerResponse> UnknownCustomers { get; init; }

    /// <summary>Whether there may be more such customers than are listed.</summary>
    public required bool HasMoreCustomers { get; init; }

    /// <summary>Meters that leave out events which match, because their property is missing or no number; most events first.</summary>
    public required IReadOnlyList<UnparsedPropertyResponse> UnparsedProperties { get; init; }
}

/// <summary>A name of events that no meter counts.</summary>
public sealed record UnmeteredNameResponse
{
    /// <summary>The name.</summary>
    public required string EventName { get; init; }

    /// <summary>How many events have it.</summary>
    public required long Events { get; init; }

    /// <summary>The meter whose events have a similar name; null when none has.</summary>
    public required NearestMeterResponse? NearestMeter { get; init; }

    /// <summary>The latest such events; at most three.</summary>
    public required IReadOnlyList<EventExampleResponse> Examples { get; init; }
}

/// <summary>A customer that events name and that doesn't exist.</summary>
public sealed record UnknownCustomerResponse
{
    /// <summary>The id that the events carry.</summary>
    public required string ExternalCustomerId { get; init; }

    /// <summary>How many events carry it.</summary>
    public required long Events { get; init; }

    /// <summary>The latest such events; at most three.</summary>
    public required IReadOnlyList<EventExampleResponse> Examples { get; init; }
}

/// <summary>A meter that leaves out events, because of a property.</summary>
public sealed record UnparsedPropertyResponse
{
    /// <summary>The meter.</summary>
    public required string MeterId { get; init; }

    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>The name of the events that it counts.</summary>
    public required string EventName { get; init; }

    /// <summary>The property.</summary>
    public required string Property { get; init; }

    /// <summary>How many events match and are left out.</summary>
    public required long Events { get; init; }

    /// <summary>The latest of them; at most three.</summary>
    public required IReadOnlyList<EventExampleResponse> Examples { get; init; }
}

/// <summary>One event that shows what is meant.</summary>
public sealed record EventExampleResponse
{
    /// <summary>Its id.</summary>
    public required string Id { get; init; }

    /// <summary>When it happened.</summary>
    public required DateTimeOffset Timestamp { get; init; }

    /// <summary>
    /// What the property holds, at most its first 100 characters; null when it is missing, an object, a list or null, or where no property
    /// is meant.
    /// </summary>
    public required string? Value { get; init; }
}
