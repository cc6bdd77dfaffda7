using Tollgate.Contracts;
using Tollgate.Server.Usage;
using Tollgate.Storage.Control;
using Tollgate.Storage.Events;

namespace Tollgate.Server.Meters;

/// <summary>Says of one event whether a meter counts it: by the rules that the event store counts by, one event at a time.</summary>
internal static class MeterVerdicts
{
    // Long values are content that an answer about reasons need not repeat.
    private const int MaxShown = 100;

    /// <summary>The verdict of a meter of events with this event's name.</summary>
    /// <param name="meter">The meter.</param>
    /// <param name="properties">The event's values (<see cref="PropertyValues.Of"/>).</param>
    /// <param name="isQuarantined">Whether it is out of every query.</param>
    public static EventMeterResponse Of(Meter meter, IReadOnlyDictionary<string, string> properties, bool isQuarantined)
    {
        var wire = meter.ToResponse();
        if (isQuarantined)
        {
            return Not(wire, MeterMismatches.Quarantined, "The event is in quarantine, so nothing counts it.");
        }

        foreach (var filter in wire.Filters)
        {
            var value = properties.GetValueOrDefault(filter.Key);
            if (value is null || !filter.Values.Any(wanted => PropertyValues.Comparable(wanted) == value))
            {
                return Not(wire, MeterMismatches.Filter, $"The property {filter.Key} {Shown(value)}; the meter wants one of: {string.Join(", ", filter.Values.Take(20).Select(Cut))}.");
            }
        }

        if (wire.Aggregation.Type == AggregationTypes.Count)
        {
            return Counted(wire, "1");
        }

        var field = wire.Aggregation.Field!;
        if (!properties.TryGetValue(field, out var found))
        {
            return Not(wire, MeterMismatches.PropertyMissing, $"The property {field} is missing, an object, a list or null.");
        }

        return wire.Aggregation.Type == AggregationTypes.CountUnique ? Counted(wire, Cut(found))
            : !ExactDecimalText.IsCanonical(found) ? Not(wire, MeterMismatches.PropertyNotANumber, $"The property {field} {Shown(found)}, which is no decimal.")
            : Counted(wire, Multiplied(wire.Aggregation, found));
    }

    /// <summary>A value as it is shown in an answer.</summary>
    public static string Cut(string value) => value.Length <= MaxShown ? value : $"{value[..(char.IsHighSurrogate(value[MaxShown - 1]) ? MaxShown - 1 : MaxShown)]}…";

    private static string Shown(string? value) => value is null ? "is missing, an object, a list or null" : $"is \"{Cut(value)}\"";

    private static string Multiplied(MeterAggregation aggregation, string value) => aggregation.Type == AggregationTypes.SumWithMultiplier
        ? ExactDecimals.Stored(value).Times(ExactDecimals.Stored(aggregation.Multiplier!)).ToNumber().ToString()
        : value;

    private static EventMeterResponse Counted(MeterResponse meter, string value) => new()
    {
        MeterId = meter.Id,
        Name = meter.Name,
        Type = meter.Aggregation.Type,
        Counted = true,
        Value = value,
        Reason = null,
        Message = null,
    };

    private static EventMeterResponse Not(MeterResponse meter, string reason, string message) => new()
    {
        MeterId = meter.Id,
        Name = meter.Name,
        Type = meter.Aggregation.Type,
        Counted = false,
        Value = null,
        Reason = reason,
        Message = message,
    };
}
