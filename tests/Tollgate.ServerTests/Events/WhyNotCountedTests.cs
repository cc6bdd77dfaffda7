using System.Globalization;
using Tollgate.Contracts;
using Xunit;

namespace Tollgate.ServerTests.Events;

/// <summary>What is said about single events is what usage does with them.</summary>
public sealed class WhyNotCountedTests(TollgateServer server) : IClassFixture<TollgateServer>
{
    private readonly string _name = EventClients.Unique();

    private HttpClient Admin => server.AdminClient;

    [Fact]
    public async Task The_verdict_on_every_event_is_what_the_usage_of_every_meter_makes_of_it()
    {
        const int Events = 60;
        object?[] values = [1, 1.50m, "1.5", "15e-1", "free", "", true, null, new { a = 1 }, new[] { 1 }, "1e99", -0.0m, "12345678901234567890123456789012345678.5"];
        var start = new DateTimeOffset(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);
        var random = new Random(1);
        await Admin.IngestManyAsync(Enumerable.Range(0, Events).Select(index =>
        {
            var properties = new Dictionary<string, object?>();
            foreach (var name in new[] { "a", "b", "c d" })
            {
                if (random.Next(5) > 0)
                {
                    properties[name] = values[random.Next(values.Length)];
                }
            }

            return (object)new { event_name = _name, external_customer_id = "c", event_id = Id(index), timestamp = start.AddMinutes(index), properties };
        }));
        var meters = new List<MeterResponse>();
        for (var index = 0; index < 24; index++)
        {
            var type = new[] { "COUNT", "SUM", "AVG", "MAX", "COUNT_UNIQUE", "LATEST", "SUM_WITH_MULTIPLIER", "WEIGHTED_SUM" }[index % 8];
            meters.Add(await MeterAsync(new
            {
                name = $"{_name} {index:00}",
                event_name = _name,
                aggregation = new { type, field = type == "COUNT" ? null : "a", multiplier = type == "SUM_WITH_MULTIPLIER" ? "0.25" : null },
                filters = index < 8 ? [] : index < 16
                    ? new[] { new { key = "b", values = new[] { "1.5", "true", "free" } } }
                    : [new { key = "b", values = new[] { "1", "1.5", "free", "" } }, new { key = "c d", values = new[] { "1.50", "0", "free", "true" } }],
            }));
        }

        var counted = new Dictionary<string, Dictionary<DateTimeOffset, string?>>();
        foreach (var meter in meters)
        {
            using var response = await Admin.PostJsonAsync(
                "/v1/events/usage/meter", new { meter_id = meter.Id, start_time = start, end_time = start.AddMinutes(Events), window_size = "MINUTE" });
            counted[meter.Id] = (await response.ReadAsync<MeterUsageResponse>(200)).Results.ToDictionary(window => window.WindowSize!.Value, window => window.Value?.ToString());
        }

        var reasons = new HashSet<string?>();
        for (var index = 0; index < Events; index++)
        {
            var verdicts = (await LookUpAsync(Id(index))).Meters;
            Assert.Equal(meters.Select(meter => meter.Id), verdicts.Select(verdict => verdict.MeterId));
            foreach (var verdict in verdicts)
            {
                var isCounted = counted[verdict.MeterId].TryGetValue(start.AddMinutes(index), out var value);
                Assert.Equal((isCounted, !isCounted, !isCounted), (verdict.Counted, verdict.Reason is not null, verdict.Message is not null));
                reasons.Add(verdict.Reason);
                if (isCounted && verdict.Type is not ("COUNT_UNIQUE" or "WEIGHTED_SUM"))
                {
                    Assert.Equal(value, verdict.Value);
                }
            }
        }

        Assert.Equal(["", "filter", "property_missing", "property_not_a_number"], reasons.Select(reason => reason ?? "").Order(StringComparer.Ordinal));

        string Id(int index) => string.Create(CultureInfo.InvariantCulture, $"{_name} {index:000}");
    }

    [Fact]
    public async Task An_event_says_whether_its_customer_exists_and_which_meter_is_near_its_name()
    {
        await MeterAsync(new { name = _name, event_name = _name, aggregation = new { type = "COUNT" } });
        await Admin.IngestAsync(new { event_name = _name + "s", external_customer_id = _name, event_id = _name });

        var unknown = await LookUpAsync(_name);
        Assert.Equal((_name, null, "unknown"), (unknown.Customer.ExternalCustomerId, unknown.Customer.Id, unknown.Customer.Status));
        Assert.Empty(unknown.Meters);
        Assert.Equal((_name, 1), (unknown.NearestMeter!.EventName, unknown.NearestMeter.Distance));

        var customer = await CustomerAsync(_name);
        Assert.Equal((customer, "published"), ((await LookUpAsync(_name)).Customer.Id, (await LookUpAsync(_name)).Customer.Status));
        using var archived = await Admin.PutJsonAsync($"/v1/customers/{customer}", new { status = "archived" });
        Assert.Equal((customer, "archived"), ((await LookUpAsync(_name)).Customer.Id, (await LookUpAsync(_name)).Customer.Status));
    }

    [Fact]
    public async Task A_diagnosis_names_what_is_not_counted_and_why_with_examples()
    {
        await using var own = await TollgateServer.StartAsync();
        using (var made = await own.AdminClient.PostJsonAsync("/v1/customers", new { external_id = "known", name = "Known" }))
        {
            await made.ShouldBeAsync(201);
        }

        await MeterAsync(new { name = "Tokens", event_name = "completion", aggregation = new { type = "SUM", field = "tokens" } }, own.AdminClient);
        await MeterAsync(new { name = "Models", event_name = "completion", aggregation = new { type = "COUNT_UNIQUE", field = "model" } }, own.AdminClient);
        await own.AdminClient.IngestManyAsync(
        [
            Event("completion", "known", "1", new { tokens = 3, model = "large" }),
            Event("completion", "known", "2", new { tokens = "many", model = "large" }),
            Event("completion", "stranger", "3", new { model = (string?)null }),
            Event("completions", "stranger", "4", new { tokens = 3 }),
            Event("something else", "known", "5", new { tokens = 3 }),
            Event("completions", "stranger", "6", new { tokens = 3 }),
        ]);

        using var response = await own.AdminClient.GetPathAsync("/v1/events/diagnostics");
        var found = await response.ReadAsync<EventDiagnosticsResponse>(200);

        Assert.Equal(
            [("completions", 2L, "completion"), ("something else", 1L, null)],
            found.NamesWithoutMeter.Select(name => (name.EventName, name.Events, name.NearestMeter?.EventName)));
        Assert.Equal(["6", "4"], found.NamesWithoutMeter[0].Examples.Select(example => example.Id));
        Assert.Equal([("stranger", 3L)], found.UnknownCustomers.Select(customer => (customer.ExternalCustomerId, customer.Events)));
        Assert.Equal(["6", "4", "3"], found.UnknownCustomers[0].Examples.Select(example => example.Id));
        Assert.Equal(
            [("Tokens", "tokens", 2L), ("Models", "model", 1L)], found.UnparsedProperties.Select(meter => (meter.Name, meter.Property, meter.Events)));
        Assert.Equal([("3", null), ("2", "many")], found.UnparsedProperties[0].Examples.Select(example => (example.Id, example.Value)));
        Assert.Equal((false, false), (found.HasMoreNames, found.HasMoreCustomers));
        Assert.Equal(["start_time"], await RefusedAsync(own.AdminClient, "?start_time=2026-03-02T00:00:00Z&end_time=2026-03-01T00:00:00Z"));
    }

    [Fact]
    public async Task A_diagnosis_for_a_limited_key_is_about_its_events_alone()
    {
        await Admin.IngestManyAsync([Event(_name + " a", "x", _name + "1", new { }), Event(_name + " b", "y", _name + "2", new { })]);
        var account = await server.CreateServiceAccountAsync(BuiltInRoles.EventReader);
        using var made = await Admin.PostJsonAsync("/v1/secrets/api/keys", new
        {
            name = "limited",
            type = "private_key",
            service_account_id = account.Id,
            constraints = new { event_names = new[] { _name + " a" } },
        });
        using var limited = server.ClientWith((await made.ReadAsync<CreatedApiKeyResponse>(201)).ApiKey);

        using var response = await limited.GetPathAsync("/v1/events/diagnostics");
        var found = await response.ReadAsync<EventDiagnosticsResponse>(200);

        Assert.Equal([_name + " a"], found.NamesWithoutMeter.Select(name => name.EventName));
        Assert.Equal(["x"], found.UnknownCustomers.Select(customer => customer.ExternalCustomerId));
    }

    private static object Event(string name, string customer, string id, object properties) => new
    {
        event_name = name,
        external_customer_id = customer,
        event_id = id,
        properties,
    };

    private static async Task<string[]> RefusedAsync(HttpClient client, string query)
    {
        using var response = await client.GetPathAsync("/v1/events/diagnostics" + query);
        var problem = await response.ShouldBeProblemAsync(400, ErrorCodes.ValidationError);
        return [.. problem.GetProperty("details").GetProperty("errors").EnumerateObject().Select(error => error.Name)];
    }

    private async Task<SingleEventResponse> LookUpAsync(string id)
    {
        using var response = await Admin.GetPathAsync($"/v1/events/lookup?id={Uri.EscapeDataString(id)}");
        return await response.ReadAsync<SingleEventResponse>(200);
    }

    private async Task<MeterResponse> MeterAsync(object body, HttpClient? client = null)
    {
        using var response = await (client ?? Admin).PostJsonAsync("/v1/meters", body);
        return await response.ReadAsync<MeterResponse>(201);
    }

    private async Task<string> CustomerAsync(string externalId)
    {
        using var response = await Admin.PostJsonAsync("/v1/customers", new { external_id = externalId, name = "A customer" });
        return (await response.ReadAsync<CustomerResponse>(201)).Id;
    }
}
