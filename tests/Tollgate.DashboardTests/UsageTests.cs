using Microsoft.Playwright;
using Tollgate.Contracts;
using Xunit;

namespace Tollgate.DashboardTests;

public sealed class UsageTests(Dashboard dashboard) : IClassFixture<Dashboard>
{
    private static readonly DateTimeOffset Start = new(2026, 5, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task The_chart_and_the_table_say_what_the_API_says()
    {
        var token = TestContext.Current.CancellationToken;
        (int Day, decimal Tokens, string Model)[] numbers = [(0, 0.1m, "large"), (0, 0.2m, "small"), (1, 5m, "large"), (3, 7.25m, "small"), (3, 1m, "large")];
        await dashboard.Api.Events.IngestManyAsync(
            new IngestEventsRequest
            {
                Events =
                [
                    .. numbers.Select(each => new IngestEventRequest
                    {
                        EventName = "charted",
                        ExternalCustomerId = "c",
                        Timestamp = Start.AddDays(each.Day).AddHours(5),
                        Properties = System.Text.Json.JsonSerializer.SerializeToElement(new { tokens = each.Tokens, model = each.Model }),
                    }),
                ],
            },
            null,
            token);
        var request = new UsageRequest
        {
            EventName = "charted",
            AggregationType = AggregationTypes.Sum,
            PropertyName = "tokens",
            StartTime = Start,
            EndTime = Start.AddDays(7),
            WindowSize = WindowSizes.Day,
            GroupBy = ["model"],
        };
        var answer = await dashboard.Api.Events.GetUsageAsync(request, token);
        Assert.Equal(5, answer.Results.Count);

        await using var visit = await dashboard.VisitAsync(
            $"/usage?name=charted&type=SUM&field=tokens&window=DAY&group=model&from={Rfc3339.Format(Start)}&to={Rfc3339.Format(Start.AddDays(7))}");
        var table = visit.Page.GetByRole(AriaRole.Region, new() { Name = "Usage", Exact = true });
        var rows = await table.Locator("tbody tr").AllAsync();
        var shown = new List<string>();
        foreach (var row in rows)
        {
            var time = await row.Locator("time").GetAttributeAsync("datetime");
            var cells = await row.Locator("td").AllInnerTextsAsync();
            shown.Add($"{time} {cells[1]} {cells[2]}");
        }

        Assert.Equal(
            answer.Results.Select(each => $"{Rfc3339.Format(each.WindowSize!.Value)} {each.Group!["model"]} {each.Value}").Order(StringComparer.Ordinal),
            shown.Order(StringComparer.Ordinal));
        await Assertions.Expect(visit.Page.Locator(".total strong")).ToHaveTextAsync(answer.Value!.Value.ToString());
        // Each window of the chart says its values as well.
        var drawn = await visit.Page.Locator(".chart-hit title").AllTextContentsAsync();
        Assert.Equal(7, drawn.Count);
        Assert.Contains(drawn, text => text.Contains("7.25", StringComparison.Ordinal) && text.Contains("small", StringComparison.Ordinal));
        Assert.Contains(drawn, text => text.Contains("0.1", StringComparison.Ordinal) && text.Contains("large", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_copied_curl_gives_what_the_page_shows()
    {
        await dashboard.SendAsync(dashboard.ApiKey, "copied");
        await using var visit = await dashboard.VisitAsync("/usage?name=copied&type=COUNT&window=DAY");
        await Assertions.Expect(visit.Page.Locator(".total strong")).ToHaveTextAsync("1");

        await visit.Button("Copy as curl").ClickAsync();
        var command = await visit.Page.EvaluateAsync<string>("navigator.clipboard.readText()");
        Assert.DoesNotContain(dashboard.ApiKey, command, StringComparison.Ordinal);
        var output = await Shell.RunAsync("bash", ["-c", command], dashboard.ApiKey);

        var answer = System.Text.Json.JsonSerializer.Deserialize<UsageResponse>(output, WireJson.Options)!;
        Assert.Equal("1", answer.Value?.ToString());
    }

    [Fact]
    public async Task A_customer_a_meter_a_price_and_an_invoice_are_made()
    {
        var token = TestContext.Current.CancellationToken;
        await using var visit = await dashboard.VisitAsync("/customers");
        await visit.Button("New customer").First.ClickAsync();
        var dialog = visit.Page.GetByRole(AriaRole.Dialog);
        await dialog.GetByLabel("Id in your system").FillAsync("acme");
        await dialog.GetByLabel("Name", new() { Exact = true }).FillAsync("Acme Ltd");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Create" }).ClickAsync();
        await Assertions.Expect(visit.Page.Locator("h1")).ToHaveTextAsync("Acme Ltd");
        var customer = await dashboard.Api.Customers.GetByExternalIdAsync("acme", token);
        Assert.Equal("Acme Ltd", customer.Name);

        await visit.GoAsync("/meters", "Meters");
        await visit.Button("New meter").First.ClickAsync();
        await dialog.GetByLabel("Name", new() { Exact = true }).FillAsync("Requests");
        await dialog.GetByLabel("Name of the events").FillAsync("request");
        await dialog.GetByLabel("Property", new() { Exact = true }).First.FillAsync("units");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Create" }).ClickAsync();
        await Assertions.Expect(visit.Page.Locator("h1")).ToHaveTextAsync("Requests");
        var meter = Assert.Single((await dashboard.Api.Meters.ListAsync(null, token)).Items, each => each.Name == "Requests");
        await visit.Button("New price").First.ClickAsync();
        await dialog.GetByLabel("Currency").FillAsync("USD");
        await dialog.GetByLabel("Amount per unit").FillAsync("0.5");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Create" }).ClickAsync();
        await Assertions.Expect(dialog).ToHaveCountAsync(0);
        await visit.ShouldSayAsync("0.5");
        Assert.Single((await dashboard.Api.Prices.ListAsync(null, token)).Items, price => price.MeterId == meter.Id);

        var now = TimeProvider.System.GetUtcNow();
        var end = new DateTimeOffset(now.Year, now.Month, 1, 0, 0, 0, TimeSpan.Zero);
        var start = end.AddMonths(-1);
        await dashboard.Api.Events.IngestManyAsync(
            new IngestEventsRequest
            {
                Events =
                [
                    new IngestEventRequest
                    {
                        EventName = "request",
                        ExternalCustomerId = "acme",
                        Timestamp = start.AddDays(1),
                        Properties = System.Text.Json.JsonSerializer.SerializeToElement(new { units = 7 }),
                    },
                ],
            },
            null,
            token);
        await visit.GoAsync($"/invoices/new?customer=acme&currency=usd&from={Rfc3339.Format(start)}&to={Rfc3339.Format(end)}", "New invoice");
        await visit.ShouldSayAsync("3.50");
        Assert.Empty((await dashboard.Api.Invoices.ListAsync(null, token)).Items);
        await visit.Button("Make this invoice").ClickAsync();
        await visit.Page.WaitForURLAsync("**/invoices/inv_*");
        await visit.LoadedAsync();
        await visit.ShouldSayAsync("3.50");
        var invoice = Assert.Single((await dashboard.Api.Invoices.ListAsync(null, token)).Items);
        Assert.Equal(customer.Id, invoice.CustomerId);
    }
}
