using System.Globalization;
using Tollgate.Contracts;

namespace Tollgate.Dashboard;

/// <summary>Times on the clock of a time zone, and the windows that usage is cut into there.</summary>
internal static class Zones
{
    /// <summary>The zone of those that choose none.</summary>
    public const string Utc = "UTC";

    // The week of which all weeks are multiples: a Monday.
    private static readonly DateTime Monday = new(1970, 1, 5, 0, 0, 0, DateTimeKind.Unspecified);

    /// <summary>The IANA name of the browser's zone.</summary>
    public static string Browser => TimeZoneInfo.Local.Id is "Etc/UTC" or "GMT" or "UCT" ? Utc : TimeZoneInfo.Local.Id;

    /// <summary>The zone of that name; UTC when there is none.</summary>
    public static TimeZoneInfo Of(string? name) =>
        name is not null && TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone) ? zone : TimeZoneInfo.Utc;

    /// <summary>As browsers want it in <c>datetime-local</c>.</summary>
    public static string ToInput(DateTimeOffset at, TimeZoneInfo zone) =>
        Wall(at, zone).ToString(at.Second == 0 ? "yyyy-MM-dd'T'HH:mm" : "yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture);

    /// <summary>The other way round; null when the text is no time.</summary>
    public static DateTimeOffset? FromInput(string? text, TimeZoneInfo zone) =>
        DateTime.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.None, out var wall) ? Instant(DateTime.SpecifyKind(wall, DateTimeKind.Unspecified), zone) : null;

    /// <summary>The start of the day, in the zone.</summary>
    public static DateTimeOffset Day(DateTimeOffset at, TimeZoneInfo zone, int daysLater = 0) => Instant(Wall(at, zone).Date.AddDays(daysLater), zone);

    /// <summary>The start of the month, in the zone.</summary>
    public static DateTimeOffset Month(DateTimeOffset at, TimeZoneInfo zone, int monthsLater = 0)
    {
        var wall = Wall(at, zone);
        return Instant(new DateTime(wall.Year, wall.Month, 1, 0, 0, 0, DateTimeKind.Unspecified).AddMonths(monthsLater), zone);
    }

    /// <summary>For tables: sorts as text, and says its offset where the clock shows the time twice.</summary>
    public static string Exact(DateTimeOffset at, TimeZoneInfo zone)
    {
        var local = TimeZoneInfo.ConvertTime(at, zone);
        var format = local.Second == 0 && local.Millisecond == 0 ? "yyyy-MM-dd HH:mm" : "yyyy-MM-dd HH:mm:ss.FFF";
        return local.ToString(zone.IsAmbiguousTime(local) ? $"{format} zzz" : format, CultureInfo.InvariantCulture);
    }

    /// <summary>A period in UTC; days alone when it begins and ends with them.</summary>
    public static string Period(DateTimeOffset from, DateTimeOffset to)
    {
        var whole = from.UtcDateTime.TimeOfDay == TimeSpan.Zero && to.UtcDateTime.TimeOfDay == TimeSpan.Zero;
        return whole
            ? string.Create(CultureInfo.InvariantCulture, $"{from.UtcDateTime:yyyy-MM-dd} to {to.UtcDateTime.AddDays(-1):yyyy-MM-dd}")
            : $"{Exact(from, TimeZoneInfo.Utc)} to {Exact(to, TimeZoneInfo.Utc)} UTC";
    }

    /// <summary>For axes: no longer than the windows ask for.</summary>
    public static string Short(DateTimeOffset at, string window, TimeZoneInfo zone) => Wall(at, zone).ToString(
        window switch
        {
            WindowSizes.Month => "MMM yyyy",
            WindowSizes.Day or WindowSizes.Week => "d MMM",
            _ => "d MMM HH:mm",
        },
        CultureInfo.InvariantCulture);

    /// <summary>The starts of the interval's windows, those without events as well; null when there are more than <paramref name="most"/>.</summary>
    public static List<DateTimeOffset>? Windows(DateTimeOffset from, DateTimeOffset to, string window, TimeZoneInfo zone, int most)
    {
        var starts = new List<DateTimeOffset>();
        var wall = Floor(Wall(from, zone), window);
        var at = Instant(wall, zone);
        while (at < to)
        {
            if (starts.Count == most)
            {
                return null;
            }

            starts.Add(at);

            // Hours and shorter ones go on while the clock is set back; longer ones follow the clock.
            if (LengthOf(window) is { } length && length <= TimeSpan.FromHours(1))
            {
                at += length;
            }
            else
            {
                wall = LengthOf(window) is { } longer ? wall + longer : wall.AddMonths(1);
                at = Instant(wall, zone);
            }
        }

        return starts;
    }

    private static DateTime Floor(DateTime wall, string window)
    {
        if (LengthOf(window) is not { } length)
        {
            return new DateTime(wall.Year, wall.Month, 1, 0, 0, 0, DateTimeKind.Unspecified);
        }

        var since = (wall - Monday).Ticks % length.Ticks;
        return wall.AddTicks(-(since < 0 ? since + length.Ticks : since));
    }

    private static TimeSpan? LengthOf(string window) => window switch
    {
        WindowSizes.Minute => TimeSpan.FromMinutes(1),
        WindowSizes.FifteenMinutes => TimeSpan.FromMinutes(15),
        WindowSizes.ThirtyMinutes => TimeSpan.FromMinutes(30),
        WindowSizes.Hour => TimeSpan.FromHours(1),
        WindowSizes.ThreeHours => TimeSpan.FromHours(3),
        WindowSizes.SixHours => TimeSpan.FromHours(6),
        WindowSizes.TwelveHours => TimeSpan.FromHours(12),
        WindowSizes.Day => TimeSpan.FromDays(1),
        WindowSizes.Week => TimeSpan.FromDays(7),
        _ => null,
    };

    private static DateTime Wall(DateTimeOffset at, TimeZoneInfo zone) => TimeZoneInfo.ConvertTime(at, zone).DateTime;

    private static DateTimeOffset Instant(DateTime wall, TimeZoneInfo zone)
    {
        // A time that the clock passes over is meant as the one it jumps to.
        while (zone.IsInvalidTime(wall))
        {
            wall = wall.AddMinutes(15);
        }

        // Of two the first: the day that begins with it has both.
        var offset = zone.IsAmbiguousTime(wall) ? zone.GetAmbiguousTimeOffsets(wall).Max() : zone.GetUtcOffset(wall);
        return new DateTimeOffset(wall, offset).ToUniversalTime();
    }
}
