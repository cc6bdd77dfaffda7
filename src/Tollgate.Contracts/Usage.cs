namespace Tollgate.Contracts;

/// <summary>How events are made into one number.</summary>
public static class AggregationTypes
{
    /// <summary>The number of events.</summary>
    public const string Count = "COUNT";

    /// <summary>The exact sum of a property.</summary>
    public const string Sum = "SUM";

    /// <summary>The sum divided by the number of events that have one; rounded at 28 digits behind the point.</summary>
    public const string Average = "AVG";

    /// <summary>The largest value of a property.</summary>
    public const string Max = "MAX";

    /// <summary>How many different values a property has.</summary>
    public const string CountUnique = "COUNT_UNIQUE";

    /// <summary>The value of the latest event.</summary>
    public const string Latest = "LATEST";

    /// <summary>The exact sum of a property times a number.</summary>
    public const string SumWithMultiplier = "SUM_WITH_MULTIPLIER";

    /// <summary>Each value times the part of its window that was left when it came; rounded at 28 digits behind the point.</summary>
    public const string WeightedSum = "WEIGHTED_SUM";
}

/// <summary>The windows that usage can be cut into. All begin at whole multiples of themselves in the asked-for time zone.</summary>
public static class WindowSizes
{
    /// <summary>A minute.</summary>
    public const string Minute = "MINUTE";

    /// <summary>A quarter of an hour.</summary>
    public const string FifteenMinutes = "15MIN";

    /// <summary>Half an hour.</summary>
    public const string ThirtyMinutes = "30MIN";

    /// <summary>An hour.</summary>
    public const string Hour = "HOUR";

    /// <summary>Three hours.</summary>
    public const string ThreeHours = "3HOUR";

    /// <summary>Six hours.</summary>
    public const string SixHours = "6HOUR";

    /// <summary>Twelve hours.</summary>
    public const string TwelveHours = "12HOUR";

    /// <summary>A day.</summary>
    public const string Day = "DAY";

    /// <summary>A week; begins on Monday.</summary>
    public const string Week = "WEEK";

    /// <summary>A month of the calendar.</summary>
    public const string Month = "MONTH";
}

/// <summary>A text that is one of <see cref="AggregationTypes"/>.</summary>
public sealed class IsAggregationTypeAttribute() : WordsAttribute(
[
    AggregationTypes.Count,
    AggregationTypes.Sum,
    AggregationTypes.Average,
    AggregationTypes.Max,
    AggregationTypes.CountUnique,
    AggregationTypes.Latest,
    AggregationTypes.SumWithMultiplier,
    AggregationTypes.WeightedSum,
]);

/// <summary>A text that is one of <see cref="WindowSizes"/>.</summary>
public sealed class IsWindowSizeAttribute() : WordsAttribute(
[
    WindowSizes.Minute,
    WindowSizes.FifteenMinutes,
    WindowSizes.ThirtyMinutes,
    WindowSizes.Hour,
    WindowSizes.ThreeHours,
    WindowSizes.SixHours,
    WindowSizes.TwelveHours,
    WindowSizes.Day,
    WindowSizes.Week,
    WindowSizes.Month,
]);

/// <summary><c>POST /v1/events/usage</c>.</summary>
/// <remarks>
/// Flexprice's <c>group_by_property</c> aggregates by group and adds the groups up, which for counts and sums is the same as not to
/// group: it is accepted and has no effect.
/// </remarks>
[Ignores("group_by_property")]
[Refuses("bucket_size", "Tollgate has no buckets within windows; use window_size.")]
[Refuses("billing_anchor", "Months are months of the calendar; use start_time and end_time for other periods.")]
public sealed record UsageRequest
{
    /// <summary>The events that are meant.</summary>
    [LengthLimit(1, 255)]
    public required string EventName { get; init; }

    /// <summary>How the events become one number.</summary>
    [IsAggregationType]
    public required string AggregationType { get; init; }

    /// <summary>The property whose values are meant; required for all but <c>COUNT</c>, without effect there.</summary>
    [LengthLimit(0, 255)]
    public string? PropertyName { get; init; }

    /// <summary>What the sum is multiplied by, a number or a text with one; required for <c>SUM_WITH_MULTIPLIER</c>, refused elsewhere.</summary>
    public ExactNumber? Multiplier { get; init; }

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

    /// <summary>For each property the values of which one must match, by value.</summary>
    [LengthLimit(0, 20)]
    public IReadOnlyDictionary<string, IReadOnlyList<string>>? Filters { get; init; }

    /// <summary>Up to three of: names of properties, <c>external_customer_id</c>, <c>customer_id</c>, <c>source</c>.</summary>
    [LengthLimit(0, 3)]
    public IReadOnlyList<string>? GroupBy { get; init; }

    /// <summary>The IANA name of the time zone that windows are cut in; default <c>UTC</c>.</summary>
    [LengthLimit(1, 64)]
    public string? Timezone { get; init; }
}

/// <summary>The answer to <c>POST /v1/events/usage</c>.</summary>
public sealed record UsageResponse
{
    /// <summary>By window and group, ascending by window; only those that hold an event. Empty when neither was asked for.</summary>
    public required IReadOnlyList<UsageResultResponse> Results { get; init; }

    /// <summary>The value of the whole interval: exact, as a JSON number with all its digits; null when there is nothing to take one from.</summary>
    public required ExactNumber? Value { get; init; }

    /// <summary>The events that were meant.</summary>
    public required string EventName { get; init; }

    /// <summary>The aggregation.</summary>
    public required string Type { get; init; }

    /// <summary>How many events match but are left out, because their property is missing or has no value of the kind that is asked for.</summary>
    public required long Skipped { get; init; }
}

/// <summary>The value of one window and group.</summary>
public sealed record UsageResultResponse
{
    /// <summary>The start of the window, despite its name; null when only groups were asked for.</summary>
    public required DateTimeOffset? WindowSize { get; init; }

    /// <summary>The value: exact, as a JSON number with all its digits; null when there is nothing to take one from.</summary>
    public required ExactNumber? Value { get; init; }

    /// <summary>For each name in <c>group_by</c> its value, null where the event has none; null when no groups were asked for.</summary>
    public required IReadOnlyDictionary<string, string?>? Group { get; init; }
}
