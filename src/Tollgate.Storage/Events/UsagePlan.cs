namespace Tollgate.Storage.Events;

/// <summary>Where the answer to a question about usage comes from. All times are microseconds.</summary>
/// <param name="Rows">Stretches of time whose events are read one by one; null where there is no edge.</param>
/// <param name="Hours">The whole hours that the roll-ups answer; null when they answer none.</param>
/// <param name="IsWithLeft">Whether what removals left counts where it lies in such a stretch as a whole: the question is one for roll-ups, but for the edges.</param>
internal sealed record UsagePlan(IReadOnlyList<(long? From, long? To)> Rows, (long? From, long? To)? Hours, bool IsWithLeft)
{
    public static UsagePlan For(UsageQuery query)
    {
        var filter = query.Filter;
        var from = Later(Microseconds(filter.Start), Microseconds(filter.Reach.Bounds?.NotBefore));
        var to = Microseconds(filter.End);
        var firstHour = from is { } start ? RollupCell.HourOf(start) == start ? start : RollupCell.HourOf(start) + RollupCell.HourLength : (long?)null;
        var lastHour = to is { } end ? RollupCell.HourOf(end) : (long?)null;
        if (query.RawOnly || !IsInCells(query) || !AreWholeHours(query))
        {
            return new UsagePlan([(from, to)], null, IsWithLeft: false);
        }

        if (firstHour is { } first && lastHour is { } last && first >= last)
        {
            return new UsagePlan([(from, to)], null, IsWithLeft: true);
        }

        var rows = new List<(long? From, long? To)>();
        if (firstHour != from)
        {
            rows.Add((from, firstHour));
        }

        if (lastHour != to)
        {
            rows.Add((lastHour, to));
        }

        return new UsagePlan(rows, (firstHour, lastHour), IsWithLeft: true);
    }

    /// <summary>Whether only cells by customer can answer, or those of all customers together do.</summary>
    public static bool IsByCustomer(UsageQuery query) =>
        query.Aggregation == Aggregation.CountUnique
        || query.Filter.ExternalCustomerId is not null
        || query.Filter.Reach.Bounds?.ExternalCustomerIds is not null
        || query.GroupBy.Any(group => group.Kind == EventGroupKind.ExternalCustomerId);

    private static bool IsInCells(UsageQuery query)
    {
        var filter = query.Filter;
        return filter is
        {
            EventId: null, CustomerId: null, Source: null, ApiKeyId: null, AccountId: null,
            WithoutNumber: null, WithoutValue: null, TakenBy: null, NotTakenBy: null, Properties.Count: 0, Reach.Bounds: null or { Sources: null },
        }
            && query.GroupBy.All(group => group.Kind is EventGroupKind.EventName or EventGroupKind.ExternalCustomerId);
    }

    /// <summary>Whether no hour lies in two windows. The first window begins at or before the interval, wherever that is.</summary>
    private static bool AreWholeHours(UsageQuery query) => query.WindowStarts
        .Skip(query.Filter.Start is null ? 0 : 1)
        .Select(DuckDbSql.Microseconds)
        .All(start => RollupCell.HourOf(start) == start);

    private static long? Microseconds(DateTimeOffset? time) => time is { } known ? DuckDbSql.Microseconds(known) : null;

    private static long? Later(long? one, long? other) => one is null ? other : other is null ? one : Math.Max(one.Value, other.Value);
}
