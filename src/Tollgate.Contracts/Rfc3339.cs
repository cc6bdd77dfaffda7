using System.Globalization;

namespace Tollgate.Contracts;

/// <summary>Times on the wire: RFC 3339 with a zone; answered in UTC with microseconds.</summary>
public static class Rfc3339
{
    private const string Written = "yyyy-MM-dd'T'HH:mm:ss.FFFFFF'Z'";

    private static readonly string[] Read =
    [
        "yyyy-MM-dd'T'HH:mm:sszzz",
        "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFzzz",
        "yyyy-MM-dd'T'HH:mm:ss'Z'",
        "yyyy-MM-dd'T'HH:mm:ss.FFFFFFF'Z'",
    ];

    /// <summary>Reads a time with its zone; a text without a zone is not a time. Digits behind the microsecond are cut off.</summary>
    public static bool TryParse(string? text, out DateTimeOffset time)
    {
        time = default;
        if (text is null || text.Length is < 20 or > 40)
        {
            return false;
        }

        // RFC 3339 allows lower-case t and z, and any number of digits for the fraction; .NET reads seven.
        var upper = text.ToUpperInvariant();
        var point = upper.IndexOf('.', StringComparison.Ordinal);
        if (point > 0)
        {
            var end = point + 1;
            while (end < upper.Length && char.IsAsciiDigit(upper[end]))
            {
                end++;
            }

            if (end == point + 1)
            {
                return false;
            }

            if (end - point - 1 > 7)
            {
                upper = string.Concat(upper.AsSpan(0, point + 8), upper.AsSpan(end));
            }
        }

        if (!DateTimeOffset.TryParseExact(
                upper, Read, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var parsed))
        {
            return false;
        }

        time = ToMicroseconds(parsed);
        return true;
    }

    /// <summary>The time in UTC, for example <c>2026-01-31T08:05:00.25Z</c>.</summary>
    public static string Format(DateTimeOffset time) => time.ToUniversalTime().ToString(Written, CultureInfo.InvariantCulture);

    /// <summary>The time in UTC without what is smaller than a microsecond.</summary>
    public static DateTimeOffset ToMicroseconds(DateTimeOffset time)
    {
        var utc = time.ToUniversalTime();
        return utc.AddTicks(-(utc.Ticks % TimeSpan.TicksPerMicrosecond));
    }
}
