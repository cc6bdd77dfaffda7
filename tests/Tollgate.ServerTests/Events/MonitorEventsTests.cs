using System.Text.Json;
using CsCheck;
using Microsoft.Extensions.Time.Testing;
using Tollgate.Contracts;
using Tollgate.ServerTests.Constraints;
using Xunit;

namespace Tollgate.ServerTests.Events;

public sealed class MonitorEventsTests : IAsyncLifetime
{
    private static readonly DateTimeOffset Now = new(2026, 6, 15, 12, 30, 0, TimeSpan.Zero);

    private TollgateServer _server = null!;

    private HttpClient Admin => _server.AdminClient;

    public async ValueTask InitializeAsync() => _server = await TollgateServer.StartAsync(new FakeTimeProvider(Now));

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task The_last_day_is_counted_by_the_hour_with_the_empty_hours()
    {
        await SendAsync(Now, Now.AddMinutes(-29), Now.AddMinutes(-31), Now.AddHours(-23), Now.AddHours(-25));

        var answer = await MonitorAsync("");
        var points = Points(answer);

        Assert.Equal(4, answer.GetProperty("total_count").GetInt64());
        Assert.Equal(25, points.Count);
        Assert.Equal(4, points.Sum(point => point.Count));
        Assert.Equal([(Now.AddHours(-1).AddMinutes(-30), 1L), (Now.AddMinutes(-30), 2L)], points[^2..]);
        Assert.Equal("HOUR", answer.GetProperty("window_size").GetString());
        Assert.Equal(0, answer.GetProperty("consumption_lag").GetInt64());
        Assert.Equal(0, answer.GetProperty("consumption_lag_seconds").GetInt64());
    }

    [Fact]
    public async Task Every_window_has_the_count_of_a_plain_model()
    {
        var times = Gen.Int[0, 72 * 60].Array[200].Single().Select(minutes => Now.AddMinutes(-minutes)).ToArray();
        await SendAsync(times);
        var minutesOf = new Dictionary<string, int> { ["MINUTE"] = 1, ["15MIN"] = 15, ["HOUR"] = 60, ["3HOUR"] = 180, ["DAY"] = 1440 };

        foreach (var (size, minutes) in minutesOf)
        {
            var (start, end) = (Now.AddHours(-50), Now.AddHours(-2));
            var answer = await MonitorAsync($"start_time={start:yyyy-MM-ddTHH:mm:ssZ}&end_time={end:yyyy-MM-ddTHH:mm:ssZ}&window_size={size}");
            var inside = times.Where(at => at >= start && at < end).ToList();
            var expected = inside.CountBy(at => at.AddTicks(-(at.UtcTicks % TimeSpan.FromMinutes(minutes).Ticks))).ToDictionary();

            Assert.Equal(inside.Count, answer.GetProperty("total_count").GetInt64());
            Assert.All(Points(answer), point => Assert.Equal(expected.GetValueOrDefault(point.At), point.Count));
            Assert.Equal(inside.Count, Points(answer).Sum(point => point.Count));
        }
    }

    [Fact]
    public async Task It_is_about_what_the_caller_may_read()
    {
        await SendAsync(Now);
        await Admin.IngestAsync(new { event_name = "other", external_customer_id = "right" });
        using var other = _server.ClientWith((await _server.SecondTenantAsync()).ApiKey);
        using var limited = _server.ClientWith((await _server.CreateKeyAsync(
            new KeyConstraints { ExternalCustomerIds = ["right"] }, await _server.CreateServiceAccountAsync(BuiltInRoles.EventReader))).ApiKey);

        Assert.Equal(2, await TotalAsync(Admin, ""));
        Assert.Equal(1, await TotalAsync(Admin, "event_name=other"));
        Assert.Equal(1, await TotalAsync(Admin, "external_customer_id=c"));
        Assert.Equal(1, await TotalAsync(limited, ""));
        Assert.Equal(0, await TotalAsync(other, ""));
    }

    [Theory]
    [InlineData("window_size=YEAR", "window_size")]
    [InlineData("window_size=MINUTE&start_time=2000-01-01T00:00:00Z", "window_size")]
    [InlineData("start_time=2026-01-02T00:00:00Z&end_time=2026-01-02T00:00:00Z", "start_time")]
    [InlineData("x=1", "x")]
    public async Task What_makes_no_sense_is_refused_by_name(string query, string field)
    {
        using var response = await Admin.GetPathAsync($"/v1/events/monitoring?{query}");

        var problem = await response.ShouldBeProblemAsync(400, "validation_error");
        Assert.Equal([field], problem.GetProperty("details").GetProperty("errors").EnumerateObject().Select(error => error.Name));
    }

    private static List<(DateTimeOffset At, long Count)> Points(JsonElement answer) =>
    [
        .. answer.GetProperty("points").EnumerateArray()
            .Select(point => (point.GetProperty("timestamp").GetDateTimeOffset(), point.GetProperty("event_count").GetInt64())),
    ];

    private static async Task<long> TotalAsync(HttpClient client, string query)
    {
        using var response = await client.GetPathAsync($"/v1/events/monitoring?{query}");
        return (await response.JsonAsync(200)).GetProperty("total_count").GetInt64();
    }

    private async Task<JsonElement> MonitorAsync(string query)
    {
        using var response = await Admin.GetPathAsync($"/v1/events/monitoring?{query}");
        return await response.JsonAsync(200);
    }

    private Task<JsonElement> SendAsync(params DateTimeOffset[] times) =>
        Admin.IngestManyAsync(times.Select(at => new { event_name = "n", external_customer_id = "c", timestamp = at }));
}
