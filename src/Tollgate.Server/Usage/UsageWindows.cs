using Tollgate.Contracts;
using Tollgate.Server.Hosting;

namespace Tollgate.Server.Usage;

/// <summary>
/// Cuts an interval into windows of the wall clock of a time zone. A window begins where the clock shows a whole multiple of the size, or
/// jumps over one. Windows follow each other without holes or overlaps, so they add up to the whole interval.
/// </summary>
/// <remarks>
/// When the clock is set back, windows of an hour and less begin anew for the time that it shows again: a day of 25 hours has 25 of
/// them. Longer windows are stretches of the calendar and simply last longer, as they last less when the clock is set forward.
/// </remarks>
internal sealed class UsageWindows
{
    private const int MonthsPerYear = 12;

    // Two changes of one zone's clock never lie closer together.
    private static readonly TimeSpan Step = TimeSpan.FromDays(7);

    // More than any zone is away from UTC, and than any clock is set back or forward at once.
    private static readonly TimeSpan Margin = TimeSpan.FromDays(2);

    private readonly TimeZoneInfo _zone;
    private readonly long _sizeTicks;

    private UsageWindows(TimeZoneInfo zone, long sizeTicks) => (_zone, _sizeTicks) = (zone, sizeTicks);

    private bool IsMonth => _sizeTicks == 0;

    private bool BeginsAnew => !IsMonth && _sizeTicks <= TimeSpan.TicksPerHour;

    /// <summary>
    /// The starts of the windows of [start, end), ascending: the first at or before start, the others inside. Null when there are more
    /// than <see cref="Limits.MaxUsageWindows"/>.
    /// </summary>
    /// <param name="size">One of <see cref="WindowSizes"/>.</param>
    /// <param name="zone">The zone whose clock is meant.</param>
    /// <param name="start">Before <paramref name="end"/>.</param>
    /// <param name="end">The end of the interval.</param>
    public static IReadOnlyList<DateTimeOffset>? Starts(string size, TimeZoneInfo zone, DateTimeOffset start, DateTimeOffset end)
    {
        var windows = new UsageWindows(zone, SizeOf(size));
        var shortest = windows.IsMonth ? TimeSpan.FromDays(28).Ticks : windows._sizeTicks;
        // An estimate keeps a hopeless walk from being begun; the exact number is known at its end.
        return (end - start).Ticks / shortest > 2L * Limits.MaxUsageWindows ? null : windows.Walk(start.UtcTicks, end.UtcTicks);
    }

    private static long SizeOf(string size) => size switch
    {
        WindowSizes.Minute => TimeSpan.TicksPerMinute,
        WindowSizes.FifteenMinutes => 15 * TimeSpan.TicksPerMinute,
        WindowSizes.ThirtyMinutes => 30 * TimeSpan.TicksPerMinute,
        WindowSizes.Hour => TimeSpan.TicksPerHour,
        WindowSizes.ThreeHours => 3 * TimeSpan.TicksPerHour,
        WindowSizes.SixHours => 6 * TimeSpan.TicksPerHour,
        WindowSizes.TwelveHours => 12 * TimeSpan.TicksPerHour,
        WindowSizes.Day => TimeSpan.TicksPerDay,
        WindowSizes.Week => 7 * TimeSpan.TicksPerDay,
        WindowSizes.Month => 0,
        _ => throw new ArgumentOutOfRangeException(nameof(size), size, "No such window."),
    };

    private List<DateTimeOffset>? Walk(long start, long end)
    {
        var starts = new List<DateTimeOffset>();
        var longest = IsMonth ? TimeSpan.FromDays(31).Ticks : _sizeTicks;
        var from = Math.Max(0, start - longest - Margin.Ticks);
        var offset = OffsetAt(from);
        var last = SlotOf(from + offset);
        while (from < end)
        {
            var to = Math.Min(end, NextChange(from, offset));
            last = WalkStretch(from, to, offset, last, start, starts);
            if (starts.Count > Limits.MaxUsageWindows)
            {
                return null;
            }

            from = to;
            offset = OffsetAt(from);
        }

        if (starts.Count == 0 || starts[0].UtcTicks > start)
        {
            // Only at the very beginning of the calendar: there is no earlier start to find.
            starts.Insert(0, At(start));
        }

        return starts;
    }

    /// <summary>Finds the starts between two changes of the clock; returns the last slot of the calendar that has begun.</summary>
    private long WalkStretch(long from, long to, long offset, long last, long start, List<DateTimeOffset> starts)
    {
        var slot = SlotOf(from + offset);
        if (slot > last || (BeginsAnew && from + offset == BoundaryOf(slot)))
        {
            Add(from, start, starts);
        }

        var previous = Math.Max(slot, last);
        // Where the clock was set back, a calendar's slots that have begun already do not begin again.
        var next = BeginsAnew ? slot + 1 : previous + 1;
        for (; BoundaryOf(next) - offset < to; next++)
        {
            Add(BoundaryOf(next) - offset, start, starts);
            previous = Math.Max(previous, next);
            if (starts.Count > Limits.MaxUsageWindows)
            {
                break;
            }
        }

        return previous;
    }

    private static void Add(long ticks, long start, List<DateTimeOffset> starts)
    {
        if (ticks <= start)
        {
            // The latest one that is not behind the interval's start is the first window's.
            starts.Clear();
        }

        starts.Add(At(ticks));
    }

    /// <summary>When the clock's distance from UTC is next another one; the end of the calendar when it never is.</summary>
    private long NextChange(long from, long offset)
    {
        var low = from;
        while (true)
        {
            var high = low + Step.Ticks;
            if (high >= DateTime.MaxValue.Ticks)
            {
                return DateTime.MaxValue.Ticks;
            }

            if (OffsetAt(high) != offset)
            {
                // Between the two lies one change; it is at a whole second.
                while (high - low > 1)
                {
                    var middle = low + ((high - low) / 2);
                    (low, high) = OffsetAt(middle) == offset ? (middle, high) : (low, middle);
                }

                return high;
            }

            low = high;
        }
    }

    private long OffsetAt(long ticks) => _zone.GetUtcOffset(new DateTime(ticks, DateTimeKind.Utc)).Ticks;

    /// <summary>The number of the window that the wall clock shows. The first day of the calendar is a Monday, so weeks need no shift.</summary>
    private long SlotOf(long wall)
    {
        if (!IsMonth)
        {
            return Math.DivRem(wall, _sizeTicks).Quotient - (wall < 0 && wall % _sizeTicks != 0 ? 1 : 0);
        }

        var date = new DateTime(Math.Clamp(wall, 0, DateTime.MaxValue.Ticks));
        return ((date.Year - 1) * MonthsPerYear) + date.Month - 1;
    }

    private long BoundaryOf(long slot)
    {
        if (!IsMonth)
        {
            return slot * _sizeTicks;
        }

        var year = (slot / MonthsPerYear) + 1;
        return year > DateTime.MaxValue.Year ? long.MaxValue / 2 : new DateTime((int)year, (int)(slot % MonthsPerYear) + 1, 1).Ticks;
    }

    private static DateTimeOffset At(long ticks) => new(ticks, TimeSpan.Zero);
}
