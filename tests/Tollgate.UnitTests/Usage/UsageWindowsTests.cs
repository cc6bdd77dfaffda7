using System.Globalization;
using CsCheck;
using Tollgate.Contracts;
using Tollgate.Server.Hosting;
using Tollgate.Server.Usage;
using Xunit;

namespace Tollgate.UnitTests.Usage;

public sealed class UsageWindowsTests
{
    [Fact]
    public void Windows_begin_at_whole_multiples_and_the_first_holds_the_start()
    {
        Assert.Equal(
            ["2026-03-15T10:00Z", "2026-03-15T10:15Z", "2026-03-15T10:30Z"],
            Starts(WindowSizes.FifteenMinutes, "UTC", "2026-03-15T10:07Z", "2026-03-15T10:45Z"));
        Assert.Equal(
            ["2026-03-15T09:00Z", "2026-03-15T12:00Z"],
            Starts(WindowSizes.ThreeHours, "UTC", "2026-03-15T10:07Z", "2026-03-15T12:00:01Z"));
    }

    [Fact]
    public void An_interval_that_begins_at_a_window_does_not_get_the_one_before() =>
        Assert.Equal(["2026-03-15T10:00Z"], Starts(WindowSizes.Hour, "UTC", "2026-03-15T10:00Z", "2026-03-15T11:00Z"));

    [Fact]
    public void Weeks_begin_on_Monday_and_months_on_the_first()
    {
        Assert.Equal(["2026-03-09T00:00Z", "2026-03-16T00:00Z"], Starts(WindowSizes.Week, "UTC", "2026-03-15T10:00Z", "2026-03-17T00:00Z"));
        Assert.Equal(
            ["2026-01-31T23:00Z", "2026-02-28T23:00Z", "2026-03-31T22:00Z"],
            Starts(WindowSizes.Month, "Europe/Berlin", "2026-02-10T00:00Z", "2026-04-01T00:00Z"));
    }

    [Fact]
    public void Berlin_has_a_day_of_23_and_a_day_of_25_hours()
    {
        var spring = Starts(WindowSizes.Hour, "Europe/Berlin", "2026-03-28T23:00Z", "2026-03-29T22:00Z");
        var autumn = Starts(WindowSizes.Hour, "Europe/Berlin", "2026-10-24T22:00Z", "2026-10-25T23:00Z");

        Assert.Equal(23, spring.Length);
        Assert.Equal(25, autumn.Length);
        Assert.Equal(
            ["2026-03-28T23:00Z", "2026-03-29T22:00Z"],
            Starts(WindowSizes.Day, "Europe/Berlin", "2026-03-29T10:00Z", "2026-03-29T22:01Z"));
        Assert.Equal(
            ["2026-10-24T22:00Z", "2026-10-25T23:00Z"],
            Starts(WindowSizes.Day, "Europe/Berlin", "2026-10-25T10:00Z", "2026-10-25T23:01Z"));
    }

    [Fact]
    public void Long_windows_last_longer_when_the_clock_is_set_back()
    {
        // 00:00, 03:00 and 06:00 on the clock: the first of them lasts four hours.
        Assert.Equal(
            ["2026-10-24T22:00Z", "2026-10-25T02:00Z", "2026-10-25T05:00Z"],
            Starts(WindowSizes.ThreeHours, "Europe/Berlin", "2026-10-24T22:00Z", "2026-10-25T05:30Z"));
        // And two hours in spring.
        Assert.Equal(
            ["2026-03-28T23:00Z", "2026-03-29T01:00Z", "2026-03-29T04:00Z"],
            Starts(WindowSizes.ThreeHours, "Europe/Berlin", "2026-03-28T23:00Z", "2026-03-29T04:30Z"));
    }

    [Fact]
    public void Kathmandu_is_a_quarter_off_the_hour() =>
        Assert.Equal(["2026-03-15T10:15Z", "2026-03-15T11:15Z"], Starts(WindowSizes.Hour, "Asia/Kathmandu", "2026-03-15T11:00Z", "2026-03-15T12:00Z"));

    [Fact]
    public void Lord_Howe_sets_its_clock_by_half_an_hour()
    {
        // At 02:00 summer time (15:00Z) the clock shows 01:30 again: the hour from 01:00 on lasts an hour and a half.
        Assert.Equal(
            ["2026-04-04T13:00Z", "2026-04-04T14:00Z", "2026-04-04T15:30Z", "2026-04-04T16:30Z"],
            Starts(WindowSizes.Hour, "Australia/Lord_Howe", "2026-04-04T13:00Z", "2026-04-04T17:00Z"));
        Assert.Equal(
            ["2026-04-04T14:30Z", "2026-04-04T15:00Z", "2026-04-04T15:30Z"],
            Starts(WindowSizes.ThirtyMinutes, "Australia/Lord_Howe", "2026-04-04T14:30Z", "2026-04-04T16:00Z"));
        // At 02:00 winter time (15:30Z) it jumps to 02:30: what is left of that hour is half of it.
        Assert.Equal(
            ["2026-10-03T14:30Z", "2026-10-03T15:30Z", "2026-10-03T16:00Z"],
            Starts(WindowSizes.Hour, "Australia/Lord_Howe", "2026-10-03T14:30Z", "2026-10-03T16:30Z"));
    }

    [Fact]
    public void A_day_that_begins_twice_is_one_day()
    {
        // In Havana 01:00 becomes 00:00 of the same day.
        Assert.Equal(
            ["2026-10-31T04:00Z", "2026-11-01T04:00Z", "2026-11-02T05:00Z"],
            Starts(WindowSizes.Day, "America/Havana", "2026-10-31T12:00Z", "2026-11-02T12:00Z"));
    }

    [Fact]
    public void A_day_that_the_calendar_leaves_out_has_no_window()
    {
        // Samoa had no 30 December 2011.
        Assert.Equal(
            ["2011-12-29T10:00Z", "2011-12-30T10:00Z", "2011-12-31T10:00Z"],
            Starts(WindowSizes.Day, "Pacific/Apia", "2011-12-29T10:00Z", "2011-12-31T11:00Z"));
    }

    [Fact]
    public void Windows_of_every_size_and_zone_are_without_holes_and_never_too_long() =>
        Gen.Select(
            Gen.OneOf(
                WindowSizes.Minute, WindowSizes.FifteenMinutes, WindowSizes.ThirtyMinutes, WindowSizes.Hour, WindowSizes.ThreeHours,
                WindowSizes.SixHours, WindowSizes.TwelveHours, WindowSizes.Day, WindowSizes.Week, WindowSizes.Month),
            Gen.OneOf(
                "UTC", "Europe/Berlin", "Asia/Kathmandu", "Australia/Lord_Howe", "America/Havana", "Pacific/Apia", "America/St_Johns",
                "Africa/Casablanca", "Asia/Tehran"),
            Gen.Long[new DateTime(2005, 1, 1).Ticks / TimeSpan.TicksPerSecond, new DateTime(2045, 1, 1).Ticks / TimeSpan.TicksPerSecond],
            Gen.Int[1, 40 * 24 * 3600]).Sample((size, zoneName, startSeconds, lengthSeconds) =>
        {
            var zone = TimeZones.Find(zoneName)!;
            var start = new DateTimeOffset(startSeconds * TimeSpan.TicksPerSecond, TimeSpan.Zero);
            var end = start.AddSeconds(lengthSeconds);

            var starts = UsageWindows.Starts(size, zone, start, end)!;

            Assert.True(starts[0] <= start);
            Assert.True(starts.Count == 1 || starts[1] > start);
            Assert.True(starts[^1] < end);
            for (var index = 1; index < starts.Count; index++)
            {
                Assert.True(starts[index] > starts[index - 1]);
                Assert.InRange(starts[index] - starts[index - 1], TimeSpan.FromTicks(1), Longest(size));
            }
        }, iter: 2_000);

    [Fact]
    public void Too_many_windows_are_refused()
    {
        Assert.Null(UsageWindows.Starts(WindowSizes.Minute, TimeZoneInfo.Utc, At("2026-01-01T00:00Z"), At("2027-01-01T00:00Z")));
        Assert.Null(UsageWindows.Starts(WindowSizes.Month, TimeZones.Find("Europe/Berlin")!, DateTimeOffset.MinValue, DateTimeOffset.MaxValue));
        Assert.Equal(100_000, UsageWindows.Starts(WindowSizes.Minute, TimeZoneInfo.Utc, At("2026-01-01T00:00Z"), At("2026-01-01T00:00Z").AddMinutes(100_000))!.Count);
    }

    [Fact]
    public void The_ends_of_the_calendar_have_windows_too()
    {
        var first = UsageWindows.Starts(WindowSizes.Month, TimeZones.Find("Pacific/Kiritimati")!, DateTimeOffset.MinValue, At("0001-04-01T00:00Z"))!;
        var last = UsageWindows.Starts(WindowSizes.Month, TimeZones.Find("Pacific/Kiritimati")!, At("9999-10-01T00:00Z"), DateTimeOffset.MaxValue)!;

        Assert.Equal(DateTimeOffset.MinValue, first[0]);
        Assert.InRange(last.Count, 3, 5);
    }

    [Theory]
    [InlineData("Europe/Berlin", true)]
    [InlineData("America/Argentina/Buenos_Aires", true)]
    [InlineData("Etc/GMT+5", true)]
    [InlineData("UTC", true)]
    [InlineData("europe/berlin", false)]
    [InlineData("../../etc/passwd", false)]
    [InlineData("/etc/localtime", false)]
    [InlineData("right/Europe/Berlin", false)]
    [InlineData("posixrules", false)]
    [InlineData("tzdata.zi", false)]
    [InlineData("W. Europe Standard Time", false)]
    [InlineData("Europe/Atlantis", false)]
    [InlineData("Europe", false)]
    [InlineData("+01:00", false)]
    public void Only_names_of_the_IANA_database_are_zones(string name, bool known) => Assert.Equal(known, TimeZones.Find(name) is not null);

    private static TimeSpan Longest(string size) => size switch
    {
        WindowSizes.Minute => TimeSpan.FromMinutes(2),
        WindowSizes.FifteenMinutes or WindowSizes.ThirtyMinutes or WindowSizes.Hour => TimeSpan.FromHours(2),
        WindowSizes.ThreeHours => TimeSpan.FromHours(4),
        WindowSizes.SixHours => TimeSpan.FromHours(7),
        WindowSizes.TwelveHours => TimeSpan.FromHours(13),
        WindowSizes.Day => TimeSpan.FromHours(25),
        WindowSizes.Week => TimeSpan.FromHours(169),
        _ => TimeSpan.FromDays(31).Add(TimeSpan.FromHours(1)),
    };

    private static string[] Starts(string size, string zone, string start, string end) =>
    [
        .. UsageWindows.Starts(size, TimeZones.Find(zone)!, At(start), At(end))!
            .Select(at => at.ToString("yyyy-MM-dd'T'HH:mm'Z'", CultureInfo.InvariantCulture)),
    ];

    private static DateTimeOffset At(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
}
