using System.Collections.Concurrent;
using System.Net;
using Microsoft.Playwright;
using OtpNet;
using Tollgate.Client;
using Tollgate.Contracts;
using Xunit;

namespace Tollgate.DashboardTests;

public sealed class PeopleTests(Dashboard dashboard) : IClassFixture<Dashboard>
{
    // How the name of a button begins that changes something, on any page but one's own profile.
    private static readonly string[] Writing =
    [
        "New", "Create", "Make", "Invite", "Link", "Change", "Disable", "Enable", "Delete", "Revoke", "Rotate", "Edit", "Save", "Set", "Archive", "Put", "Void",
        "Release", "Take", "Rename", "End", "Remove",
    ];

    [Fact]
    public async Task A_reader_sees_no_button_that_writes_where_an_administrator_has_them()
    {
        await dashboard.CreatePersonAsync("reader@example.org", "Rita Reader", BuiltInRoles.AllReader);
        var walk = await PagesWithButtonsAsync();

        await using (var admin = await dashboard.VisitAsync("/"))
        {
            foreach (var (path, title, expected) in walk)
            {
                await admin.GoAsync(path, title);
                var writing = await WritingOnAsync(admin);
                Assert.All(expected, button => Assert.True(writing.Contains(button), $"{path} has no {button}: {string.Join(", ", writing)}"));
            }
        }

        await using var visit = await dashboard.VisitAsync("/", "reader@example.org");
        // Keys of others are for administrators: a reader has none of the page.
        foreach (var (path, title, _) in walk.Where(page => !page.Path.StartsWith("/api-keys/", StringComparison.Ordinal)))
        {
            await visit.GoAsync(path, title == "New invoice" ? "Preview an invoice" : title);
            var writing = await WritingOnAsync(visit);
            Assert.True(writing.Count == 0, $"{path}: {string.Join(", ", writing)}");
        }
    }

    [Fact]
    public async Task A_person_with_one_right_has_one_menu_and_other_addresses_explain_the_403()
    {
        await dashboard.Api.Roles.CreateAsync(
            new CreateRoleRequest
            {
                Id = "meter_looker",
                Name = "Meter looker",
                AssignableTo = [AccountTypes.User],
                Permissions = new Dictionary<string, IReadOnlyList<string>> { ["meter"] = ["read"] },
            },
            TestContext.Current.CancellationToken);
        await dashboard.CreatePersonAsync("meters@example.org", "Mia Meter", "meter_looker");
        await using var visit = await dashboard.VisitAsync("/meters", "meters@example.org");
        var links = await visit.Page.GetByRole(AriaRole.Navigation, new() { Name = "Main" }).GetByRole(AriaRole.Link).AllInnerTextsAsync();
        Assert.Equal(["Overview", "Meters"], links.Select(text => text.Trim()));

        foreach (var (path, title, permission) in new[]
        {
            ("/events", "Events", Permissions.EventRead), ("/events/live", "Live events", Permissions.EventRead),
            ("/events/diagnostics", "Diagnostics", Permissions.EventRead), ("/events/quarantine", "Quarantine", Permissions.AuditRead),
            ("/usage", "Usage", Permissions.EventRead), ("/customers", "Customers", Permissions.CustomerRead), ("/customers/x", "Customer", Permissions.CustomerRead),
            ("/invoices", "Invoices", Permissions.InvoiceRead), ("/invoices/new", "Preview an invoice", Permissions.InvoiceRead),
            ("/invoices/x", "Invoice", Permissions.InvoiceRead), ("/service-accounts", "Service accounts", Permissions.UserRead),
            ("/service-accounts/x", "Service account", Permissions.UserRead), ("/people", "People", Permissions.UserRead), ("/people/x", "Person", Permissions.UserRead),
            ("/api-keys", "API keys", Permissions.SecretRead), ("/api-keys/x", "API key", Permissions.SecretRead), ("/roles", "Roles", Permissions.RoleRead),
            ("/try", "Try it", Permissions.RoleRead), ("/audit", "Audit log", Permissions.AuditRead), ("/audit/x", "Record", Permissions.AuditRead),
            ("/settings/environments", "Environments", Permissions.EnvironmentRead), ("/settings/tenant", "Organisation", Permissions.TenantRead),
            ("/settings/keys", "Rules for keys", Permissions.SettingRead), ("/settings/retention", "Retention", Permissions.EnvironmentRead),
            ("/settings/limits", "Limits", Permissions.SettingRead),
        })
        {
            await visit.GoAsync(path, title);
            await Assertions.Expect(visit.Page.Locator(".denial")).ToContainTextAsync(permission);
            await Assertions.Expect(visit.Page.Locator(".denial")).ToContainTextAsync("meter_looker");
            await Assertions.Expect(visit.Page.Locator(".page-actions button")).ToHaveCountAsync(0);
            Assert.Empty(await WritingOnAsync(visit));
        }
    }

    [Fact]
    public async Task Logging_out_ends_the_session_at_the_server()
    {
        await dashboard.CreatePersonAsync("leaver@example.org", "Lea Leaver", BuiltInRoles.AllReader);
        await using var visit = await dashboard.VisitAsync("/meters", "leaver@example.org");
        var cookies = await visit.Page.Context.CookiesAsync();
        Assert.Equal(HttpStatusCode.OK, await StatusOfMeAsync(cookies));

        await LogOutAsync(visit);

        Assert.Equal(HttpStatusCode.Unauthorized, await StatusOfMeAsync(cookies));
        // Somebody who kept the cookie, and whose page believes it.
        await visit.Page.Context.AddCookiesAsync(cookies.Select(CookieOf));
        await visit.Page.AddInitScriptAsync("localStorage.setItem('tollgate.session', 'yes')");
        visit.ExpectRefusals(1);
        await visit.OpenAsync("/api-keys");
        await Assertions.Expect(visit.Page.Locator("h1")).ToHaveTextAsync("Log in");
    }

    [Fact]
    public async Task Logging_out_of_a_session_that_was_ended_elsewhere_leads_to_the_login()
    {
        var person = await dashboard.CreatePersonAsync("gone@example.org", "Gona Gone", BuiltInRoles.AllReader);
        await using var visit = await dashboard.VisitAsync("/meters", "gone@example.org");
        await dashboard.Api.Accounts.EndSessionsAsync(person.Id, TestContext.Current.CancellationToken);

        visit.ExpectRefusals(2);
        await LogOutAsync(visit);

        await visit.OpenAsync("/meters");
        await Assertions.Expect(visit.Page.Locator("h1")).ToHaveTextAsync("Log in");
    }

    [Fact]
    public async Task A_password_that_somebody_else_made_is_changed_first()
    {
        var token = TestContext.Current.CancellationToken;
        var person = await dashboard.Api.Accounts.CreateAsync(
            new CreateUserRequest { Type = AccountTypes.User, Email = "first@example.org", Name = "Finn First", Roles = [BuiltInRoles.AllReader] }, token);
        await using var visit = await dashboard.VisitAsync("/meters", "first@example.org", person.Password!);
        await Assertions.Expect(visit.Page.Locator("h1")).ToHaveTextAsync("Choose a password");
        await Assertions.Expect(visit.Page.GetByRole(AriaRole.Navigation, new() { Name = "Main" })).ToHaveCountAsync(0);

        await visit.Field("Current password").FillAsync(person.Password!);
        await visit.Field("New password").FillAsync(Dashboard.Password);
        await visit.Button("Change the password").ClickAsync();

        await Assertions.Expect(visit.Page.Locator("h1")).ToHaveTextAsync("Meters");
        var refused = await Assert.ThrowsAsync<TollgateException>(() =>
            dashboard.Api.Sessions.LoginAsync(new LoginRequest { Email = "first@example.org", Password = person.Password! }, token));
        Assert.Equal(HttpStatusCode.Unauthorized, refused.Status);
    }

    [Fact]
    public async Task A_login_never_leads_to_another_site()
    {
        // Browsers take blanks, tabs and line ends out of an address, and \ for /.
        string[] hostile =
        [
            "//evil.example", "%20//evil.example", "/%5Cevil.example", "%20/%5Cevil.example", "%09/%5Cevil.example", "%0A//evil.example", "/%09/evil.example",
            "%5C%5Cevil.example", "https:evil.example", "https://evil.example", "javascript:window.ran=true",
        ];
        await dashboard.CreatePersonAsync("lured@example.org", "Luna Lured", BuiltInRoles.AllReader);
        await using var visit = await dashboard.VisitAsync("/", "lured@example.org");
        var left = new ConcurrentQueue<string>();
        await visit.Page.Context.RouteAsync(url => !url.StartsWith(dashboard.Url, StringComparison.Ordinal), async route =>
        {
            left.Enqueue(route.Request.Url);
            await route.FulfillAsync(new() { Status = 200, ContentType = "text/html", Body = "<h1>Evil</h1>" });
        });

        foreach (var to in hostile)
        {
            await visit.Page.GotoAsync($"/login?to={to}");
            await ArrivedAsync(to);
        }

        foreach (var to in hostile[2..5])
        {
            await visit.LeaveAsync();
            await visit.Page.GotoAsync($"/login?to={to}");
            await LogInAsync(visit, "lured@example.org");
            await ArrivedAsync(to);
        }

        async Task ArrivedAsync(string to)
        {
            await Assertions.Expect(visit.Page.Locator("h1")).Not.ToHaveTextAsync("Log in");
            await visit.LoadedAsync();
            Assert.True(left.IsEmpty, $"{to} led to {string.Join(", ", left)}");
            Assert.StartsWith(dashboard.Url, visit.Page.Url, StringComparison.Ordinal);
            Assert.False(await visit.Page.EvaluateAsync<bool>("window.ran === true"), to);
        }
    }

    [Fact]
    public async Task A_session_that_was_ended_elsewhere_leads_to_the_login_and_back()
    {
        var person = await dashboard.CreatePersonAsync("ended@example.org", "Edda Ended", BuiltInRoles.AllReader);
        await using var visit = await dashboard.VisitAsync("/meters", "ended@example.org");
        await dashboard.Api.Accounts.EndSessionsAsync(person.Id, TestContext.Current.CancellationToken);

        visit.ExpectRefusals(3);
        await visit.Page.EvaluateAsync("Blazor.navigateTo('/customers')");
        await Assertions.Expect(visit.Page.Locator("h1")).ToHaveTextAsync("Log in", new() { Timeout = 30_000 });
        await LogInAsync(visit, "ended@example.org");
        await Assertions.Expect(visit.Page.Locator("h1")).ToHaveTextAsync("Customers");
    }

    [Fact]
    public async Task An_invited_person_sets_a_password_and_a_second_factor()
    {
        await using var admin = await dashboard.VisitAsync("/people");
        await admin.Button("Invite").ClickAsync();
        await admin.Field("Email").FillAsync("new@example.org");
        await admin.Field("Name").FillAsync("Nora New");
        await admin.Button("Make the link").ClickAsync();
        var link = await admin.TakeSecretAsync();

        await using var visit = await dashboard.VisitAsync();
        await visit.OpenAsync(new Uri(link).PathAndQuery + new Uri(link).Fragment);
        await visit.ShouldSayAsync("new@example.org");
        visit.ExpectRefusals(1);
        await visit.Field("Password").FillAsync("short");
        await visit.Button("Set the password").ClickAsync();
        await visit.ShouldSayAsync("12");
        await visit.Field("Password").FillAsync(Dashboard.Password);
        await visit.Button("Set the password").ClickAsync();
        await visit.ShouldSayAsync("Your password is set");

        visit.ExpectRefusals(1);
        await visit.OpenAsync("/login");
        await LogInAsync(visit, "new@example.org", "not the password");
        await Assertions.Expect(visit.Page.Locator(".trouble")).ToBeVisibleAsync();
        await LogInAsync(visit, "new@example.org");
        await Assertions.Expect(visit.Page.Locator("h1")).ToHaveTextAsync("Overview");

        await visit.GoAsync("/profile", "Profile");
        await visit.Button("Set up a second factor").ClickAsync();
        var dialog = visit.Page.GetByRole(AriaRole.Dialog);
        await dialog.GetByLabel("Current password").FillAsync(Dashboard.Password);
        await visit.Button("Go on").ClickAsync();
        await visit.Page.GetByText("Enter it by hand instead").ClickAsync();
        var app = new Totp(Base32Encoding.ToBytes(await dialog.Locator("details .copy").TextContentAsync()));
        await dialog.GetByLabel("Code", new() { Exact = true }).FillAsync(app.ComputeTotp());
        await visit.Button("Confirm").ClickAsync();
        var codes = (await visit.TakeSecretAsync()).Split('\n');

        // The next login asks for the second factor; a recovery code does as well, once.
        await LogOutAsync(visit);
        visit.ExpectRefusals(1);
        await LogInAsync(visit, "new@example.org");
        await visit.Button("Use a recovery code").ClickAsync();
        await visit.Field("Recovery code").FillAsync(codes[0]);
        await visit.Button("Log in").ClickAsync();
        await Assertions.Expect(visit.Page.Locator("h1")).ToHaveTextAsync("Overview");
    }

    /// <summary>Pages, and of their buttons those that change something.</summary>
    private async Task<(string Path, string Title, string[] Buttons)[]> PagesWithButtonsAsync()
    {
        var token = TestContext.Current.CancellationToken;
        var api = dashboard.Api;
        var (account, key) = await dashboard.CreateKeyAsync("looked at", BuiltInRoles.EventIngestor);
        await dashboard.SendAsync(key.ApiKey, "looked.at");
        await api.Events.QuarantineAsync(new QuarantineEventsRequest { ApiKeyId = key.Id, Reason = "To look at" }, token);
        var person = await dashboard.CreatePersonAsync("seen@example.org", "Sina Seen", BuiltInRoles.AllReader);
        await api.Roles.CreateAsync(
            new CreateRoleRequest
            {
                Id = "keeper",
                Name = "Keeper",
                AssignableTo = [AccountTypes.User],
                Permissions = new Dictionary<string, IReadOnlyList<string>> { ["meter"] = ["read"] },
            },
            token);
        var customer = await api.Customers.CreateAsync(new CreateCustomerRequest { ExternalId = "acme", Name = "Acme" }, token);
        var meter = await api.Meters.CreateAsync(
            new CreateMeterRequest { Name = "Requests", EventName = "request", Aggregation = new MeterAggregation { Type = AggregationTypes.Count } }, token);
        await api.Prices.CreateAsync(
            new CreatePriceRequest { MeterId = meter.Id, Currency = "USD", BillingModel = "FLAT_FEE", Amount = "0.002", BillingPeriod = "MONTHLY" }, token);
        var month = TimeProvider.System.GetUtcNow();
        var end = new DateTimeOffset(month.Year, month.Month, 1, 0, 0, 0, TimeSpan.Zero);
        var invoice = await api.Invoices.CreateAsync(
            new CreateInvoiceRequest { CustomerId = customer.Id, Currency = "USD", PeriodStart = end.AddMonths(-1), PeriodEnd = end }, token);
        var environment = (await api.Environments.ListAsync(null, token)).Environments[0].Name;
        return
        [
            ("/", "Overview", []),
            ("/service-accounts", "Service accounts", ["New service account"]),
            ($"/service-accounts/{account.Id}", account.Name!, ["Rename", "Change roles", "Disable", "Delete", "New key"]),
            ("/api-keys", "API keys", ["New key"]),
            ($"/api-keys/{key.Id}", key.Name, ["Rename", "Rotate", "Disable", "Revoke"]),
            ("/roles", "Roles", ["New role", "Edit Keeper", "Delete Keeper"]),
            ("/try", "Try it", []),
            ("/people", "People", ["Invite"]),
            ($"/people/{person.Id}", person.Name!, ["Change roles", "Link for a new password", "Disable", "Delete", "End all"]),
            ("/events", "Events", []),
            ("/events/diagnostics", "Diagnostics", []),
            ("/events/quarantine", "Quarantine", ["New quarantine", "Release"]),
            ("/usage", "Usage", []),
            ("/customers", "Customers", ["New customer"]),
            ($"/customers/{customer.Id}", customer.Name, ["New invoice", "Edit", "Archive", "Delete"]),
            ("/meters", "Meters", ["New meter"]),
            ($"/meters/{meter.Id}", meter.Name, ["Edit", "Archive", "New price", "End the price in USD"]),
            ("/invoices", "Invoices", ["New invoice"]),
            ($"/invoices/new?customer=acme&currency=usd&from={Rfc3339.Format(end.AddMonths(-2))}&to={Rfc3339.Format(end.AddMonths(-1))}", "New invoice", ["Make this invoice"]),
            ($"/invoices/{invoice.Id}", invoice.InvoiceNumber!, ["Void"]),
            ("/audit", "Audit log", []),
            ("/settings/environments", "Environments", ["New environment", $"Change {environment}"]),
            ("/settings/tenant", "Organisation", ["Save"]),
            ("/settings/keys", "Rules for keys", ["Save"]),
            ("/settings/retention", "Retention", [$"Change the retention of {environment}"]),
            ("/settings/limits", "Limits", []),
        ];
    }

    private static async Task<IReadOnlyList<string>> WritingOnAsync(Visit visit)
    {
        var names = await visit.Page.EvaluateAsync<string[]>(
            "[...document.querySelectorAll('main button, main a.mud-button-root')].map(each => (each.getAttribute('aria-label') ?? each.innerText).trim())");
        return [.. names.Where(name => Writing.Any(word => name.StartsWith(word, StringComparison.OrdinalIgnoreCase)))];
    }

    private async Task<HttpStatusCode> StatusOfMeAsync(IEnumerable<BrowserContextCookiesResult> cookies)
    {
        using var http = new HttpClient { BaseAddress = new Uri(dashboard.Url) };
        http.DefaultRequestHeaders.Add("Cookie", string.Join("; ", cookies.Select(cookie => $"{cookie.Name}={cookie.Value}")));
        using var answer = await http.GetAsync(new Uri("/v1/users/me", UriKind.Relative), TestContext.Current.CancellationToken);
        return answer.StatusCode;
    }

    private static Microsoft.Playwright.Cookie CookieOf(BrowserContextCookiesResult cookie) => new()
    {
        Name = cookie.Name,
        Value = cookie.Value,
        Domain = cookie.Domain,
        Path = cookie.Path,
        Expires = cookie.Expires,
        HttpOnly = cookie.HttpOnly,
        Secure = cookie.Secure,
        SameSite = cookie.SameSite,
    };

    private static async Task LogOutAsync(Visit visit)
    {
        await visit.Page.EvaluateAsync("document.documentElement.dataset.before = ''");
        await visit.Button("You").ClickAsync();
        await visit.Page.GetByText("Log out").ClickAsync();
        // The page is loaded anew: nothing of the person stays in its memory.
        await Assertions.Expect(visit.Page.Locator("html[data-before]")).ToHaveCountAsync(0);
        await Assertions.Expect(visit.Page.Locator("h1")).ToHaveTextAsync("Log in");
    }

    private static async Task LogInAsync(Visit visit, string email, string password = Dashboard.Password)
    {
        await visit.Field("Email").FillAsync(email);
        await visit.Field("Password").FillAsync(password);
        await visit.Button("Log in").ClickAsync();
    }
}
