using System.Globalization;
using System.Text.Json;
using CsCheck;
using Microsoft.Extensions.Time.Testing;
using Tollgate.Contracts;
using Tollgate.ServerTests.Events;
using Xunit;

namespace Tollgate.ServerTests.Constraints;

/// <summary>What a limited key writes and reads, by every route, is what is left when all else is taken away by hand.</summary>
public sealed class ConstrainedEventsTests : IAsyncLifetime
{
    private static readonly string[] Names = ["api_call", "api_", "API_call", "apix", "storage", "api%", "é", "éa"];
    private static readonly string[] Customers = ["acme", "acme-eu", "ACME", "globex", "a%", "日本"];
    private static readonly string?[] Sources = ["web", "Web", "app", null, ""];
    private static readonly DateTimeOffset Now = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private static readonly Gen<KeyConstraints> Constraints = Gen.Select(
        Some(["api_*", "api_call", "a*", "API_*", "storage", "é*", "api%*", "apix"]),
        Some(["acme*", "acme", "globex", "A*", "日*", "a%", "ac*", "nobody"]),
        Some(["web", "app", "Web", "none"]),
        Gen.Int[-500_000, 500_000].Select(seconds => seconds <= 0 ? (int?)null : seconds),
        (names, customers, sources, age) => new KeyConstraints
        {
            EventNames = names,
            ExternalCustomerIds = customers,
            Sources = sources,
            MaxEventAgeSeconds = age,
        }).Where(constraints => constraints != new KeyConstraints());

    private readonly FakeTimeProvider _clock = new(Now);
    private TollgateServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await TollgateServer.StartAsync(_clock);

    public async ValueTask DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task A_limited_key_reads_what_is_left_of_everything_by_every_route()
    {
        var all = await SeedAsync(400);
        var reader = await _server.CreateServiceAccountAsync("event_reader");
        var asked = 0;
        await Gen.Select(Constraints, Gen.Int[0, all.Count - 1].Array[4], Gen.Int[1, 200]).SampleAsync(
            async (constraints, places, pageSize) =>
            {
                using var client = _server.ClientWith((await _server.CreateKeyAsync(constraints, reader)).ApiKey);
                var inside = all.Where(each => ConstrainedKeys.Allows(constraints, each.Name, each.Customer, each.Source, Now - each.At)).ToList();
                asked += await AssertPagesAsync(client, inside, pageSize);
                asked += await AssertListAsync(client, inside);
                asked += await AssertUsageAsync(client, inside);
                foreach (var place in places)
                {
                    asked += await AssertOneAsync(client, all[place], inside.Contains(all[place]));
                }
            },
            iter: 60,
            threads: 1);

        Assert.InRange(asked, 1_000, int.MaxValue);
    }

    [Fact]
    public async Task A_limited_key_stores_what_is_inside_and_nothing_else()
    {
        var writer = await _server.CreateServiceAccountAsync("event_ingestor");
        var stored = 0;
        var judged = 0;
        await Gen.Select(Constraints, Events.Array[12], Gen.Bool).SampleAsync(
            async (constraints, events, partial) =>
            {
                using var client = _server.ClientWith((await _server.CreateKeyAsync(constraints, writer)).ApiKey);
                var sent = events.Select(each => each with { Id = EventClients.Unique() }).ToList();
                var inside = sent.Where(each => ConstrainedKeys.Allows(constraints, each.Name, each.Customer, each.Source, Now - each.At)).ToList();
                using var response = await client.PostJsonAsync(
                    "/v1/events/bulk" + (partial ? "?mode=partial" : ""), new { events = sent.Select(each => each.Body) });
                if (partial)
                {
                    var statuses = (await response.JsonAsync(202)).Statuses();
                    Assert.Equal(sent.Select(each => inside.Contains(each) ? "accepted" : "rejected"), statuses);
                    stored += inside.Count;
                }
                else if (inside.Count == sent.Count)
                {
                    await response.ShouldBeAsync(202);
                    stored += sent.Count;
                }
                else
                {
                    var problem = await response.ShouldBeProblemAsync(403, "constraint_violation");
                    var outside = sent.Select((each, index) => (each, index)).Where(pair => !inside.Contains(pair.each)).Select(pair => $"events[{pair.index}]");
                    Assert.Equal(outside, problem.GetProperty("details").GetProperty("errors").EnumerateObject().Select(error => error.Name.Split('.')[0]));
                }

                judged += sent.Count;
                Assert.Equal(stored, (await _server.AdminClient.QueryAsync(new { page_size = 1, start_time = Now.AddDays(-30), end_time = Now.AddDays(1) }))
                    .GetProperty("total_count").GetInt32());
            },
            iter: 90,
            threads: 1);

        Assert.InRange(judged, 1_000, int.MaxValue);
        Assert.InRange(stored, 1, judged - 1);
    }

    [Fact]
    public async Task A_single_event_outside_is_refused_with_the_constraint_and_what_it_allows()
    {
        using var client = await _server.LimitedAdminAsync(new KeyConstraints { EventNames = ["api_*"], Sources = ["web"], MaxEventAgeSeconds = 3600 });

        using var named = await client.PostJsonAsync("/v1/events", new { event_name = "storage", external_customer_id = "c", source = "web" });
        using var without = await client.PostJsonAsync("/v1/events", new { event_name = "api_call", external_customer_id = "c" });
        using var old = await client.PostJsonAsync(
            "/v1/events", new { event_name = "api_call", external_customer_id = "c", source = "web", timestamp = Now.AddSeconds(-3601) });
        using var good = await client.PostJsonAsync(
            "/v1/events", new { event_name = "api_call", external_customer_id = "c", source = "web", timestamp = Now.AddSeconds(-3600) });

        var problem = await named.ShouldBeProblemAsync(403, "constraint_violation");
        Assert.Equal("event_name: this key may send only: api_*.", problem.GetProperty("message").GetString());
        Assert.Equal("event_names", problem.GetProperty("details").GetProperty("constraint").GetString());
        Assert.Equal("api_*", problem.GetProperty("details").GetProperty("constraints").GetProperty("event_names")[0].GetString());
        Assert.StartsWith("decision_", problem.GetProperty("details").GetProperty("decision_id").GetString(), StringComparison.Ordinal);
        Assert.Equal("sources", (await without.ShouldBeProblemAsync(403, "constraint_violation")).GetProperty("details").GetProperty("constraint").GetString());
        Assert.Equal(
            "timestamp: this key may send only events of the last 3600 seconds.",
            (await old.ShouldBeProblemAsync(403, "constraint_violation")).GetProperty("message").GetString());
        await good.ShouldBeAsync(202);
        Assert.Single((await _server.AdminClient.QueryAsync(new { })).Ids());
    }

    [Fact]
    public async Task What_is_wrong_with_a_request_is_said_before_what_is_outside()
    {
        using var client = await _server.LimitedAdminAsync(new KeyConstraints { EventNames = ["api_*"] });

        Assert.Equal(
            ["events[1].external_customer_id"],
            await client.RefusedFieldsAsync(
                "/v1/events/bulk",
                new { events = new object[] { new { event_name = "storage", external_customer_id = "c" }, new { event_name = "api_call" } } }));
    }

    [Fact]
    public async Task Another_customers_id_is_no_way_round_the_constraint()
    {
        var (own, other) = (await CreateCustomerAsync("acme"), await CreateCustomerAsync("globex"));
        using var client = await _server.LimitedAdminAsync(new KeyConstraints { ExternalCustomerIds = ["acme"] });
        object[] events =
        [
            new { event_name = "n", external_customer_id = "acme", customer_id = own },
            new { event_name = "n", external_customer_id = "acme", customer_id = other },
            new { event_name = "n", external_customer_id = "acme", customer_id = "made up" },
            new { event_name = "n", external_customer_id = "acme", customer_id = "" },
            new { event_name = "n", external_customer_id = "acme" },
        ];

        var answer = await client.IngestManyAsync(events, "?mode=partial");
        using var single = await client.PostJsonAsync("/v1/events", events[1]);

        Assert.Equal(["accepted", "rejected", "rejected", "accepted", "accepted"], answer.Statuses());
        Assert.Equal(
            "customer_id: must be the id of a customer that this key may send events of, or absent.",
            answer.GetProperty("results")[1].GetProperty("error").GetString());
        await single.ShouldBeProblemAsync(403, "constraint_violation");
    }

    [Fact]
    public async Task A_page_key_of_another_key_leads_to_nothing_more()
    {
        await SeedAsync(100);
        var wide = await _server.AdminClient.QueryAsync(new { page_size = 1, order = "asc" });
        using var client = await _server.LimitedAdminAsync(new KeyConstraints { ExternalCustomerIds = ["acme"] });

        var rest = await client.QueryAsync(new { page_size = 500, order = "asc", iter_last_key = wide.GetProperty("iter_last_key").GetString() });

        Assert.All(rest.GetProperty("events").EnumerateArray(), each => Assert.Equal("acme", each.GetProperty("external_customer_id").GetString()));
    }

    private static Gen<Sent> Events { get; } = Gen.Select(
        Gen.Int[0, Names.Length - 1],
        Gen.Int[0, Customers.Length - 1],
        Gen.Int[0, Sources.Length - 1],
        // Some of them in the future.
        Gen.Int[-600, 500_000],
        Gen.Int[0, 4],
        (name, customer, source, age, value) => new Sent("", Names[name], Customers[customer], Sources[source], Now.AddSeconds(-age), value));

    private static Gen<string[]?> Some(string[] patterns) => Gen.Int[0, (1 << patterns.Length) - 1].Select(Gen.Int[0, 3], (bits, kind) =>
        kind == 0 || bits == 0 ? null : patterns.Where((_, index) => (bits & (1 << index)) != 0).Take(kind).ToArray());

    private async Task<List<Sent>> SeedAsync(int count)
    {
        var all = Events.Array[count].Single().Select(each => each with { Id = EventClients.Unique() }).ToList();
        await _server.AdminClient.IngestManyAsync(all.Select(each => each.Body));
        return all;
    }

    private async Task<string> CreateCustomerAsync(string externalId)
    {
        using var response = await _server.AdminClient.PostJsonAsync("/v1/customers", new { external_id = externalId, name = "A customer" });
        return (await response.JsonAsync(201)).GetProperty("id").GetString()!;
    }

    private static async Task<int> AssertPagesAsync(HttpClient client, List<Sent> inside, int pageSize)
    {
        var query = new { start_time = Now.AddDays(-30), end_time = Now.AddDays(1), order = "asc", page_size = pageSize, iter_last_key = (string?)null };
        var seen = new List<string>();
        var page = await client.QueryAsync(query);
        Assert.Equal(inside.Count, page.GetProperty("total_count").GetInt32());
        var asked = 1;
        while (true)
        {
            seen.AddRange(page.Ids());
            if (!page.GetProperty("has_more").GetBoolean())
            {
                break;
            }

            asked++;
            page = await client.QueryAsync(query with { iter_last_key = page.GetProperty("iter_last_key").GetString() });
        }

        Assert.Equal(inside.Select(each => each.Id).Order(StringComparer.Ordinal), seen.Order(StringComparer.Ordinal));
        return asked;
    }

    private static async Task<int> AssertListAsync(HttpClient client, List<Sent> inside)
    {
        var asked = 0;
        foreach (var name in Names)
        {
            using var response = await client.GetPathAsync(
                $"/v1/events?event_name={Uri.EscapeDataString(name)}&page_size=500&start_time={Rfc3339.Format(Now.AddDays(-30))}&end_time={Rfc3339.Format(Now.AddDays(1))}");
            var page = await response.JsonAsync(200);
            Assert.Equal(
                inside.Where(each => each.Name == name).Select(each => each.Id).Order(StringComparer.Ordinal),
                page.Ids().Order(StringComparer.Ordinal));
            asked++;
        }

        return asked;
    }

    private static async Task<int> AssertUsageAsync(HttpClient client, List<Sent> inside)
    {
        var asked = 0;
        foreach (var name in (string[])["api_call", "storage"])
        {
            var named = inside.Where(each => each.Name == name).ToList();
            var usage = await client.UsageAsync(new
            {
                event_name = name,
                aggregation_type = "SUM",
                property_name = "v",
                group_by = new[] { "external_customer_id" },
                start_time = Now.AddDays(-30),
                end_time = Now.AddDays(1),
            });
            Assert.Equal(named.Count(each => each.Value == 0), usage.GetProperty("skipped").GetInt32());
            Assert.Equal(named.Sum(each => each.Value), usage.GetProperty("value").GetInt32());
            Assert.Equal(
                named.Where(each => each.Value > 0).GroupBy(each => each.Customer)
                    .Select(group => $"{group.Key}: {group.Sum(each => each.Value)}").Order(StringComparer.Ordinal),
                usage.GetProperty("results").EnumerateArray()
                    .Select(bucket => $"{bucket.GetProperty("group").GetProperty("external_customer_id").GetString()}: {bucket.GetProperty("value").GetInt32()}")
                    .Order(StringComparer.Ordinal));
            asked++;
        }

        return asked;
    }

    private static async Task<int> AssertOneAsync(HttpClient client, Sent sent, bool isInside)
    {
        using var byId = await client.GetPathAsync($"/v1/events/{sent.Id}");
        using var lookup = await client.GetPathAsync($"/v1/events/lookup?id={sent.Id}");
        foreach (var response in (HttpResponseMessage[])[byId, lookup])
        {
            if (isInside)
            {
                Assert.Equal(sent.Id, (await response.JsonAsync(200)).GetProperty("event").GetProperty("id").GetString());
            }
            else
            {
                // The same answer as for an id that never existed.
                await response.ShouldBeProblemAsync(404, "not_found");
            }
        }

        return 2;
    }

    private sealed record Sent(string Id, string Name, string Customer, string? Source, DateTimeOffset At, int Value)
    {
        public object Body => new
        {
            event_id = Id,
            event_name = Name,
            external_customer_id = Customer,
            source = Source,
            timestamp = At,
            properties = JsonSerializer.SerializeToElement(
                Value == 0 ? new Dictionary<string, string>() : new Dictionary<string, string> { ["v"] = Value.ToString(CultureInfo.InvariantCulture) }),
        };
    }
}
