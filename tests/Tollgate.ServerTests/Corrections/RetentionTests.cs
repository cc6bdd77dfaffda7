using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Tollgate.Contracts;
using Tollgate.Server.Corrections;
using Tollgate.ServerTests.Events;
using Xunit;

namespace Tollgate.ServerTests.Corrections;

/// <summary>Events that are older than their environment keeps them go; what they add up to stays.</summary>
public sealed class RetentionTests
{
    private static readonly DateTimeOffset Today = new(2026, 3, 20, 12, 0, 0, TimeSpan.Zero);

    private readonly FakeTimeProvider _clock = new(Today);

    /// <summary>Sets how long events are kept, and has what is due done.</summary>
    internal static async Task RetainAsync(TollgateServer server, int? days)
    {
        using var answer = await server.AdminClient.PutJsonAsync($"/v1/environments/{server.Secrets.EnvironmentId}/retention", new { days });
        await answer.ShouldBeAsync(200);
        await RunAsync(server);
    }

    [Fact]
    public async Task Old_events_go_and_their_sums_stay_also_when_the_store_is_lost()
    {
        await using var server = await TollgateServer.StartAsync(_clock);
        await SendAsync(server, "old", days: -60, 1, 2);
        await SendAsync(server, "edge", days: -31, 10);
        await SendAsync(server, "new", days: -29, 100);

        Assert.Equal((null, 0L), await RetentionAsync(server));
        await RunAsync(server);
        Assert.Equal(4, await PageAsync(server));

        await RetainAsync(server, days: 30);

        Assert.Equal((30, 0L), await RetentionAsync(server));
        Assert.Equal(1, await PageAsync(server));
        Assert.Equal("113", await SumAsync(server));
        var removal = Assert.Single(await RemovalsAsync(server));
        Assert.Equal(("retention", "completed", 3L, "kept"), (removal.Kind, removal.Status, removal.Events, removal.Sums));
        Assert.Equal(new DateTimeOffset(2026, 2, 18, 0, 0, 0, TimeSpan.Zero), removal.Before);

        await server.RestartAsync(() =>
        {
            File.Delete(Path.Combine(server.Folder, "events.duckdb"));
            File.Delete(Path.Combine(server.Folder, "events.duckdb.wal"));
            return Task.CompletedTask;
        });
        Assert.Equal("113", await SumAsync(server));
        Assert.Equal(1, await PageAsync(server));
    }

    [Fact]
    public async Task An_event_that_comes_late_counts_and_goes_with_the_next_day()
    {
        await using var server = await TollgateServer.StartAsync(_clock);
        await SendAsync(server, "old", days: -60, 1);
        await RetainAsync(server, days: 30);
        await SendAsync(server, "late", days: -60, 10);
        Assert.Equal("11", await SumAsync(server));
        Assert.Equal(1, await PageAsync(server));

        _clock.Advance(TimeSpan.FromDays(1));
        await RunAsync(server);

        Assert.Equal("11", await SumAsync(server));
        Assert.Equal(0, await PageAsync(server));
        Assert.Equal(2, (await RemovalsAsync(server)).Count);
    }

    [Fact]
    public async Task A_preview_says_how_many_would_go_and_changes_nothing()
    {
        await using var server = await TollgateServer.StartAsync(_clock);
        await SendAsync(server, "old", days: -60, 1, 2);

        using var asked = await server.AdminClient.PutJsonAsync(
            $"/v1/environments/{server.Secrets.EnvironmentId}/retention", new { days = 30, dry_run = true });
        var preview = await asked.ReadAsync<RetentionResponse>(200);

        Assert.Equal((30, 2L), (preview.Days, preview.Events));
        await RunAsync(server);
        Assert.Equal(2, await PageAsync(server));
        Assert.Equal((null, 0L), await RetentionAsync(server));
    }

    [Fact]
    public async Task Another_environment_keeps_its_events_and_every_step_is_in_the_audit_log()
    {
        await using var server = await TollgateServer.StartAsync(_clock);
        using var made = await server.AdminClient.PostJsonAsync("/v1/environments", new { name = "Other", type = "development" });
        var other = (await made.JsonAsync(201)).GetProperty("id").GetString()!;
        await SendAsync(server, "old", days: -60, 1, 2);
        using (var answer = await server.AdminClient.PutJsonAsync($"/v1/environments/{other}/retention", new { days = 30 }))
        {
            await answer.ShouldBeAsync(200);
        }

        await RunAsync(server);
        Assert.Equal(2, await PageAsync(server));

        await RetainAsync(server, days: 30);
        using var logs = await server.AdminClient.GetPathAsync("/v1/audit/logs?limit=1000");
        var text = await logs.TextAsync();
        Assert.All(
            (string[])["environment.retention", "event.retention", "event.removal.complete"],
            action => Assert.Contains(action, text, StringComparison.Ordinal));
        await RetainAsync(server, days: null);
        Assert.Equal((null, 0L), await RetentionAsync(server));
    }

    [Fact]
    public async Task A_removal_that_a_crash_interrupted_is_ended_by_the_next_start()
    {
        await using var server = await TollgateServer.StartAsync(_clock);
        await SendAsync(server, "old", days: -60, 1, 2);
        await SendAsync(server, "new", days: -1, 10);
        await RetainAsync(server, days: 30);
        await using (var db = server.Host.Services.GetRequiredService<Tollgate.Storage.Control.ControlStore>().CreateContext())
        {
            // As after a kill between the first and the last step.
            await Microsoft.EntityFrameworkCore.RelationalDatabaseFacadeExtensions.ExecuteSqlRawAsync(
                db.Database, "UPDATE event_removals SET completed_at = NULL", TestContext.Current.CancellationToken);
        }

        await server.RestartAsync();

        var removal = Assert.Single(await RemovalsAsync(server));
        await Removals.CompletedAsync(server.AdminClient, removal.Id!);
        Assert.Equal("13", await SumAsync(server));
        Assert.Equal(1, await PageAsync(server));
    }

    private static Task RunAsync(TollgateServer server) =>
        server.Host.Services.GetRequiredService<EventRemovals>().RunAsync(TestContext.Current.CancellationToken);

    private static Task<System.Text.Json.JsonElement> SendAsync(TollgateServer server, string prefix, int days, params int[] costs) =>
        server.AdminClient.IngestManyAsync(costs.Select((cost, index) => new
        {
            event_id = $"{prefix}-{days}-{index}",
            event_name = "call",
            external_customer_id = "c",
            timestamp = Today.AddDays(days).AddMinutes(index),
            properties = new { cost },
        }));

    private static async Task<(int? Days, long Events)> RetentionAsync(TollgateServer server)
    {
        using var answer = await server.AdminClient.GetPathAsync($"/v1/environments/{server.Secrets.EnvironmentId}/retention");
        var retention = await answer.ReadAsync<RetentionResponse>(200);
        return (retention.Days, retention.Events);
    }

    private static async Task<IReadOnlyList<RemovalResponse>> RemovalsAsync(TollgateServer server)
    {
        using var answer = await server.AdminClient.GetPathAsync("/v1/events/removals");
        return (await answer.ReadAsync<ListResponse<RemovalResponse>>(200)).Items;
    }

    private static async Task<int> PageAsync(TollgateServer server) =>
        (await server.AdminClient.QueryAsync(new { event_name = "call", start_time = Today.AddDays(-100), end_time = Today.AddDays(2) })).Ids().Length;

    private static async Task<string> SumAsync(TollgateServer server)
    {
        var usage = await server.AdminClient.UsageAsync(new
        {
            event_name = "call",
            aggregation_type = "SUM",
            property_name = "cost",
            start_time = Today.Date.AddDays(-100).ToString("yyyy-MM-dd'T'00:00:00'Z'", System.Globalization.CultureInfo.InvariantCulture),
            end_time = Today.Date.AddDays(2).ToString("yyyy-MM-dd'T'00:00:00'Z'", System.Globalization.CultureInfo.InvariantCulture),
        });
        return usage.GetProperty("value").GetRawText();
    }
}
