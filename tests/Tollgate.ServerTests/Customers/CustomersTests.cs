using System.Text.Json;
using Tollgate.Contracts;
using Tollgate.ServerTests.Events;
using Xunit;

namespace Tollgate.ServerTests.Customers;

public sealed class CustomersTests(TollgateServer server) : IClassFixture<TollgateServer>
{
    private static readonly string[] OddNames = ["plain", "a.b", "$", "$.x", "#", "[0]", "it's", "ü €", " ", "%", "name with spaces", "*"];

    private static readonly string[] OddValues = ["", "a", "A", "Ab", "aB", "ä", "%", "_", "a%b", "'; DROP TABLE customers; --", "10", "9", "null"];

    private readonly string _name = EventClients.Unique();

    private HttpClient Admin => server.AdminClient;

    [Fact]
    public async Task An_archived_customer_leaves_the_lists_keeps_its_id_and_its_events_and_comes_back()
    {
        var customer = await CreateAsync(_name);
        using (var archived = await Admin.PutJsonAsync($"/v1/customers/{customer.Id}", new { status = "archived" }))
        {
            Assert.Equal("archived", (await archived.ReadAsync<CustomerResponse>(200)).Status);
        }

        Assert.Empty(await ListedAsync($"external_id={_name}"));
        Assert.Equal([customer.Id], await ListedAsync($"external_id={_name}&status=archived"));
        using (var read = await Admin.GetPathAsync($"/v1/customers/external/{_name}"))
        {
            Assert.Equal("archived", (await read.ReadAsync<CustomerResponse>(200)).Status);
        }

        using (var second = await Admin.PostJsonAsync("/v1/customers", new { external_id = _name, name = "Another" }))
        {
            await second.ShouldBeProblemAsync(409, ErrorCodes.AlreadyExists);
        }

        await Admin.IngestAsync(new { event_name = _name, external_customer_id = _name });
        using (var made = await Admin.PostJsonAsync("/v1/meters", new { name = _name, event_name = _name, aggregation = new { type = "COUNT" } }))
        {
            await made.ShouldBeAsync(201);
        }

        using (var asked = await Admin.GetPathAsync($"/v1/customers/{customer.Id}/usage"))
        {
            var usage = await asked.ReadAsync<CustomerUsageResponse>(200);
            Assert.Equal("1", usage.Meters.Single(meter => meter.Name == _name).Value.ToString());
        }

        using (var restored = await Admin.PutJsonAsync($"/v1/customers?external_customer_id={_name}", new { status = "published" }))
        {
            await restored.ShouldBeAsync(200);
        }

        Assert.Equal([customer.Id], await ListedAsync($"external_id={_name}"));
        Assert.Equal(["status"], await RefusedAsync(customer.Id, new { status = "deleted" }));
    }

    [Fact]
    public async Task A_deleted_customer_frees_its_id_and_its_events_still_count()
    {
        var customer = await CreateAsync(_name);
        await Admin.IngestAsync(new { event_name = _name, external_customer_id = _name });
        using (var deleted = await Admin.DeletePathAsync($"/v1/customers/{customer.Id}"))
        {
            await deleted.ShouldBeAsync(204);
        }

        Assert.Equal("1", (await Admin.UsageAsync(new { event_name = _name, aggregation_type = "COUNT" })).GetProperty("value").GetRawText());
        Assert.Equal([customer.Id], await ListedAsync($"external_id={_name}&status=deleted"));
        Assert.NotEqual(customer.Id, (await CreateAsync(_name)).Id);
    }

    [Fact]
    public async Task Every_operator_on_every_member_finds_what_a_model_finds()
    {
        var customers = new List<CustomerResponse>();
        for (var index = 0; index < OddValues.Length; index++)
        {
            var value = OddValues[index];
            customers.Add(await CreateAsync($"{_name} {index}", new()
            {
                ["contact"] = value,
                ["address_city"] = value,
                ["metadata"] = OddNames.Where((_, at) => at % 2 == index % 2).ToDictionary(name => name, _ => value),
            }));
        }

        foreach (var field in new[] { "contact", "address_city", "id", "external_id", "timezone" }.Concat(OddNames.Select(name => $"metadata.{name}")))
        {
            foreach (var value in OddValues.Append(customers[3].Id))
            {
                Assert.All<(string Operator, Func<string?, bool> Test)>(
                    [
                        ("eq", text => text == value),
                        ("contains", text => text?.Contains(value, StringComparison.OrdinalIgnoreCase) == true),
                        ("not_contains", text => text?.Contains(value, StringComparison.OrdinalIgnoreCase) != true),
                        ("gt", text => text is not null && string.CompareOrdinal(text, value) > 0),
                        ("lt", text => text is not null && string.CompareOrdinal(text, value) < 0),
                    ],
                    each => ShouldFind(customers.Where(customer => each.Test(Value(customer, field))), Condition(field, each.Operator, new { @string = value })));
            }

            string[] some = ["a", "%", "10", "absent"];
            ShouldFind(customers.Where(customer => some.Contains(Value(customer, field))), Condition(field, "in", new { array = some }));
            ShouldFind(customers.Where(customer => !some.Contains(Value(customer, field))), Condition(field, "not_in", new { array = some }));
        }

        void ShouldFind(IEnumerable<CustomerResponse> expected, object condition) => Assert.Equal(
            expected.Select(customer => customer.Id).Order(StringComparer.Ordinal), Found(customers, condition));
    }

    [Fact]
    public async Task Conditions_on_times_are_exact_and_all_conditions_must_hold()
    {
        var customers = new List<CustomerResponse> { await CreateAsync(_name + " 1"), await CreateAsync(_name + " 2"), await CreateAsync(_name + " 3") };
        var middle = customers[1].CreatedAt;

        foreach (var (before, after) in new[] { ("before", "after"), ("lt", "gt") })
        {
            Assert.Equal([customers[0].Id], Found(customers, Condition("created_at", before, new { date = middle })));
            Assert.Equal([customers[2].Id], Found(customers, Condition("created_at", after, new { date = middle })));
        }

        Assert.Equal([customers[1].Id], Found(customers, Condition("created_at", "eq", new { date = middle })));
        Assert.Empty(Found(
            customers, Condition("created_at", "eq", new { date = middle }), Condition("external_id", "eq", new { @string = _name + " 1" })));
    }

    [Theory]
    [InlineData("""{"field":"secret","operator":"eq","value":{"string":"x"}}""", "filters[0].field")]
    [InlineData("""{"field":"metadata.","operator":"eq","value":{"string":"x"}}""", "filters[0].field")]
    [InlineData("""{"field":"metadata.a\"b","operator":"eq","value":{"string":"x"}}""", "filters[0].field")]
    [InlineData("""{"field":"metadata.a\\b","operator":"eq","value":{"string":"x"}}""", "filters[0].field")]
    [InlineData("""{"field":"name","operator":"like","value":{"string":"x"}}""", "filters[0].operator")]
    [InlineData("""{"field":"name","operator":"before","value":{"string":"x"}}""", "filters[0].operator")]
    [InlineData("""{"field":"created_at","operator":"contains","value":{"date":"2026-01-01T00:00:00Z"}}""", "filters[0].operator")]
    [InlineData("""{"field":"created_at","operator":"eq","value":{"string":"x"}}""", "filters[0].value")]
    [InlineData("""{"field":"name","operator":"in","value":{"string":"x"}}""", "filters[0].value")]
    [InlineData("""{"field":"name","operator":"eq","value":{"string":"x","array":[]}}""", "filters[0].value")]
    [InlineData("""{"field":"name","operator":"eq","value":{"number":3}}""", "filters[0].value.number")]
    public async Task What_is_wrong_with_a_condition_is_named(string condition, string field) => Assert.Equal(
        [field], await Admin.RefusedFieldsAsync("/v1/customers/search", $$"""{"filters":[{{condition}}]}"""));

    [Fact]
    public async Task Pages_in_any_order_neither_skip_nor_repeat()
    {
        var customers = new List<CustomerResponse>();
        for (var index = 0; index < 12; index++)
        {
            customers.Add(await CreateAsync($"{_name} {index:00}", new() { ["contact"] = $"{_name} {index % 3}" }));
        }

        var sorted = new List<string>();
        for (var offset = 0; offset < 12; offset += 5)
        {
            using var response = await Admin.PostJsonAsync("/v1/customers/search", new
            {
                filters = new[] { Condition("contact", "contains", new { @string = _name }) },
                sort = new object[] { new { field = "contact", direction = "desc" }, new { field = "external_id", direction = "asc" } },
                limit = 5,
                offset,
            });
            sorted.AddRange((await response.ReadAsync<ListResponse<CustomerResponse>>(200)).Items.Select(customer => customer.Id));
        }

        Assert.Equal(
            customers.OrderByDescending(customer => customer.Contact, StringComparer.Ordinal).ThenBy(customer => customer.ExternalId, StringComparer.Ordinal)
                .Select(customer => customer.Id),
            sorted);
        Assert.Equal(["sort[0].field"], await Admin.RefusedFieldsAsync("/v1/customers/search", """{"sort":[{"field":"metadata.plan"}]}"""));
    }

    private static object Condition(string field, string @operator, object value) => new { field, @operator, value };

    private static string? Value(CustomerResponse customer, string field) => field switch
    {
        "contact" => customer.Contact,
        "address_city" => customer.AddressCity,
        "id" => customer.Id,
        "external_id" => customer.ExternalId,
        "timezone" => customer.Timezone,
        _ => customer.Metadata.TryGetValue(field["metadata.".Length..], out var value) ? value : null,
    };

    private IEnumerable<string> Found(IEnumerable<CustomerResponse> among, params object[] conditions)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/v1/customers/search", UriKind.Relative))
        {
            Content = new StringContent(
                JsonSerializer.Serialize(new { customer_ids = among.Select(customer => customer.Id), filters = conditions, limit = 1000 }, WireJson.Options),
                System.Text.Encoding.UTF8,
                "application/json"),
        };
        using var response = Admin.Send(request, TestContext.Current.CancellationToken);
        using var body = JsonDocument.Parse(response.Content.ReadAsStream(TestContext.Current.CancellationToken));
        Assert.Equal(200, (int)response.StatusCode);
        return [.. body.RootElement.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("id").GetString()!).Order(StringComparer.Ordinal)];
    }

    private async Task<CustomerResponse> CreateAsync(string externalId, Dictionary<string, object?>? members = null)
    {
        using var response = await Admin.PostJsonAsync(
            "/v1/customers", new Dictionary<string, object?>(members ?? []) { ["external_id"] = externalId, ["name"] = "A customer" });
        return await response.ReadAsync<CustomerResponse>(201);
    }

    private async Task<string[]> ListedAsync(string query)
    {
        using var response = await Admin.GetPathAsync($"/v1/customers?{query}");
        return [.. (await response.ReadAsync<ListResponse<CustomerResponse>>(200)).Items.Select(customer => customer.Id)];
    }

    private async Task<string[]> RefusedAsync(string id, object body)
    {
        using var response = await Admin.PutJsonAsync($"/v1/customers/{id}", body);
        var problem = await response.ShouldBeProblemAsync(400, ErrorCodes.ValidationError);
        return [.. problem.GetProperty("details").GetProperty("errors").EnumerateObject().Select(error => error.Name)];
    }
}
