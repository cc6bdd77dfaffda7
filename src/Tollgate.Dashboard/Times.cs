using System.Globalization;

namespace Tollgate.Dashboard;

/// <summary>Times in words.</summary>
internal static class Times
{
    private static readonly (double Seconds, string Unit)[] Units =
        [(365.25 * 86_400, "year"), (30.44 * 86_400, "month"), (86_400, "day"), (3_600, "hour"), (60, "minute")];

    /// <summary>Like <c>3 hours ago</c> or <c>in 2 days</c>.</summary>
    public static string Relative(DateTimeOffset at, DateTimeOffset now)
    {
        var seconds = (now - at).TotalSeconds;
        foreach (var (size, unit) in Units)
        {
            if (Math.Abs(seconds) >= size)
            {
                var count = (long)(Math.Abs(seconds) / size);
                var text = string.Create(CultureInfo.InvariantCulture, $"{count} {unit}{(count == 1 ? "" : "s")}");
                return seconds > 0 ? $"{text} ago" : $"in {text}";
            }
        }

        return seconds < -5 ? "in a moment" : seconds < 5 ? "just now" : "a moment ago";
    }
}
