using Microsoft.Playwright;
using Tollgate.Contracts;
using Xunit;

namespace Tollgate.DashboardTests;

public sealed class EventTests(Dashboard dashboard) : IClassFixture<Dashboard>
{
    [Fact]
    public async Task The_tail_shows_an_event_as_it_comes_and_rests_while_it_is_paused()
    {
        var (_, key) = await dashboard.CreateKeyAsync("live sender", BuiltInRoles.EventIngestor);
        await using var visit = await dashboard.VisitAsync("/events/live?event_name=seen.live");
        await visit.ShouldSayAsync("Waiting for events");
        await Assertions.Expect(visit.Page.GetByRole(AriaRole.Status).Filter(new() { HasText = "live" })).ToBeVisibleAsync(new() { Timeout = 30_000 });

        var rows = visit.Page.GetByRole(AriaRole.Region, new() { Name = "Events", Exact = true }).Locator("tbody tr");
        await dashboard.SendAsync(key.ApiKey, "filtered.out");
        await dashboard.SendAsync(key.ApiKey, "seen.live", "first-customer");
        await Assertions.Expect(rows).ToHaveCountAsync(1);
        await Assertions.Expect(rows).ToContainTextAsync("first-customer");
        await Assertions.Expect(rows).ToContainTextAsync("live sender key");

        await visit.Button("Pause").ClickAsync();
        await dashboard.SendAsync(key.ApiKey, "seen.live", "second-customer");
        await visit.ShouldSayAsync("1 of them since you paused");
        await Assertions.Expect(rows).ToHaveCountAsync(1);
        await visit.Button("Resume").ClickAsync();
        await Assertions.Expect(rows).ToHaveCountAsync(2);
        await Assertions.Expect(rows.First).ToContainTextAsync("second-customer");
    }

    [Fact]
    public async Task An_event_is_found_and_says_who_sent_it_and_what_counts_it()
    {
        var token = TestContext.Current.CancellationToken;
        var (_, key) = await dashboard.CreateKeyAsync("finder", BuiltInRoles.EventIngestor);
        await dashboard.Api.Meters.CreateAsync(
            new CreateMeterRequest
            {
                Name = "Tokens found",
                EventName = "to.be.found",
                Aggregation = new MeterAggregation { Type = AggregationTypes.Sum, Field = "tokens" },
            },
            token);
        var id = await dashboard.SendAsync(key.ApiKey, "to.be.found", "needle", new { tokens = 42, model = "large" });
        await dashboard.SendAsync(key.ApiKey, "to.be.found", "hay", new { tokens = 1 });

        await using var visit = await dashboard.VisitAsync("/events?event_name=to.be.found&external_customer_id=needle");
        var rows = visit.Page.GetByRole(AriaRole.Region, new() { Name = "Events", Exact = true }).Locator("tbody tr");
        await Assertions.Expect(rows).ToHaveCountAsync(1);
        await visit.Link($"to.be.found, event {id}").ClickAsync();
        var drawer = visit.Page.GetByRole(AriaRole.Dialog);
        await Assertions.Expect(drawer).ToContainTextAsync("\"model\"");
        await Assertions.Expect(drawer).ToContainTextAsync("finder key");
        await Assertions.Expect(drawer).ToContainTextAsync("Tokens found");
        Assert.Contains(id, visit.Page.Url, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_found_is_exported()
    {
        var (_, key) = await dashboard.CreateKeyAsync("exported", BuiltInRoles.EventIngestor);
        var id = await dashboard.SendAsync(key.ApiKey, "to.be.exported");
        await dashboard.SendAsync(key.ApiKey, "not.exported");
        await using var visit = await dashboard.VisitAsync("/events?event_name=to.be.exported");

        var download = await visit.Page.RunAndWaitForDownloadAsync(() => visit.Button("Export CSV").ClickAsync());
        var lines = await File.ReadAllLinesAsync(await download.PathAsync(), TestContext.Current.CancellationToken);

        Assert.Equal("events.csv", download.SuggestedFilename);
        Assert.Equal(2, lines.Length);
        Assert.StartsWith("id,event_name", lines[0], StringComparison.Ordinal);
        Assert.StartsWith(id, lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_key_sent_is_taken_out_after_a_preview_and_put_back()
    {
        var (_, key) = await dashboard.CreateKeyAsync("stolen", BuiltInRoles.EventIngestor);
        for (var count = 0; count < 3; count++)
        {
            await dashboard.SendAsync(key.ApiKey, "by.a.thief");
        }

        Assert.Equal("3", await CountAsync("by.a.thief"));
        await using var visit = await dashboard.VisitAsync($"/events/quarantine?api_key_id={key.Id}");
        await visit.Button("Preview").ClickAsync();
        await Assertions.Expect(visit.TestId("preview")).ToContainTextAsync("3 events would be taken out");
        await Assertions.Expect(visit.TestId("preview")).ToContainTextAsync("by.a.thief");
        Assert.Equal("3", await CountAsync("by.a.thief"));

        await visit.Page.GetByLabel("Reason").FillAsync("The key was stolen.");
        await visit.Button("Take 3 events out").ClickAsync();
        await visit.ShouldSayAsync("3 events are out of every query and sum");
        Assert.Equal("0", await CountAsync("by.a.thief"));

        var row = visit.Page.GetByRole(AriaRole.Row).Filter(new() { HasText = "The key was stolen." });
        await row.GetByRole(AriaRole.Button, new() { Name = "Release" }).ClickAsync();
        await visit.Page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Release" }).ClickAsync();
        await visit.ShouldSayAsync("The events count again");
        await Assertions.Expect(row).ToContainTextAsync("released");
        Assert.Equal("3", await CountAsync("by.a.thief"));
    }

    private async Task<string?> CountAsync(string name) => (await dashboard.Api.Events.GetUsageAsync(
        new UsageRequest { EventName = name, AggregationType = AggregationTypes.Count },
        TestContext.Current.CancellationToken)).Value?.ToString();
}
