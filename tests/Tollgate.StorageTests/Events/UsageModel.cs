using System.Globalization;
using System.Numerics;
using System.Text.Json;
using System.Text.RegularExpressions;
using Tollgate.Storage.Events;
using Tollgate.Storage.Log;

namespace Tollgate.StorageTests.Events;

/// <summary>An event with all that a query may ask about it.</summary>
internal sealed record ModelEvent(long Sequence, EventScope Scope, string? ApiKeyId, DateTimeOffset IngestedAt, LoggedEvent Event)
{
    /// <summary>What the properties are compared by.</summary>
    public IReadOnlyDictionary<string, string> Values { get; } = UsageModel.ValuesOf(Event);
}

/// <summary>Usage by its definition: lists of events, one at a time, in whole numbers of 10^-28.</summary>
internal static partial class UsageModel
{
    private static readonly BigInteger One = BigInteger.Pow(10, 28);

    /// <summary>The answer in text: the value, the events, the skipped ones, and a line for each window and group, in order of the alphabet.</summary>
    public static (string Whole, List<string> Buckets) Answer(
        IReadOnlyList<ModelEvent> all, IReadOnlyList<EventQuarantine> quarantines, UsageQuery query)
    {
        var matching = all.Where(item => IsCounted(item, quarantines) && Matches(item, query.Filter)).ToList();
        var valued = matching.Where(item => query.Aggregation == Aggregation.Count || Value(item, query) is not null).ToList();
        var start = query.Filter.Start;
        var end = query.Filter.End;
        var whole = Line("", Aggregate(valued, query, start, end), valued.Count) + $" skipped {matching.Count - valued.Count}";
        if (query.WindowStarts.Count == 0 && query.GroupBy.Count == 0)
        {
            return (whole, []);
        }

        var buckets = valued
            .GroupBy(item => (Window: WindowOf(item, query), Group: string.Join('|', query.GroupBy.Select(group => GroupOf(item, group) ?? "∅"))))
            .Select(bucket =>
            {
                var (from, to) = Clip(bucket.Key.Window, query);
                var label = bucket.Key.Window < 0 ? "" : $"{query.WindowStarts[bucket.Key.Window]:O}";
                return Line($"{label}|{bucket.Key.Group}", Aggregate([.. bucket], query, from, to), bucket.Count());
            });
        return (whole, [.. buckets.Order(StringComparer.Ordinal)]);
    }

    /// <summary>What a store has answered, in the same text.</summary>
    public static (string Whole, List<string> Buckets) Text(UsageResult result) => (
        Line("", result.Value is { } value ? Units(value) : null, result.Events) + $" skipped {result.Skipped}",
        [
            .. result.Buckets
                .Select(bucket => Line(
                    $"{bucket.WindowStart:O}|{string.Join('|', bucket.Group.Select(part => part ?? "∅"))}",
                    bucket.Value is { } each ? Units(each) : null,
                    bucket.Events))
                .Order(StringComparer.Ordinal),
        ]);

    public static bool IsTaken(ModelEvent item, EventQuarantine quarantine) =>
        item.Scope == quarantine.Scope && item.ApiKeyId == quarantine.ApiKeyId && item.Sequence <= quarantine.UpToSequence
        && item.IngestedAt >= quarantine.Start && item.IngestedAt < quarantine.End;

    public static Dictionary<string, string> ValuesOf(LoggedEvent item)
    {
        using var document = JsonDocument.Parse(item.Properties);
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var member in document.RootElement.EnumerateObject())
        {
            var text = member.Value.ValueKind switch
            {
                JsonValueKind.String => member.Value.GetString(),
                JsonValueKind.Number => member.Value.GetRawText(),
                JsonValueKind.True => "true",
                JsonValueKind.False => "false",
                _ => null,
            };
            if (text is not null)
            {
                values[member.Name] = Canonical(text);
            }
        }

        return values;
    }

    private static BigInteger Units(ExactDecimal value) => value.Unscaled * BigInteger.Pow(10, 28 - value.Scale);

    private static string Line(string label, BigInteger? value, long events) => $"{label} = {value?.ToString(CultureInfo.InvariantCulture) ?? "none"} of {events}";

    private static BigInteger? Aggregate(List<ModelEvent> events, UsageQuery query, DateTimeOffset? start, DateTimeOffset? end)
    {
        BigInteger Number(ModelEvent item) => NumberOf(ValueOf(item, query.PropertyName!))!.Value;
        BigInteger Sum(Func<ModelEvent, BigInteger> each) => events.Aggregate(BigInteger.Zero, (sum, item) => sum + each(item));
        switch (query.Aggregation)
        {
            case Aggregation.Count:
                return events.Count * One;
            case Aggregation.Sum:
                return Sum(Number);
            case Aggregation.Average:
                return events.Count == 0 ? null : HalfToEven(Sum(Number), events.Count);
            case Aggregation.Max:
                return events.Count == 0 ? null : events.Max(Number);
            case Aggregation.CountUnique:
                return events.Select(item => ValueOf(item, query.PropertyName!)).Distinct(StringComparer.Ordinal).Count() * One;
            case Aggregation.Latest:
                return events.Count == 0 ? null : Number(events.OrderBy(item => item.Event.Timestamp).ThenBy(item => item.Sequence).Last());
            default:
                var length = new BigInteger((end!.Value - start!.Value).Ticks);
                return events.Count == 0 ? 0 : HalfToEven(Sum(item => Number(item) * (end.Value - item.Event.Timestamp).Ticks), length);
        }
    }

    private static BigInteger HalfToEven(BigInteger dividend, BigInteger divisor)
    {
        var floor = dividend / divisor;
        floor = floor * divisor > dividend ? floor - 1 : floor;
        var twice = 2 * (dividend - (floor * divisor));
        return twice < divisor ? floor : twice > divisor || !floor.IsEven ? floor + 1 : floor;
    }

    private static (DateTimeOffset? Start, DateTimeOffset? End) Clip(int window, UsageQuery query)
    {
        if (window < 0)
        {
            return (query.Filter.Start, query.Filter.End);
        }

        var start = query.WindowStarts[window];
        return (
            query.Filter.Start > start ? query.Filter.Start : start,
            window + 1 < query.WindowStarts.Count ? query.WindowStarts[window + 1] : query.Filter.End);
    }

    private static int WindowOf(ModelEvent item, UsageQuery query)
    {
        var window = -1;
        while (window + 1 < query.WindowStarts.Count && query.WindowStarts[window + 1] <= item.Event.Timestamp)
        {
            window++;
        }

        return window;
    }

    private static string? GroupOf(ModelEvent item, EventGroup group) => group.Kind switch
    {
        EventGroupKind.EventName => item.Event.EventName,
        EventGroupKind.ExternalCustomerId => item.Event.ExternalCustomerId,
        EventGroupKind.CustomerId => item.Event.CustomerId,
        EventGroupKind.Source => item.Event.Source,
        _ => ValueOf(item, group.Name),
    };

    private static string? Value(ModelEvent item, UsageQuery query)
    {
        var value = ValueOf(item, query.PropertyName!);
        return query.Aggregation == Aggregation.CountUnique || NumberOf(value) is not null ? value : null;
    }

    private static bool IsCounted(ModelEvent item, IReadOnlyList<EventQuarantine> quarantines) =>
        !quarantines.Any(quarantine => IsTaken(item, quarantine));

    private static bool Matches(ModelEvent item, EventFilter filter) =>
        item.Scope == filter.Reach.Scope
        && IsInside(item.Event, filter.Reach.Bounds)
        && (filter.EventName is null || item.Event.EventName == filter.EventName)
        && (filter.ExternalCustomerId is null || item.Event.ExternalCustomerId == filter.ExternalCustomerId)
        && (filter.CustomerId is null || item.Event.CustomerId == filter.CustomerId)
        && (filter.Source is null || item.Event.Source == filter.Source)
        && (filter.ApiKeyId is null || item.ApiKeyId == filter.ApiKeyId)
        && (filter.Start is null || item.Event.Timestamp >= filter.Start)
        && (filter.End is null || item.Event.Timestamp < filter.End)
        && (filter.WithoutNumber is null || NumberOf(ValueOf(item, filter.WithoutNumber)) is null)
        && (filter.TakenBy is null || IsTaken(item, filter.TakenBy))
        && (filter.NotTakenBy is null || !IsTaken(item, filter.NotTakenBy))
        && filter.Properties.All(property =>
            ValueOf(item, property.Key) is { } value && property.Value.Select(Canonical).Contains(value));

    private static bool IsInside(LoggedEvent item, EventBounds? bounds) =>
        bounds is null
        || (IsInside(item.EventName, bounds.EventNames)
            && IsInside(item.ExternalCustomerId, bounds.ExternalCustomerIds)
            && (bounds.Sources is null || bounds.Sources.Any(source => source == item.Source))
            && (bounds.NotBefore is null || item.Timestamp >= bounds.NotBefore));

    private static bool IsInside(string text, TextBounds? bounds) =>
        bounds is null
        || bounds.Exact.Contains(text)
        || bounds.Prefixes.Any(prefix => text.Length >= prefix.Length && text[..prefix.Length] == prefix);

    private static string? ValueOf(ModelEvent item, string name) => item.Values.GetValueOrDefault(name);

    private static string Canonical(string text)
    {
        if (NumberOf(text) is not { } number)
        {
            return text;
        }

        var digits = BigInteger.Abs(number).ToString(CultureInfo.InvariantCulture).PadLeft(29, '0');
        var plain = $"{digits[..^28]}.{digits[^28..]}".TrimEnd('0').TrimEnd('.');
        return number.Sign < 0 ? "-" + plain : plain;
    }

    /// <summary>In units of 10^-28, by the definition of the notation; null for what is no number or out of range.</summary>
    private static BigInteger? NumberOf(string? text)
    {
        if (text is null || !JsonNumber().IsMatch(text))
        {
            return null;
        }

        var parts = text.Split('e', 'E');
        var point = parts[0].IndexOf('.', StringComparison.Ordinal);
        var power = (parts.Length == 2 ? int.Parse(parts[1], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture) : 0)
            - (point < 0 ? 0 : parts[0].Length - point - 1);
        var unscaled = BigInteger.Parse(parts[0].Replace(".", "", StringComparison.Ordinal), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        if (power + 28 < 0)
        {
            var divisor = BigInteger.Pow(10, -power - 28);
            return unscaled % divisor == 0 ? unscaled / divisor : null;
        }

        var number = unscaled * BigInteger.Pow(10, power + 28);
        return BigInteger.Abs(number) >= BigInteger.Pow(10, 38 + 28) ? null : number;
    }

    [GeneratedRegex(@"\A-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?\z")]
    private static partial Regex JsonNumber();
}
