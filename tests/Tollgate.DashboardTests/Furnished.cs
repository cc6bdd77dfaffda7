using System.Text.Json;
using OtpNet;
using Tollgate.Client;
using Tollgate.Contracts;
using Xunit;

namespace Tollgate.DashboardTests;

/// <summary>A dashboard with something on every page, whose names are all scripts, and a person who walks through it.</summary>
public sealed class Furnished(Chromium chromium) : IAsyncLifetime
{
    /// <summary>What runs if any page takes a name for markup.</summary>
    public const string Script = "<script>window.ran = true</script>";

    /// <summary>The same where no closing tag is needed.</summary>
    public const string Image = "<img src=x onerror='window.ran = true'>";

    private readonly Dashboard _dashboard = new(chromium);

    /// <summary>Addresses and titles of pages by their names.</summary>
    public Dictionary<string, (string Path, string Title)> Pages { get; } = new(StringComparer.Ordinal);

    /// <summary>The administrator, logged in.</summary>
    public Visit Visit { get; private set; } = null!;

    /// <summary>Somebody who may see meters only.</summary>
    public Visit Limited { get; private set; } = null!;

    /// <summary>Nobody.</summary>
    public Visit Outside { get; private set; } = null!;

    /// <summary>A link to choose a first password with.</summary>
    public string InvitePath { get; private set; } = "";

    /// <summary>Who has the first password still, which somebody else made.</summary>
    public (string Email, string Password) Newcomer { get; private set; }

    /// <summary>Whose login asks for a second factor.</summary>
    public string Careful { get; } = "careful@example.org";

    public async ValueTask InitializeAsync()
    {
        await _dashboard.InitializeAsync();
        await FurnishAsync(TestContext.Current.CancellationToken);
        Visit = await _dashboard.VisitAsync("/");
        Limited = await _dashboard.VisitAsync("/", "meters@example.org");
        Outside = await _dashboard.VisitAsync();
        await SetUpSecondFactorAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await Visit.DisposeAsync();
        await Limited.DisposeAsync();
        await Outside.DisposeAsync();
        await _dashboard.DisposeAsync();
    }

    private async Task FurnishAsync(CancellationToken token)
    {
        var api = _dashboard.Api;
        var time = TimeProvider.System.GetUtcNow();
        await api.Roles.CreateAsync(
            new CreateRoleRequest
            {
                Id = "meter_keeper",
                Name = $"Keeper {Script}",
                Description = $"Keeps meters {Image}",
                AssignableTo = [AccountTypes.ServiceAccount, AccountTypes.User],
                Permissions = new Dictionary<string, IReadOnlyList<string>> { ["meter"] = ["read", "write"] },
            },
            token);
        var (sender, key) = await _dashboard.CreateKeyAsync($"checkout {Script}", BuiltInRoles.EventIngestor);
        var (_, reader) = await _dashboard.CreateKeyAsync("reports", BuiltInRoles.EventReader);
        var (_, old) = await _dashboard.CreateKeyAsync("nightly import", BuiltInRoles.EventIngestor, "meter_keeper");
        var (_, revoked) = await _dashboard.CreateKeyAsync("leaked", BuiltInRoles.EventIngestor);
        var person = await _dashboard.CreatePersonAsync("ada@example.org", $"Ada {Image}", BuiltInRoles.AllReader);
        await _dashboard.CreatePersonAsync("meters@example.org", "Mia Meter", "meter_keeper");
        await _dashboard.CreatePersonAsync(Careful, "Cara Careful", BuiltInRoles.AllReader);
        var invited = await api.Accounts.CreateAsync(new CreateUserRequest { Type = AccountTypes.User, Email = "new@example.org", Name = $"Nora {Script}" }, token);
        var link = new Uri(invited.InviteUrl!);
        InvitePath = link.PathAndQuery + link.Fragment;
        Newcomer = ("new@example.org", invited.Password!);
        var customer = await api.Customers.CreateAsync(
            new CreateCustomerRequest
            {
                ExternalId = "acme",
                Name = $"Acme {Script}",
                Email = "billing@example.org",
                Metadata = new Dictionary<string, string> { ["plan"] = $"gold {Image}" },
            },
            token);
        await api.Customers.CreateAsync(new CreateCustomerRequest { ExternalId = "globex", Name = "Globex" }, token);
        var meter = await api.Meters.CreateAsync(
            new CreateMeterRequest
            {
                Name = $"Tokens {Script}",
                EventName = "api.request",
                Aggregation = new MeterAggregation { Type = AggregationTypes.Sum, Field = "tokens" },
                Filters = [new MeterFilter { Key = "model", Values = ["large", Image] }],
            },
            token);
        var plain = await api.Meters.CreateAsync(
            new CreateMeterRequest { Name = "Requests", EventName = "api.request", Aggregation = new MeterAggregation { Type = AggregationTypes.Count } }, token);
        await api.Prices.CreateAsync(
            new CreatePriceRequest { MeterId = plain.Id, Currency = "USD", BillingModel = "FLAT_FEE", Amount = "0.002", BillingPeriod = "MONTHLY", DisplayName = $"Requests {Script}" }, token);

        var events = Enumerable.Range(0, 120).Select(number => new IngestEventRequest
        {
            EventName = number % 7 == 0 ? $"storage {Script}" : "api.request",
            ExternalCustomerId = number % 3 == 0 ? "globex" : number % 11 == 0 ? Image : "acme",
            Source = number % 2 == 0 ? "frankfurt" : Script,
            Timestamp = time.AddMinutes(-number * 17 % 4000),
            Properties = JsonSerializer.SerializeToElement(new { tokens = number * 3 % 41, model = number % 2 == 0 ? "large" : "small", note = Script }),
        }).ToList();
        var sending = new TollgateClient(_dashboard.HttpWith(key.ApiKey));
        await sending.Events.IngestManyAsync(new IngestEventsRequest { Events = events }, null, token);
        var id = await _dashboard.SendAsync(key.ApiKey, "api.request", "acme", new { tokens = 7, model = "large", note = Script });
        await _dashboard.SendAsync(revoked.ApiKey, "api.request", "acme");
        await RefusedAsync(() => sending.Customers.ListAsync(null, token));
        await RefusedAsync(() => sending.Events.IngestAsync(new IngestEventRequest { EventName = "", ExternalCustomerId = "acme" }, null, token));
        await RefusedAsync(() => _dashboard.SendAsync(reader.ApiKey, "api.request"));
        await api.ApiKeys.RotateAsync(old.Id, new RotateApiKeyRequest { OverlapSeconds = 3600, Name = $"nightly import {Script}" }, token);
        await api.ApiKeys.RevokeAsync(revoked.Id, token);
        await RefusedAsync(() => _dashboard.SendAsync(revoked.ApiKey, "api.request"));
        await api.Events.QuarantineAsync(new QuarantineEventsRequest { ApiKeyId = revoked.Id, Reason = $"It was stolen {Script}" }, token);
        var invoice = await api.Invoices.CreateAsync(
            new CreateInvoiceRequest
            {
                CustomerId = customer.Id,
                Currency = "USD",
                PeriodStart = new DateTimeOffset(time.Year, time.Month, 1, 0, 0, 0, TimeSpan.Zero).AddMonths(-1),
                PeriodEnd = new DateTimeOffset(time.Year, time.Month, 1, 0, 0, 0, TimeSpan.Zero),
                Description = $"Last month {Script}",
            },
            token);
        var records = await api.AuditLog.ListAsync(new ListAuditLogsQuery { Limit = 1, Action = "api_key.create" }, token);

        foreach (var (name, path, title) in new (string, string, string?)[]
        {
            ("overview", "/", "Overview"),
            ("overview-month", "/?period=month", "Overview"),
            ("events", "/events", "Events"),
            ("event", $"/events?event={id}", "Events"),
            ("events-live", "/events/live", "Live events"),
            ("events-quarantine", "/events/quarantine", "Quarantine"),
            ("events-diagnostics", "/events/diagnostics", "Diagnostics"),
            ("usage", "/usage?name=api.request&type=SUM&field=tokens&group=model&window=DAY", "Usage"),
            ("usage-meter", $"/usage?meter={meter.Id}&window=HOUR", "Usage"),
            ("meters", "/meters", "Meters"),
            ("meter", $"/meters/{plain.Id}", plain.Name),
            ("customers", "/customers", "Customers"),
            ("customer", $"/customers/{customer.Id}", customer.Name),
            ("invoices", "/invoices", "Invoices"),
            ("invoice-new", "/invoices/new", "New invoice"),
            ("invoice", $"/invoices/{invoice.Id}", invoice.InvoiceNumber),
            ("service-accounts", "/service-accounts", "Service accounts"),
            ("service-account", $"/service-accounts/{sender.Id}", sender.Name),
            ("api-keys", "/api-keys", "API keys"),
            ("api-keys-attention", "/api-keys?show=attention", "API keys"),
            ("api-key", $"/api-keys/{key.Id}", key.Name),
            ("api-key-rotating", $"/api-keys/{old.Id}", old.Name),
            ("api-key-revoked", $"/api-keys/{revoked.Id}", revoked.Name),
            ("roles", "/roles", "Roles"),
            ("try", $"/try?who={sender.Id}&permission=event:read", "Try it"),
            ("people", "/people", "People"),
            ("person", $"/people/{person.Id}", person.Name),
            ("audit", "/audit", "Audit log"),
            ("audit-denied", "/audit?result=denied", "Audit log"),
            ("audit-record", $"/audit/{records.Items[0].Id}", "api_key.create"),
            ("settings", "/settings", "Environments"),
            ("settings-environments", "/settings/environments", "Environments"),
            ("settings-tenant", "/settings/tenant", "Organisation"),
            ("settings-keys", "/settings/keys", "Rules for keys"),
            ("settings-retention", "/settings/retention", "Retention"),
            ("settings-limits", "/settings/limits", "Limits"),
            ("profile", "/profile", "Profile"),
            ("not-found", "/no/such/page", "There is no such page"),
        })
        {
            Pages[name] = (path, title!);
        }
    }

    private async Task SetUpSecondFactorAsync()
    {
        await Outside.LogInQuicklyAsync(Careful, Dashboard.Password);
        const string Post =
            """
            ([path, body]) => fetch(path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }).then(answer => answer.json())
            """;
        var enrolled = await Outside.Page.EvaluateAsync<JsonElement>(Post, new object[] { "/v1/auth/totp/enroll", new { current_password = Dashboard.Password } });
        var code = new Totp(Base32Encoding.ToBytes(enrolled.GetProperty("secret").GetString())).ComputeTotp();
        await Outside.Page.EvaluateAsync<JsonElement>(Post, new object[] { "/v1/auth/totp/confirm", new { code } });
        await Outside.LeaveAsync();
    }

    private static async Task RefusedAsync(Func<Task> request) => await Assert.ThrowsAsync<TollgateException>(request);
}
