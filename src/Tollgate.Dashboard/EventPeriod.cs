using System.Globalization;
using Tollgate.Contracts;

namespace Tollgate.Dashboard;

// CA1515: components are public, and with them what their parameters are made of.
#pragma warning disable CA1515

/// <summary>A stretch of time, as pages have it in their URLs: so long until now, or between two times.</summary>
/// <param name="Last">The code of its length, or <see cref="Between"/>.</param>
/// <param name="Start">Of what is between two times: from then on.</param>
/// <param name="End">Of what is between two times: before then.</param>
public sealed record EventPeriod(string Last, DateTimeOffset? Start, DateTimeOffset? End)
{
    /// <summary>The code of what is no stretch until now.</summary>
    public const string Between = "between";

    private const string Usual = "7d";
    private const string Field = "yyyy-MM-dd'T'HH:mm";

    /// <summary>Stretches until now.</summary>
    public static IReadOnlyList<(string Code, string Text, TimeSpan Length)> Lengths { get; } =
    [
        ("1h", "Last hour", TimeSpan.FromHours(1)),
        ("24h", "Last 24 hours", TimeSpan.FromHours(24)),
        (Usual, "Last 7 days", TimeSpan.FromDays(7)),
        ("30d", "Last 30 days", TimeSpan.FromDays(30)),
        ("90d", "Last 90 days", TimeSpan.FromDays(90)),
        ("365d", "Last 365 days", TimeSpan.FromDays(365)),
    ];

    /// <summary>In words, within a sentence.</summary>
    public string Words => Last == Between ? "in this time" : $"in the {Lengths.First(each => each.Code == Last).Text.ToLowerInvariant()}";

    /// <summary>What the URL says.</summary>
    public static EventPeriod Of(string? last, string? startTime, string? endTime)
    {
        DateTimeOffset? start = Rfc3339.TryParse(startTime, out var from) ? from : null;
        DateTimeOffset? end = Rfc3339.TryParse(endTime, out var to) ? to : null;
        return start is not null || end is not null
            ? new EventPeriod(Between, start, end)
            : new EventPeriod(Lengths.Any(each => each.Code == last) ? last! : Usual, null, null);
    }

    /// <summary>For the URL; null removes.</summary>
    public IEnumerable<KeyValuePair<string, object?>> Query() =>
    [
        new("last", Last is Between or Usual ? null : Last),
        new("start_time", Start is { } start && Last == Between ? Rfc3339.Format(start) : null),
        new("end_time", End is { } end && Last == Between ? Rfc3339.Format(end) : null),
    ];

    /// <summary>From when to when it is, at this moment. No end: until whenever the server is asked.</summary>
    public (DateTimeOffset? Start, DateTimeOffset? End) At(DateTimeOffset now) => Last == Between
        ? (Start, End)
        : (now - Lengths.First(each => each.Code == Last).Length, null);

    /// <summary>As a browser's field for times has it, in the person's time zone.</summary>
    public static string ToField(DateTimeOffset? at) => at?.ToLocalTime().ToString(Field, CultureInfo.InvariantCulture) ?? "";

    /// <summary>What stands in such a field; null when it is empty.</summary>
    public static DateTimeOffset? OfField(string? text) =>
        DateTime.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeLocal, out var at) ? new DateTimeOffset(at) : null;
}
