using Tollgate.Contracts;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Meters;

/// <summary>Finds the meter that was perhaps meant.</summary>
internal static class SimilarNames
{
    /// <summary>The meter of events with the most similar name; null when none is similar: at most a third of its letters differ, and two of a short name.</summary>
    public static NearestMeterResponse? Nearest(string eventName, IReadOnlyList<Meter> meters)
    {
        var name = eventName.ToUpperInvariant();
        var nearest = meters
            .DistinctBy(meter => meter.EventName, StringComparer.Ordinal)
            .Select(meter => (Meter: meter, Most: Math.Max(2, Math.Max(name.Length, meter.EventName.Length) / 3)))
            // Names whose lengths differ by more can't be similar, and are not compared.
            .Where(pair => Math.Abs(pair.Meter.EventName.Length - name.Length) <= pair.Most)
            .Select(pair => (pair.Meter, pair.Most, Distance: Distance(name, pair.Meter.EventName.ToUpperInvariant())))
            .Where(pair => pair.Distance <= pair.Most)
            .OrderBy(pair => pair.Distance)
            .ThenBy(pair => pair.Meter.EventName, StringComparer.Ordinal)
            .FirstOrDefault();
        return nearest.Meter is not { } meter ? null : new NearestMeterResponse
        {
            MeterId = meter.Id,
            Name = meter.Name,
            EventName = meter.EventName,
            Distance = nearest.Distance,
        };
    }

    /// <summary>
    /// How many characters are to be inserted, removed, replaced or swapped with their neighbour, none of them twice (optimal string
    /// alignment).
    /// </summary>
    public static int Distance(string one, string other)
    {
        var (before, last, row) = (new int[other.Length + 1], new int[other.Length + 1], new int[other.Length + 1]);
        for (var column = 0; column <= other.Length; column++)
        {
            last[column] = column;
        }

        for (var line = 1; line <= one.Length; line++)
        {
            row[0] = line;
            for (var column = 1; column <= other.Length; column++)
            {
                var differs = one[line - 1] == other[column - 1] ? 0 : 1;
                var least = Math.Min(Math.Min(row[column - 1], last[column]) + 1, last[column - 1] + differs);
                var isSwap = line > 1 && column > 1 && one[line - 1] == other[column - 2] && one[line - 2] == other[column - 1];
                row[column] = isSwap ? Math.Min(least, before[column - 2] + 1) : least;
            }

            (before, last, row) = (last, row, before);
        }

        return last[other.Length];
    }
}
