using System.Globalization;
using Tollgate.Contracts;
using Tollgate.Server.Events;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Events;

namespace Tollgate.Server.Usage;

/// <summary>What every question about usage has in common.</summary>
internal static class UsageAnswers
{
    private const string DefaultTimezone = "UTC";

    /// <summary>The starts of the windows that are asked for; none when none are, or when something is wrong.</summary>
    public static IReadOnlyList<DateTimeOffset> WindowStarts(string? size, string? timezone, EventInterval interval, FieldErrors errors)
    {
        var zone = TimeZones.Find(timezone ?? DefaultTimezone);
        errors.Demand(zone is not null, "timezone", TimeZones.Unknown);
        if (zone is null || size is null || errors.Any)
        {
            return [];
        }

        var starts = UsageWindows.Starts(size, zone, interval.Start, interval.End);
        errors.Demand(
            starts is not null,
            "window_size",
            string.Create(CultureInfo.InvariantCulture, $"cuts the interval into more than {Limits.MaxUsageWindows} windows."));
        return starts ?? [];
    }

    /// <summary>How the store makes one number; a multiplier comes on top of its answer.</summary>
    public static Aggregation AggregationOf(string type) => type switch
    {
        AggregationTypes.Count => Aggregation.Count,
        AggregationTypes.Sum or AggregationTypes.SumWithMultiplier => Aggregation.Sum,
        AggregationTypes.Average => Aggregation.Average,
        AggregationTypes.Max => Aggregation.Max,
        AggregationTypes.CountUnique => Aggregation.CountUnique,
        AggregationTypes.Latest => Aggregation.Latest,
        AggregationTypes.WeightedSum => Aggregation.WeightedSum,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "No such aggregation."),
    };

    /// <summary>
    /// The filters that hold when both do. Null when no event can match: they share a property and none of its values.
    /// </summary>
    public static IReadOnlyDictionary<string, IReadOnlyList<string>>? Both(
        IReadOnlyDictionary<string, IReadOnlyList<string>> one, IReadOnlyDictionary<string, IReadOnlyList<string>> other)
    {
        var both = new Dictionary<string, IReadOnlyList<string>>(one, StringComparer.Ordinal);
        foreach (var (name, values) in other)
        {
            both[name] = both.TryGetValue(name, out var there)
                ? [.. there.IntersectBy(values.Select(Comparable), Comparable, StringComparer.Ordinal)]
                : values;
        }

        return both.Values.Any(values => values.Count == 0) ? null : both;
    }

    // Values are compared as the store compares them: numbers by value, other texts to the letter.
    private static string Comparable(string value) => PropertyValues.Comparable(value);
}
