using System.Globalization;
using Tollgate.Contracts;
using Tollgate.ServerTests.Events;
using Xunit;

namespace Tollgate.ServerTests.Billing;

public sealed class InvoicesTests : IAsyncLifetime
{
    private const string Customer = "acme";

    // An environment has one set of prices, so each test has a server of its own.
    private readonly TollgateServer _server = new();

    private string _customerId = "";

    private HttpClient Admin => _server.AdminClient;

    public async ValueTask InitializeAsync()
    {
        await _server.InitializeAsync();
        _customerId = await CustomerAsync(Customer);
    }

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task Lines_say_all_that_led_to_their_amounts_and_add_up()
    {
        var calls = await MeterAsync("calls", new { type = "COUNT" });
        var tokens = await MeterAsync("tokens", new { type = "SUM", field = "n" });
        var storage = await MeterAsync("storage", new { type = "MAX", field = "n" });
        await PriceAsync(new { meter_id = calls, currency = "USD", billing_model = "PACKAGE", amount = "0.5", transform_quantity = new { divide_by = 2 } });
        await PriceAsync(new
        {
            meter_id = tokens,
            currency = "usd",
            billing_model = "TIERED",
            tier_mode = "SLAB",
            tiers = new object[] { new { up_to = 10, unit_amount = "0.1" }, new { unit_amount = "0.0333", flat_amount = "1" } },
            display_name = "Tokens used",
        });
        await PriceAsync(new { meter_id = storage, currency = "usd", billing_model = "FLAT_FEE", amount = "0.005" });
        await SendAsync("calls", 3);
        await SendAsync("tokens", 1, 10.5m);
        await SendAsync("tokens", 1, "2");
        await SendAsync("tokens", 1, "broken");
        await SendAsync("storage", 1, 1);
        await SendAsync("calls", 5, customer: "somebody else");

        var preview = await PreviewAsync();

        Assert.Equal(["calls", "storage", "Tokens used"], preview.LineItems.Select(line => line.DisplayName));
        Assert.Equal(["3", "1", "12.5"], preview.LineItems.Select(line => line.Quantity));
        Assert.Equal(["1", "0.005", "2.08325"], preview.LineItems.Select(line => line.ExactAmount));
        Assert.Equal(["1.00", "0.01", "2.08"], preview.LineItems.Select(line => line.Amount));
        Assert.Equal([(3L, 0L), (1L, 0L), (2L, 1L)], preview.LineItems.Select(line => (line.Events, line.Skipped)));
        Assert.Equal(("3.09", "3.09", "3.09", "half_up", "usd"), (preview.Subtotal, preview.Total, preview.AmountDue, preview.Rounding, preview.Currency));
        Assert.Equal((null, null, null, null), (preview.Id, preview.InvoiceNumber, preview.InvoiceStatus, preview.InvoicedTotal));
        Assert.Empty(await ListedAsync());

        var made = await CreateAsync(201);
        Assert.Equal(("INV-000001", "FINALIZED", "3.09"), (made.InvoiceNumber, made.InvoiceStatus, made.Total));
        Assert.Equal(preview.LineItems.Select(line => line.Amount), made.LineItems.Select(line => line.Amount));
        using var got = await Admin.GetPathAsync($"/v1/invoices/{made.Id}");
        Assert.Equal(made.Total, (await got.ReadAsync<InvoiceResponse>(200)).Total);
    }

    [Fact]
    public async Task An_invoice_never_moves_and_a_preview_shows_what_changed_since()
    {
        var price = await PricedCallsAsync();
        await SendAsync("calls", 2);
        var made = await CreateAsync(201);

        await SendAsync("calls", 1);
        using (var changed = await Admin.PutJsonAsync($"/v1/prices/{price}", new { amount = "10" }))
        {
            Assert.Equal("10", (await changed.ReadAsync<PriceResponse>(200)).Amount);
        }

        var (repeated, preview) = (await CreateAsync(200), await PreviewAsync());
        Assert.Equal((made.Id, "2.00", "1"), (repeated.Id, repeated.Total, repeated.LineItems.Single().Price.Amount));
        Assert.Equal(("30.00", "2.00"), (preview.Total, preview.InvoicedTotal));
        using (var deleted = await Admin.DeletePathAsync($"/v1/prices/{price}"))
        {
            await deleted.ShouldBeAsync(200);
        }

        Assert.Equal(made.Id, (await CreateAsync(200)).Id);
    }

    [Fact]
    public async Task A_voided_invoice_stays_and_frees_its_period_and_numbers_have_no_holes()
    {
        await PricedCallsAsync();
        await SendAsync("calls", 1);
        var first = await CreateAsync(201);
        using (var voided = await Admin.PostJsonAsync($"/v1/invoices/{first.Id}/void", null))
        {
            await voided.ShouldBeAsync(200);
        }

        using (var again = await Admin.PostJsonAsync($"/v1/invoices/{first.Id}/void", null))
        {
            await again.ShouldBeProblemAsync(409, ErrorCodes.Conflict);
        }

        await SendAsync("calls", 1);
        var second = await CreateAsync(201);

        Assert.Equal(("INV-000002", "2.00"), (second.InvoiceNumber, second.Total));
        Assert.Equal([("INV-000002", "FINALIZED", "2.00"), ("INV-000001", "VOIDED", "1.00")], await ListedAsync());
        Assert.Equal([("INV-000001", "VOIDED", "1.00")], await ListedAsync("?invoice_status=VOIDED"));
        Assert.Empty(await ListedAsync("?customer_id=cust_0"));
        using var found = await Admin.PostJsonAsync(
            "/v1/invoices/search", new { external_customer_id = Customer, period_start_gte = "2026-03-01T00:00:00Z", order = "asc", limit = 1 });
        Assert.Equal("INV-000001", (await found.ReadAsync<ListResponse<InvoiceResponse>>(200)).Items.Single().InvoiceNumber);
        using var logs = await Admin.GetPathAsync($"/v1/audit/logs?target_id={first.Id}");
        Assert.Equal(["invoice.void", "invoice.create"], (await logs.ReadAsync<ListResponse<AuditLogResponse>>(200)).Items.Select(record => record.Action));
    }

    [Fact]
    public async Task Periods_of_a_customer_and_currency_do_not_overlap()
    {
        var meter = await MeterAsync("calls", new { type = "COUNT" });
        await PriceAsync(new { meter_id = meter, currency = "usd", billing_model = "FLAT_FEE", amount = "1" });
        await PriceAsync(new { meter_id = meter, currency = "jpy", billing_model = "FLAT_FEE", amount = "0.5" });
        await SendAsync("calls", 3);
        await CreateAsync(201);

        using (var overlapping = await Admin.PostJsonAsync("/v1/invoices", Invoice(to: "2026-03-15T00:00:00Z")))
        {
            var problem = await overlapping.ShouldBeProblemAsync(409, ErrorCodes.Conflict);
            Assert.StartsWith("INV-000001", problem.GetProperty("message").GetString(), StringComparison.Ordinal);
        }

        // Another currency, the time behind, and another customer are other matters.
        using (var yen = await Admin.PostJsonAsync("/v1/invoices", Invoice(currency: "JPY")))
        {
            Assert.Equal("2", (await yen.ReadAsync<InvoiceResponse>(201)).Total);
        }

        using (var later = await Admin.PostJsonAsync("/v1/invoices", Invoice(from: "2026-04-01T00:00:00Z", to: "2026-05-01T00:00:00Z")))
        {
            Assert.Equal("0.00", (await later.ReadAsync<InvoiceResponse>(201)).Total);
        }

        using var other = await Admin.PostJsonAsync("/v1/invoices", Invoice(await CustomerAsync("other")));
        Assert.Equal("INV-000004", (await other.ReadAsync<InvoiceResponse>(201)).InvoiceNumber);
    }

    [Fact]
    public async Task Sixteen_who_ask_at_once_get_one_invoice()
    {
        await PricedCallsAsync();
        await SendAsync("calls", 4);

        var answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(async _ =>
        {
            using var response = await Admin.PostJsonAsync("/v1/invoices", Invoice());
            return ((int)response.StatusCode, (await response.ReadAsync<InvoiceResponse>((int)response.StatusCode)).Id);
        }));

        Assert.Single(answers.Select(answer => answer.Id).Distinct());
        Assert.Equal(1, answers.Count(answer => answer.Item1 == 201));
        Assert.Equal(15, answers.Count(answer => answer.Item1 == 200));
        Assert.Equal([("INV-000001", "FINALIZED", "4.00")], await ListedAsync());
    }

    [Fact]
    public async Task While_prices_change_every_invoice_is_what_its_own_price_comes_to()
    {
        var price = await PricedCallsAsync();
        await SendAsync("calls", 3);
        var customers = new List<string>();
        for (var index = 0; index < 12; index++)
        {
            await SendAsync("calls", 3, customer: $"c{index}");
            customers.Add(await CustomerAsync($"c{index}"));
        }

        var changing = ChangeAsync();
        var made = await Task.WhenAll(customers.Select(InsistAsync));
        await changing;

        Assert.All(made, invoice => Assert.Equal(
            3 * decimal.Parse(invoice.LineItems.Single().Price.Amount!, CultureInfo.InvariantCulture), decimal.Parse(invoice.Total, CultureInfo.InvariantCulture)));
        Assert.Equal(
            Enumerable.Range(1, 12).Select(number => string.Create(CultureInfo.InvariantCulture, $"INV-{number:000000}")),
            made.Select(invoice => invoice.InvoiceNumber).Order());

        async Task ChangeAsync()
        {
            for (var amount = 2; amount < 30; amount++)
            {
                using var changed = await Admin.PutJsonAsync($"/v1/prices/{price}", new { amount = amount.ToString(CultureInfo.InvariantCulture) });
                await changed.ShouldBeAsync(200);
            }
        }

        async Task<InvoiceResponse> InsistAsync(string customer)
        {
            while (true)
            {
                using var response = await Admin.PostJsonAsync("/v1/invoices", Invoice(customer));
                if ((int)response.StatusCode != 409)
                {
                    return await response.ReadAsync<InvoiceResponse>(201);
                }
            }
        }
    }

    [Fact]
    public async Task A_quarantine_lowers_the_next_invoice_and_leaves_the_one_that_was_made()
    {
        await PricedCallsAsync();
        var key = await _server.CreateKeyAsync(await _server.CreateServiceAccountAsync(BuiltInRoles.EventIngestor));
        await SendAsync("calls", 2);
        using (var leaked = _server.ClientWith(key.ApiKey))
        {
            await SendAsync("calls", 3, client: leaked);
        }

        var made = await CreateAsync(201);
        using (var quarantined = await Admin.PostJsonAsync("/v1/events/quarantine", new { api_key_id = key.Id, reason = "It leaked." }))
        {
            await quarantined.ShouldBeAsync(201);
        }

        Assert.Equal(("5.00", "2.00", "5.00"), (made.Total, (await PreviewAsync()).Total, (await CreateAsync(200)).Total));
    }

    [Fact]
    public async Task A_total_that_is_expected_must_be_the_one_that_comes_out()
    {
        await PricedCallsAsync();
        await SendAsync("calls", 2);

        Assert.Equal(["total"], await Admin.RefusedFieldsAsync("/v1/invoices", With(new() { ["total"] = "3" })));
        Assert.Equal(["amount_due", "subtotal"], (await Admin.RefusedFieldsAsync("/v1/invoices", With(new() { ["subtotal"] = "1", ["amount_due"] = "x" }))).Order());
        Assert.Empty(await ListedAsync());
        using var made = await Admin.PostJsonAsync("/v1/invoices", With(new() { ["total"] = "2.0", ["metadata"] = new Dictionary<string, string> { ["po"] = "7" } }));
        Assert.Equal("7", (await made.ReadAsync<InvoiceResponse>(201)).Metadata["po"]);
        Assert.Equal(["total"], await Admin.RefusedFieldsAsync("/v1/invoices", With(new() { ["total"] = "3" })));
    }

    [Theory]
    [InlineData("currency", "xyz")]
    [InlineData("currency", "eur")]
    [InlineData("period_start", "2026-05-01T00:00:00Z")]
    [InlineData("period_end", "2099-01-01T00:00:00Z")]
    [InlineData("line_items", "x")]
    [InlineData("tax_rates", "x")]
    [InlineData("coupons", "x")]
    [InlineData("invoice_status", "DRAFT")]
    public async Task What_is_wrong_with_an_invoice_is_named(string field, string value)
    {
        await PricedCallsAsync();

        Assert.Equal([field], await Admin.RefusedFieldsAsync("/v1/invoices", With(new() { [field] = value })));
    }

    [Theory]
    [InlineData("""{"billing_model":"FLAT_FEE"}""", "amount")]
    [InlineData("""{"billing_model":"FLAT_FEE","amount":"-1"}""", "amount")]
    [InlineData("""{"billing_model":"FLAT_FEE","amount":"1e2"}""", "amount")]
    [InlineData("""{"billing_model":"FLAT_FEE","amount":"0.0000000000000000001"}""", "amount")]
    [InlineData("""{"billing_model":"FLAT_FEE","amount":"1","tiers":[{"unit_amount":"1"}]}""", "tiers")]
    [InlineData("""{"billing_model":"FLAT_FEE","amount":"1","tier_mode":"SLAB"}""", "tier_mode")]
    [InlineData("""{"billing_model":"FLAT_FEE","amount":"1","type":"FIXED"}""", "type")]
    [InlineData("""{"billing_model":"FLAT_FEE","amount":"1","billing_cadence":"ONETIME"}""", "billing_cadence")]
    [InlineData("""{"billing_model":"FLAT_FEE","amount":"1","trial_period":3}""", "trial_period")]
    [InlineData("""{"billing_model":"FLAT_FEE","amount":"1","entity_id":"plan_1"}""", "entity_id")]
    [InlineData("""{"billing_model":"PACKAGE","amount":"1"}""", "transform_quantity")]
    [InlineData("""{"billing_model":"PACKAGE","amount":"1","transform_quantity":{"divide_by":0}}""", "transform_quantity.divide_by")]
    [InlineData("""{"billing_model":"TIERED","tier_mode":"SLAB"}""", "tiers")]
    [InlineData("""{"billing_model":"TIERED","tiers":[{"unit_amount":"1"}]}""", "tier_mode")]
    [InlineData("""{"billing_model":"TIERED","tier_mode":"SLAB","tiers":[{"unit_amount":"1","up_to":3}]}""", "tiers[0].up_to")]
    [InlineData("""{"billing_model":"TIERED","tier_mode":"SLAB","tiers":[{"unit_amount":"1","up_to":3},{"unit_amount":"1","up_to":3},{"unit_amount":"1"}]}""", "tiers[1].up_to")]
    [InlineData("""{"billing_model":"TIERED","tier_mode":"SLAB","amount":"1","tiers":[{"unit_amount":"1"}]}""", "amount")]
    public async Task What_is_wrong_with_a_price_is_named(string members, string field)
    {
        var meter = await MeterAsync("calls", new { type = "COUNT" });
        var body = members[..^1] + $$""","meter_id":"{{meter}}","currency":"usd"}""";

        Assert.Equal([field], await Admin.RefusedFieldsAsync("/v1/prices", body));
    }

    [Fact]
    public async Task A_meter_has_one_price_in_a_currency_and_is_not_archived_under_it()
    {
        var meter = await MeterAsync("calls", new { type = "COUNT" });
        var flat = new { meter_id = meter, currency = "usd", billing_model = "FLAT_FEE", amount = "1" };
        var price = await PriceAsync(flat);
        using (var second = await Admin.PostJsonAsync("/v1/prices", flat))
        {
            await second.ShouldBeProblemAsync(409, ErrorCodes.AlreadyExists);
        }

        using (var archived = await Admin.DeletePathAsync($"/v1/meters/{meter}"))
        {
            await archived.ShouldBeProblemAsync(409, ErrorCodes.Conflict);
        }

        Assert.Equal([price], await PricesAsync("/v1/prices?meter_id=" + meter));
        using (var ended = await Admin.DeletePathAsync($"/v1/prices/{price}"))
        {
            await ended.ShouldBeAsync(200);
        }

        Assert.Empty(await PricesAsync("/v1/prices"));
        using (var gone = await Admin.GetPathAsync($"/v1/prices/{price}"))
        {
            await gone.ShouldBeProblemAsync(404, ErrorCodes.NotFound);
        }

        using var free = await Admin.DeletePathAsync($"/v1/meters/{meter}");
        await free.ShouldBeAsync(204);
    }

    [Fact]
    public async Task A_price_is_changed_in_part_or_its_model_as_a_whole()
    {
        var price = await PricedCallsAsync();

        using (var renamed = await Admin.PutJsonAsync($"/v1/prices/{price}", new { display_name = "Calls", metadata = new Dictionary<string, string> { ["a"] = "b" } }))
        {
            var answer = await renamed.ReadAsync<PriceResponse>(200);
            Assert.Equal(("1", "Calls", "FLAT_FEE"), (answer.Amount, answer.DisplayName, answer.BillingModel));
        }

        using (var tiered = await Admin.PutJsonAsync($"/v1/prices/{price}", new { tier_mode = "SLAB" }))
        {
            await tiered.ShouldBeProblemAsync(400, ErrorCodes.ValidationError);
        }

        using var remodelled = await Admin.PutJsonAsync(
            $"/v1/prices/{price}", new { billing_model = "TIERED", tier_mode = "VOLUME", tiers = new[] { new { unit_amount = "2" } } });
        var changed = await remodelled.ReadAsync<PriceResponse>(200);
        Assert.Equal((null, "VOLUME", "2", "b"), (changed.Amount, changed.TierMode, changed.Tiers!.Single().UnitAmount, changed.Metadata["a"]));
    }

    [Fact]
    public async Task Usage_of_less_than_nothing_costs_nothing()
    {
        var meter = await MeterAsync("credit", new { type = "SUM", field = "n" });
        await PriceAsync(new { meter_id = meter, currency = "usd", billing_model = "FLAT_FEE", amount = "1" });
        await SendAsync("credit", 1, -5);

        var line = (await PreviewAsync()).LineItems.Single();

        Assert.Equal(("-5", "0.00"), (line.Quantity, line.Amount));
    }

    private Dictionary<string, object?> Invoice(
        string? customer = null, string currency = "usd", string from = "2026-03-01T00:00:00Z", string to = "2026-04-01T00:00:00Z") =>
        new()
        {
            ["customer_id"] = customer ?? _customerId,
            ["currency"] = currency,
            ["period_start"] = from,
            ["period_end"] = to,
        };

    private Dictionary<string, object?> With(Dictionary<string, object?> members)
    {
        var body = Invoice();
        foreach (var (name, value) in members)
        {
            body[name] = value;
        }

        return body;
    }

    private async Task<string> PricedCallsAsync() => await PriceAsync(
        new { meter_id = await MeterAsync("calls", new { type = "COUNT" }), currency = "usd", billing_model = "FLAT_FEE", amount = "1" });

    private async Task<InvoiceResponse> PreviewAsync()
    {
        using var response = await Admin.PostJsonAsync("/v1/invoices/preview", Invoice());
        return await response.ReadAsync<InvoiceResponse>(200);
    }

    private async Task<InvoiceResponse> CreateAsync(int status)
    {
        using var response = await Admin.PostJsonAsync("/v1/invoices", Invoice());
        return await response.ReadAsync<InvoiceResponse>(status);
    }

    private async Task<(string?, string?, string)[]> ListedAsync(string query = "")
    {
        using var response = await Admin.GetPathAsync("/v1/invoices" + query);
        return [.. (await response.ReadAsync<ListResponse<InvoiceResponse>>(200)).Items.Select(each => (each.InvoiceNumber, each.InvoiceStatus, each.Total))];
    }

    private async Task<string[]> PricesAsync(string path)
    {
        using var response = await Admin.GetPathAsync(path);
        return [.. (await response.ReadAsync<ListResponse<PriceResponse>>(200)).Items.Select(price => price.Id)];
    }

    private async Task<string> CustomerAsync(string externalId)
    {
        using var response = await Admin.PostJsonAsync("/v1/customers", new { external_id = externalId, name = "A customer" });
        return (await response.ReadAsync<CustomerResponse>(201)).Id;
    }

    private async Task<string> MeterAsync(string name, object aggregation)
    {
        using var response = await Admin.PostJsonAsync("/v1/meters", new { name, event_name = name, aggregation });
        return (await response.ReadAsync<MeterResponse>(201)).Id;
    }

    private async Task<string> PriceAsync(object body)
    {
        using var response = await Admin.PostJsonAsync("/v1/prices", body);
        return (await response.ReadAsync<PriceResponse>(201)).Id;
    }

    private async Task SendAsync(string name, int count, object? n = null, string customer = Customer, HttpClient? client = null) =>
        await (client ?? Admin).IngestManyAsync(Enumerable.Range(0, count).Select(index => new
        {
            event_name = name,
            external_customer_id = customer,
            timestamp = $"2026-03-0{index + 1}T12:00:00Z",
            properties = new { n },
        }));
}
