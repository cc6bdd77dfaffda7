using System.Text.Json;
using Xunit;

namespace Tollgate.ServerTests.Events;

public sealed class ReadingEventsTests(TollgateServer server) : IClassFixture<TollgateServer>
{
    private readonly string _name = EventClients.Unique();

    private HttpClient Admin => server.AdminClient;

    [Fact]
    public async Task Another_tenants_event_does_not_exist()
    {
        using var other = server.ClientWith((await server.SecondTenantAsync()).ApiKey);
        await other.IngestAsync(new { event_name = _name, external_customer_id = "theirs", event_id = _name });

        using var byId = await Admin.GetPathAsync($"/v1/events/{_name}");
        using var lookup = await Admin.GetPathAsync($"/v1/events/lookup?id={_name}");
        var usage = await Admin.UsageAsync(new { event_name = _name, aggregation_type = "COUNT" });

        await byId.ShouldBeProblemAsync(404, "not_found");
        await lookup.ShouldBeProblemAsync(404, "not_found");
        Assert.Empty((await Admin.QueryAsync(new { event_name = _name })).Ids());
        Assert.Equal(0, usage.GetProperty("value").GetInt64());
    }

    [Theory]
    [InlineData("timestamp", "desc")]
    [InlineData("timestamp", "asc")]
    [InlineData("event_name", "desc")]
    [InlineData("event_name", "asc")]
    public async Task Pages_have_no_holes_and_no_repetitions_while_events_arrive(string sort, string order)
    {
        var sent = Enumerable.Range(0, 25).Select(number => $"{_name}-{number}").ToArray();
        await SendAsync(sent, customer: _name);
        var query = new { external_customer_id = _name, sort, order, page_size = 7, iter_last_key = (string?)null, iter_first_key = (string?)null };

        var seen = new List<string>();
        var page = await Admin.QueryAsync(query);
        var first = page;
        while (true)
        {
            seen.AddRange(page.Ids());
            if (!page.GetProperty("has_more").GetBoolean() || seen.Count > 100)
            {
                break;
            }

            await SendAsync([$"late-{_name}-{seen.Count}"], customer: _name);
            page = await Admin.QueryAsync(query with { iter_last_key = page.GetProperty("iter_last_key").GetString() });
            Assert.Equal(JsonValueKind.Null, page.GetProperty("total_count").ValueKind);
            Assert.Equal(JsonValueKind.Null, page.GetProperty("offset").ValueKind);
        }

        Assert.Distinct(seen);
        Assert.Superset(sent.ToHashSet(), seen.ToHashSet());
        var second = await Admin.QueryAsync(query with { iter_last_key = first.GetProperty("iter_last_key").GetString() });
        var back = await Admin.QueryAsync(query with { iter_first_key = second.GetProperty("iter_first_key").GetString() });
        Assert.Equal(first.Ids()[^1], back.Ids()[^1]);
    }

    [Fact]
    public async Task A_key_of_another_reading_is_refused_by_name()
    {
        await SendAsync([$"{_name}-1", $"{_name}-2"], customer: _name);
        var mine = await Admin.QueryAsync(new { external_customer_id = _name, page_size = 1 });
        var key = mine.GetProperty("iter_last_key").GetString()!;
        using var other = server.ClientWith((await server.SecondTenantAsync()).ApiKey);

        Assert.Equal(["iter_last_key"], await other.RefusedFieldsAsync("/v1/events/query", new { external_customer_id = _name, iter_last_key = key }));
        Assert.Equal(["iter_first_key"], await Admin.RefusedFieldsAsync("/v1/events/query", new { iter_first_key = key }));
        Assert.Equal(
            ["iter_last_key"], await Admin.RefusedFieldsAsync("/v1/events/query", new { external_customer_id = _name, order = "asc", iter_last_key = key }));
        Assert.Equal(
            ["iter_first_key"],
            await Admin.RefusedFieldsAsync("/v1/events/query", new { external_customer_id = _name, iter_last_key = key, iter_first_key = key }));
        Assert.Equal(
            ["offset"], await Admin.RefusedFieldsAsync("/v1/events/query", new { external_customer_id = _name, iter_last_key = key, offset = 1 }));
    }

    [Fact]
    public async Task A_key_outlives_a_restart()
    {
        await using var own = await TollgateServer.StartAsync();
        await own.AdminClient.IngestManyAsync([new { event_name = "n", external_customer_id = "c" }, new { event_name = "n", external_customer_id = "c" }]);
        var first = await own.AdminClient.QueryAsync(new { page_size = 1 });
        await own.RestartAsync();

        var second = await own.AdminClient.QueryAsync(new { page_size = 1, iter_last_key = first.GetProperty("iter_last_key").GetString() });

        Assert.NotEqual(first.Ids(), second.Ids());
        Assert.Single(second.Ids());
    }

    [Theory]
    [InlineData("model", "property_filters")]
    [InlineData(":x", "property_filters")]
    [InlineData("model:a;", "property_filters")]
    [InlineData("model:a;model:b", "property_filters")]
    public async Task Filters_of_another_form_are_refused(string filters, string field)
    {
        using var response = await Admin.GetPathAsync($"/v1/events?property_filters={Uri.EscapeDataString(filters)}");

        var problem = await response.ShouldBeProblemAsync(400, "validation_error");
        Assert.Equal([field], problem.GetProperty("details").GetProperty("errors").EnumerateObject().Select(error => error.Name));
    }

    [Fact]
    public async Task An_interval_that_holds_nothing_is_refused()
    {
        Assert.Equal(
            ["start_time"],
            await Admin.RefusedFieldsAsync("/v1/events/query", new { start_time = "2026-01-02T00:00:00Z", end_time = "2026-01-02T00:00:00Z" }));
        Assert.Equal(["start_time"], await Admin.RefusedFieldsAsync("/v1/events/query", new { start_time = "9999-01-01T00:00:00Z" }));
        Assert.Equal(["end_time"], await Admin.RefusedFieldsAsync("/v1/events/query", new { end_time = "0001-01-01T00:00:00Z" }));
    }

    [Theory]
    [InlineData("a/b c+ü%2F?#")]
    [InlineData("..%2f..")]
    [InlineData("lookup")]
    [InlineData("日本 😀")]
    [InlineData("'; DROP TABLE events; --")]
    public async Task An_event_is_found_by_any_id(string id)
    {
        var eventId = id == "lookup" ? id : $"{id} {_name}";
        await Admin.IngestAsync(new { event_name = _name, external_customer_id = "c", event_id = eventId, timestamp = server.Now });

        using var lookup = await Admin.GetPathAsync($"/v1/events/lookup?id={Uri.EscapeDataString(eventId)}");
        Assert.Equal(eventId, (await lookup.JsonAsync(200)).GetProperty("event").GetProperty("id").GetString());
        if (id != "lookup")
        {
            using var byPath = await Admin.GetPathAsync($"/v1/events/{Uri.EscapeDataString(eventId)}");
            Assert.Equal(eventId, (await byPath.JsonAsync(200)).GetProperty("event").GetProperty("id").GetString());
        }
    }

    private Task<JsonElement> SendAsync(IEnumerable<string> ids, string customer) => Admin.IngestManyAsync(
        ids.Select((id, index) => new { event_name = $"{_name}-{index % 3}", external_customer_id = customer, event_id = id, timestamp = server.Now }));
}
