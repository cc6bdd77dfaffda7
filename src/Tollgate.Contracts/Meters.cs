namespace Tollgate.Contracts;

/// <summary>From when on a meter counts.</summary>
public static class MeterResets
{
    /// <summary>From the start of the period that is asked for.</summary>
    public const string BillingPeriod = "BILLING_PERIOD";

    /// <summary>From the first event ever.</summary>
    public const string Never = "NEVER";
}

/// <summary>How a meter makes events into one number, as it is asked for.</summary>
[Refuses("bucket_size", "Tollgate has no buckets within periods; use window_size when you ask for usage.")]
[Refuses("group_by", "A meter is one number; use group_by of POST /v1/events/usage for groups.")]
public sealed record MeterAggregation
{
    /// <summary>One of the eight aggregations.</summary>
    [IsAggregationType]
    public required string Type { get; init; }

    /// <summary>The property whose values are meant; required but for <c>COUNT</c>, which has none.</summary>
    [LengthLimit(0, 255)]
    public string? Field { get; init; }

    /// <summary>An exact decimal above zero; required for <c>SUM_WITH_MULTIPLIER</c>, which alone has one.</summary>
    [LengthLimit(0, 60)]
    public string? Multiplier { get; init; }
}

/// <summary>A property and the values of which an event must have one, to be counted by a meter.</summary>
public sealed record MeterFilter
{
    /// <summary>The name of the property.</summary>
    [LengthLimit(1, 255)]
    public required string Key { get; init; }

    /// <summary>The values, compared by value: 1.50 and "1.5" are the same.</summary>
    [LengthLimit(1, 1000)]
    public required IReadOnlyList<string> Values { get; init; }
}

/// <summary><c>POST /v1/meters</c>.</summary>
public sealed record CreateMeterRequest
{
    /// <summary>What people call it; unique among the environment's meters that are in use.</summary>
    [LengthLimit(1, 255)]
    public required string Name { get; init; }

    /// <summary>The name of the events that it counts.</summary>
    [LengthLimit(1, 255)]
    public required string EventName { get; init; }

    /// <summary>How.</summary>
    public required MeterAggregation Aggregation { get; init; }

    /// <summary>Which of them: all filters must hold. Absent or empty: all.</summary>
    [LengthLimit(0, 20)]
    public IReadOnlyList<MeterFilter>? Filters { get; init; }

    /// <summary><c>BILLING_PERIOD</c> or <c>NEVER</c>; default <c>BILLING_PERIOD</c>.</summary>
    [OneOf(MeterResets.BillingPeriod, MeterResets.Never)]
    public string? ResetUsage { get; init; }
}

/// <summary><c>PUT /v1/meters/{id}</c>: absent members stay as they are.</summary>
[Refuses("event_name", "What a meter counts is fixed: create another one.")]
[Refuses("aggregation", "How a meter counts is fixed: create another one.")]
[Refuses("reset_usage", "From when on a meter counts is fixed: create another one.")]
public sealed record UpdateMeterRequest
{
    /// <summary>What people call it.</summary>
    [LengthLimit(1, 255)]
    public string? Name { get; init; }

    /// <summary>Which events it counts; replaces what is there. An empty list: all.</summary>
    [LengthLimit(0, 20)]
    public IReadOnlyList<MeterFilter>? Filters { get; init; }
}

/// <summary>The query of <c>GET /v1/meters</c>.</summary>
public sealed record ListMetersQuery
{
    /// <summary>Only meters of events with this name.</summary>
    [LengthLimit(1, 255)]
    public string? EventName { get; init; }

    /// <summary>Only the meter with this name.</summary>
    [LengthLimit(1, 255)]
    public string? Name { get; init; }

    /// <summary>Only meters in this state; default <c>published</c>.</summary>
    [OneOf(Statuses.Published, Statuses.Archived)]
    public string? Status { get; init; }

    /// <summary>1 … 1,000; default 50.</summary>
    [Bounds(1, 1000)]
    public int? Limit { get; init; }

    /// <summary>How many to pass over.</summary>
    [Bounds(0, int.MaxValue)]
    public int? Offset { get; init; }
}

/// <summary>A meter.</summary>
public sealed record MeterResponse
{
    /// <summary><c>meter_…</c></summary>
    public required string Id { get; init; }

    /// <summary>What people call it.</summary>
    public required string Name { get; init; }

    /// <summary>The name of the events that it counts.</summary>
    public required string EventName { get; init; }

    /// <summary>How.</summary>
    public required MeterAggregation Aggregation { get; init; }

    /// <summary>Which of them: all filters must hold.</summary>
    public required IReadOnlyList<MeterFilter> Filters { get; init; }

    /// <summary><c>BILLING_PERIOD</c> or <c>NEVER</c>.</summary>
    public required string ResetUsage { get; init; }

    /// <summary><c>published</c>, or <c>archived</c> once it was deleted.</summary>
    public required string Status { get; init; }

    /// <summary>The tenant it belongs to.</summary>
    public required string TenantId { get; init; }

    /// <summary>The environment it belongs to.</summary>
    public required string EnvironmentId { get; init; }

    /// <summary>When it was created.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it was last changed.</summary>
    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>The account that created it.</summary>
    public required string CreatedBy { get; init; }

    /// <summary>The account that last changed it.</summary>
    public required string UpdatedBy { get; init; }
}

/// <summary><c>POST /v1/events/usage/meter</c>.</summary>
[Refuses("bucket_size", "Tollgate has no buckets within windows; use window_size.")]
[Refuses("billing_anchor", "Months are months of the calendar; use start_time and end_time for other periods.")]
public sealed record MeterUsageRequest
{
    /// <summary>The meter.</summary>
    [LengthLimit(1, 64)]
    public required string MeterId { get; init; }

    /// <summary>Only events of this customer, by the id in your system.</summary>
    [LengthLimit(1, 255)]
    public string? ExternalCustomerId { get; init; }

    /// <summary>Only events that were sent with this <c>customer_id</c>.</summary>
    [LengthLimit(1, 255)]
    public string? CustomerId { get; init; }

    /// <summary>At this time or later; default: seven days before <see cref="EndTime"/>.</summary>
    public DateTimeOffset? StartTime { get; init; }

    /// <summary>Before this time; default: now.</summary>
    public DateTimeOffset? EndTime { get; init; }

    /// <summary>Cut the interval into windows of this size; absent: one value for all of it.</summary>
    [IsWindowSize]
    public string? WindowSize { get; init; }

    /// <summary>For each property the values of which one must match, by value; the meter's own filters must hold as well.</summary>
    [LengthLimit(0, 20)]
    public IReadOnlyDictionary<string, IReadOnlyList<string>>? Filters { get; init; }

    /// <summary>The IANA name of the time zone that windows are cut in; default <c>UTC</c>.</summary>
    [LengthLimit(1, 64)]
    public string? Timezone { get; init; }
}

/// <summary>The answer to <c>POST /v1/events/usage/meter</c>.</summary>
public sealed record MeterUsageResponse
{
    /// <summary>The meter.</summary>
    public required string MeterId { get; init; }

    /// <summary>By window, ascending; only those that hold an event. Empty when no windows were asked for.</summary>
    public required IReadOnlyList<MeterWindowResponse> Results { get; init; }

    /// <summary>The value of the whole interval, of a meter that never resets since its first event: exact. Null: there is nothing to take it of.</summary>
    public required ExactNumber? Value { get; init; }

    /// <summary>How many events the value is made of.</summary>
    public required long Events { get; init; }

    /// <summary>How many events match but are left out, because their property is missing or not a number.</summary>
    public required long Skipped { get; init; }

    /// <summary>The name of the events that are counted.</summary>
    public required string EventName { get; init; }

    /// <summary>The aggregation.</summary>
    public required string Type { get; init; }
}

/// <summary>The value of one window.</summary>
public sealed record MeterWindowResponse
{
    /// <summary>The start of the window, despite its name.</summary>
    public required DateTimeOffset? WindowSize { get; init; }

    /// <summary>The value of the window's own events: exact.</summary>
    public required ExactNumber? Value { get; init; }
}

/// <summary>The query of <c>GET /v1/customers/{id}/usage</c>.</summary>
public sealed record CustomerUsageQuery
{
    /// <summary>At this time or later; default: seven days before <see cref="EndTime"/>.</summary>
    public DateTimeOffset? StartTime { get; init; }

    /// <summary>Before this time; default: now.</summary>
    public DateTimeOffset? EndTime { get; init; }
}

/// <summary>The answer to <c>GET /v1/customers/{id}/usage</c>.</summary>
public sealed record CustomerUsageResponse
{
    /// <summary>The customer's id in Tollgate.</summary>
    public required string CustomerId { get; init; }

    /// <summary>The customer's id in your system, which its events carry.</summary>
    public required string ExternalCustomerId { get; init; }

    /// <summary>The start of the period.</summary>
    public required DateTimeOffset StartTime { get; init; }

    /// <summary>The end of the period, which is not in it.</summary>
    public required DateTimeOffset EndTime { get; init; }

    /// <summary>What each meter of the environment says, by name.</summary>
    public required IReadOnlyList<CustomerMeterResponse> Meters { get; init; }
}

/// <summary>What one meter says of a customer.</summary>
public sealed record CustomerMeterResponse
{
    /// <summary>The meter.</summary>
    public required string MeterId { get; init; }

    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>The name of the events that it counts.</summary>
    public required string EventName { get; init; }

    /// <summary>How.</summary>
    public required MeterAggregation Aggregation { get; init; }

    /// <summary>The value: exact. Null: there is nothing to take it of.</summary>
    public required ExactNumber? Value { get; init; }

    /// <summary>How many events the value is made of.</summary>
    public required long Events { get; init; }

    /// <summary>How many events match but are left out, because their property is missing or not a number.</summary>
    public required long Skipped { get; init; }
}
