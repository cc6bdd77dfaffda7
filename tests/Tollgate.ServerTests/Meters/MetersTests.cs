using System.Text.Json;
using Tollgate.Contracts;
using Tollgate.ServerTests.Events;
using Xunit;

namespace Tollgate.ServerTests.Meters;

public sealed class MetersTests(TollgateServer server) : IClassFixture<TollgateServer>
{
    private readonly string _name = EventClients.Unique();

    private HttpClient Admin => server.AdminClient;

    [Fact]
    public async Task A_meter_is_created_read_changed_listed_and_archived_and_each_change_is_recorded()
    {
        var filters = new[] { new { key = "region", values = new[] { "eu", "us" } } };
        var made = await CreateAsync(new { name = _name, event_name = _name, aggregation = new { type = "SUM", field = "tokens" }, filters });

        Assert.Matches("^meter_[0-9A-HJKMNP-TV-Z]{26}$", made.Id);
        Assert.Equal(("SUM", "tokens", null, "BILLING_PERIOD", "published"), (made.Aggregation.Type, made.Aggregation.Field, made.Aggregation.Multiplier, made.ResetUsage, made.Status));
        Assert.Equal(["eu", "us"], made.Filters.Single().Values);
        Assert.Equal(made.Id, (await GetAsync(made.Id)).Id);

        using var put = await Admin.PutJsonAsync($"/v1/meters/{made.Id}", new { name = _name + " new", filters = Array.Empty<object>() });
        var changed = await put.ReadAsync<MeterResponse>(200);
        Assert.Equal(_name + " new", changed.Name);
        Assert.Empty(changed.Filters);
        Assert.Equal([made.Id], await ListedAsync($"event_name={_name}"));

        using var deleted = await Admin.DeletePathAsync($"/v1/meters/{made.Id}");
        await deleted.ShouldBeAsync(204);
        Assert.Equal("archived", (await GetAsync(made.Id)).Status);
        Assert.Empty(await ListedAsync($"event_name={_name}"));
        Assert.Equal([made.Id], await ListedAsync($"event_name={_name}&status=archived"));
        using var again = await Admin.PutJsonAsync($"/v1/meters/{made.Id}", new { name = "x" });
        await again.ShouldBeProblemAsync(404, ErrorCodes.NotFound);

        using var logs = await Admin.GetPathAsync($"/v1/audit/logs?target_id={made.Id}");
        var records = (await logs.ReadAsync<ListResponse<AuditLogResponse>>(200)).Items.Where(record => record.Action != "access.denied");
        Assert.Equal(["meter.delete", "meter.update", "meter.create"], records.Select(record => record.Action));
    }

    [Fact]
    public async Task Two_meters_in_use_have_different_names_and_any_number_may_count_the_same_events()
    {
        var first = await CreateAsync(Counting(_name));
        await CreateAsync(Counting(_name + " 2"));
        using (var second = await Admin.PostJsonAsync("/v1/meters", Counting(_name)))
        {
            await second.ShouldBeProblemAsync(409, ErrorCodes.AlreadyExists);
        }

        using (var renamed = await Admin.PutJsonAsync($"/v1/meters/{first.Id}", new { name = _name + " 2" }))
        {
            await renamed.ShouldBeProblemAsync(409, ErrorCodes.AlreadyExists);
        }

        using (var deleted = await Admin.DeletePathAsync($"/v1/meters/{first.Id}"))
        {
            await deleted.ShouldBeAsync(204);
        }

        Assert.NotEqual(first.Id, (await CreateAsync(Counting(_name))).Id);
    }

    [Theory]
    [InlineData("""{"type":"SUM"}""", "aggregation.field")]
    [InlineData("""{"type":"COUNT","field":"tokens"}""", "aggregation.field")]
    [InlineData("""{"type":"MEDIAN","field":"tokens"}""", "aggregation.type")]
    [InlineData("""{"type":"SUM_WITH_MULTIPLIER","field":"tokens"}""", "aggregation.multiplier")]
    [InlineData("""{"type":"SUM_WITH_MULTIPLIER","field":"tokens","multiplier":"0"}""", "aggregation.multiplier")]
    [InlineData("""{"type":"SUM_WITH_MULTIPLIER","field":"tokens","multiplier":"1e3"}""", "aggregation.multiplier")]
    [InlineData("""{"type":"SUM_WITH_MULTIPLIER","field":"tokens","multiplier":"0.0000000000000000001"}""", "aggregation.multiplier")]
    [InlineData("""{"type":"SUM","field":"tokens","multiplier":"2"}""", "aggregation.multiplier")]
    [InlineData("""{"type":"COUNT","bucket_size":"HOUR"}""", "aggregation.bucket_size")]
    [InlineData("""{"type":"COUNT"},"filters":[{"key":"a","values":["1"]},{"key":"a","values":["2"]}]""", "filters[1].key")]
    [InlineData("""{"type":"COUNT"},"filters":[{"key":"a","values":[]}]""", "filters[0].values")]
    [InlineData("""{"type":"COUNT"},"reset_usage":"YEARLY" """, "reset_usage")]
    [InlineData("""{"type":"WEIGHTED_SUM","field":"tokens"},"reset_usage":"NEVER" """, "reset_usage")]
    public async Task What_is_wrong_with_a_meter_is_named(string aggregation, string field) => Assert.Equal(
        [field], await Admin.RefusedFieldsAsync("/v1/meters", $$"""{"name":"{{_name}}","event_name":"{{_name}}","aggregation":{{aggregation}}}"""));

    [Theory]
    [InlineData("event_name", "\"x\"")]
    [InlineData("aggregation", """{"type":"COUNT"}""")]
    [InlineData("reset_usage", "\"NEVER\"")]
    public async Task What_a_meter_counts_is_fixed(string member, string value)
    {
        var meter = await CreateAsync(Counting(_name));

        using var response = await Admin.PutJsonAsync($"/v1/meters/{meter.Id}", $$"""{"{{member}}":{{value}}}""");

        await response.ShouldBeProblemAsync(400, ErrorCodes.ValidationError);
    }

    [Fact]
    public async Task Usage_by_meter_is_what_its_aggregation_and_both_filters_make_of_the_events()
    {
        await SendSomeAsync();
        var meter = await CreateAsync(new
        {
            name = _name,
            event_name = _name,
            aggregation = new { type = "SUM_WITH_MULTIPLIER", field = "tokens", multiplier = "0.001" },
            filters = new[] { new { key = "region", values = new[] { "eu", "1.50" } } },
        });

        var all = await UsageAsync(new { meter_id = meter.Id, start_time = Day(1), end_time = Day(4) });
        Assert.Equal(("0.0165", 2L, 1L), (all.Value.ToString(), all.Events, all.Skipped));

        // A number is the same by value: "1.5" in the request meets "1.50" of the meter and 1.5 of the event.
        var both = await UsageAsync(new
        {
            meter_id = meter.Id,
            start_time = Day(1),
            end_time = Day(4),
            filters = new Dictionary<string, string[]> { ["region"] = ["1.5", "us"] },
        });
        Assert.Equal(("0.0005", 1L), (both.Value.ToString(), both.Events));

        var none = await UsageAsync(new
        {
            meter_id = meter.Id,
            start_time = Day(1),
            end_time = Day(4),
            filters = new Dictionary<string, string[]> { ["region"] = ["us"] },
        });
        Assert.Equal(("0", 0L), (none.Value.ToString(), none.Events));

        var days = await UsageAsync(new { meter_id = meter.Id, start_time = Day(1), end_time = Day(4), window_size = "DAY" });
        Assert.Equal([(Day(1), "0.016"), (Day(3), "0.0005")], days.Results.Select(window => (window.WindowSize!.Value, window.Value.ToString())));
        Assert.Equal("0.0165", days.Value.ToString());
    }

    [Fact]
    public async Task A_meter_that_never_resets_counts_from_the_first_event_ever()
    {
        await SendSomeAsync();
        var meter = await CreateAsync(new { name = _name, event_name = _name, aggregation = new { type = "COUNT" }, reset_usage = "NEVER" });
        var query = new { meter_id = meter.Id, start_time = Day(3), end_time = Day(4), window_size = (string?)"DAY" };

        var windows = await UsageAsync(query);
        Assert.Equal("5", windows.Value.ToString());
        Assert.Equal([(Day(3), "1")], windows.Results.Select(window => (window.WindowSize!.Value, window.Value.ToString())));
        Assert.Equal("5", (await UsageAsync(query with { window_size = null })).Value.ToString());
    }

    [Fact]
    public async Task All_meters_of_a_customer_are_answered_at_once_exact_and_null_where_there_is_nothing()
    {
        await SendSomeAsync();
        var customer = await CustomerAsync(_name + " a");
        await CreateAsync(new { name = _name + " 1", event_name = _name, aggregation = new { type = "COUNT" } });
        await CreateAsync(new { name = _name + " 2", event_name = _name, aggregation = new { type = "MAX", field = "tokens" } });
        await CreateAsync(new { name = _name + " 3", event_name = _name + "none", aggregation = new { type = "LATEST", field = "tokens" } });

        using var response = await Admin.GetPathAsync($"/v1/customers/{customer}/usage?start_time=2026-03-01T00:00:00Z&end_time=2026-03-04T00:00:00Z");
        var usage = await response.ReadAsync<CustomerUsageResponse>(200);

        Assert.Equal((customer, _name + " a", Day(1), Day(4)), (usage.CustomerId, usage.ExternalCustomerId, usage.StartTime, usage.EndTime));
        Assert.Equal(
            [("1", "3", 3L, 0L), ("2", "16", 2L, 1L), ("3", null, 0L, 0L)],
            usage.Meters.Where(meter => meter.Name.StartsWith(_name, StringComparison.Ordinal))
                .Select(meter => (meter.Name[^1..], meter.Value?.ToString(), meter.Events, meter.Skipped)));
    }

    [Fact]
    public async Task A_key_that_is_limited_to_a_customer_gets_usage_of_that_customer_alone_and_no_meter_of_other_events()
    {
        await SendSomeAsync();
        var meter = await CreateAsync(Counting(_name));
        var other = await CreateAsync(new { name = _name + " other", event_name = _name + "other", aggregation = new { type = "COUNT" } });
        var account = await server.CreateServiceAccountAsync(BuiltInRoles.EventReader);
        using var created = await Admin.PostJsonAsync("/v1/secrets/api/keys", new
        {
            name = "limited",
            type = "private_key",
            service_account_id = account.Id,
            constraints = new { external_customer_ids = new[] { _name + " a" }, event_names = new[] { _name } },
        });
        using var limited = server.ClientWith((await created.ReadAsync<CreatedApiKeyResponse>(201)).ApiKey);

        Assert.Equal("3", (await UsageAsync(new { meter_id = meter.Id, start_time = Day(1), end_time = Day(4) }, limited)).Value.ToString());
        Assert.Equal("5", (await UsageAsync(new { meter_id = meter.Id, start_time = Day(1), end_time = Day(4) })).Value.ToString());
        using var hidden = await limited.PostJsonAsync("/v1/events/usage/meter", new { meter_id = other.Id });
        await hidden.ShouldBeProblemAsync(404, ErrorCodes.NotFound);
        foreach (var (name, status) in new[] { (_name + " a", 200), (_name + " b", 404) })
        {
            using var usage = await limited.GetPathAsync($"/v1/customers/{await CustomerAsync(name)}/usage");
            await usage.ShouldBeAsync(status);
        }

        using var meters = await limited.GetPathAsync("/v1/meters");
        await meters.ShouldBeAsync(403);
    }

    [Fact]
    public async Task An_archived_meter_answers_no_usage()
    {
        var meter = await CreateAsync(Counting(_name));
        using var deleted = await Admin.DeletePathAsync($"/v1/meters/{meter.Id}");

        using var response = await Admin.PostJsonAsync("/v1/events/usage/meter", new { meter_id = meter.Id });

        await response.ShouldBeProblemAsync(404, ErrorCodes.NotFound);
    }

    private static DateTimeOffset Day(int day) => new(2026, 3, day, 0, 0, 0, TimeSpan.Zero);

    private static object Counting(string name) => new { name, event_name = name.Split(' ')[0], aggregation = new { type = "COUNT" } };

    /// <summary>Three events of one customer and two of another, over three days.</summary>
    private Task<JsonElement> SendSomeAsync() => Admin.IngestManyAsync(
    [
        Event("a", 1, new { region = "eu", tokens = 16 }),
        Event("a", 1, new { region = "eu", tokens = "many" }),
        Event("a", 2, new { region = "us", tokens = 7 }),
        Event("b", 2, new { tokens = 5 }),
        Event("b", 3, new { region = 1.5m, tokens = "0.5" }),
    ]);

    private object Event(string customer, int day, object properties) =>
        new { event_name = _name, external_customer_id = $"{_name} {customer}", timestamp = Day(day).AddHours(5), properties };

    private async Task<MeterResponse> CreateAsync(object body)
    {
        using var response = await Admin.PostJsonAsync("/v1/meters", body);
        return await response.ReadAsync<MeterResponse>(201);
    }

    private async Task<MeterResponse> GetAsync(string id)
    {
        using var response = await Admin.GetPathAsync($"/v1/meters/{id}");
        return await response.ReadAsync<MeterResponse>(200);
    }

    private async Task<string[]> ListedAsync(string query)
    {
        using var response = await Admin.GetPathAsync($"/v1/meters?{query}");
        return [.. (await response.ReadAsync<ListResponse<MeterResponse>>(200)).Items.Select(meter => meter.Id)];
    }

    private async Task<MeterUsageResponse> UsageAsync(object query, HttpClient? client = null)
    {
        using var response = await (client ?? Admin).PostJsonAsync("/v1/events/usage/meter", query);
        return await response.ReadAsync<MeterUsageResponse>(200);
    }

    private async Task<string> CustomerAsync(string externalId)
    {
        using var response = await Admin.PostJsonAsync("/v1/customers", new { external_id = externalId, name = "A customer" });
        return (await response.ReadAsync<CustomerResponse>(201)).Id;
    }
}
