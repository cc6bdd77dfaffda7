using Tollgate.Contracts;
using Xunit;

namespace Tollgate.ServerTests.Access;

/// <summary>What is another tenant's or another environment's is, for everybody else, as if it had never been.</summary>
public sealed class OtherTenantsTests(TollgateServer server) : IClassFixture<TollgateServer>
{
    [Fact]
    public async Task Another_tenants_accounts_environments_and_name_do_not_exist()
    {
        var account = await server.CreateServiceAccountAsync("event_reader");
        var environment = (await ReadAsync<EnvironmentsResponse>(server.AdminClient, "/v1/environments")).Environments[0];
        using var stranger = server.ClientWith((await server.SecondTenantAsync()).ApiKey);

        await ShouldNotExistAsync(stranger, $"/v1/users/{account.Id}");
        await ShouldNotExistAsync(stranger, $"/v1/environments/{environment.Id}");
        await ShouldNotExistAsync(stranger, $"/v1/tenants/{account.Tenant.Id}");
        using var searched = await stranger.PostJsonAsync("/v1/users/search", new { user_ids = new[] { account.Id } });
        Assert.Empty((await searched.ReadAsync<ListResponse<UserResponse>>(200)).Items);
        Assert.DoesNotContain((await ReadAsync<EnvironmentsResponse>(stranger, "/v1/environments")).Environments, each => each.Id == environment.Id);
        using var renamed = await stranger.PutJsonAsync($"/v1/users/{account.Id}", new { name = "Mine now" });
        await renamed.ShouldBeProblemAsync(404, ErrorCodes.NotFound);
    }

    [Fact]
    public async Task Who_can_names_nobody_of_another_tenant()
    {
        var account = await server.CreateServiceAccountAsync("event_reader");
        var key = await server.CreateKeyAsync(account);
        using var stranger = server.ClientWith((await server.SecondTenantAsync()).ApiKey);

        const string Question = "/v1/rbac/who-can?permission=event:read&limit=1000";
        var here = await ReadAsync<ListResponse<WhoCanResponse>>(server.AdminClient, Question);
        Assert.Contains(here.Items, each => each.ApiKeyId == key.Id);
        var there = await ReadAsync<ListResponse<WhoCanResponse>>(stranger, Question);
        // The stranger, and the stranger's one key.
        Assert.Equal(2, there.Pagination.Total);
        Assert.DoesNotContain(there.Items, each => each.AccountId == account.Id || each.ApiKeyId == key.Id);
    }

    [Fact]
    public async Task Checkpoints_of_another_tenants_audit_log_are_not_listed()
    {
        // The second tenant has come after the start, at which each log got one.
        using var stranger = server.ClientWith((await server.SecondTenantAsync()).ApiKey);

        Assert.NotEmpty((await ReadAsync<ListResponse<AuditCheckpointResponse>>(server.AdminClient, "/v1/audit/checkpoints")).Items);
        Assert.Empty((await ReadAsync<ListResponse<AuditCheckpointResponse>>(stranger, "/v1/audit/checkpoints")).Items);
    }

    [Fact]
    public async Task Nobody_makes_or_imports_a_key_for_another_tenants_account()
    {
        var account = await server.CreateServiceAccountAsync("event_reader");
        using var stranger = server.ClientWith((await server.SecondTenantAsync()).ApiKey);

        using var made = await stranger.PostJsonAsync(
            "/v1/secrets/api/keys", new { name = "theirs", type = "private_key", service_account_id = account.Id });
        await made.ShouldBeProblemAsync(404, ErrorCodes.NotFound);
        using var imported = await stranger.PostJsonAsync(
            "/v1/secrets/api/keys/import", new { keys = new[] { new { name = "theirs", sha256 = new string('a', 64), service_account_id = account.Id } } });
        await imported.ShouldBeProblemAsync(400, ErrorCodes.ValidationError);
    }

    [Fact]
    public async Task Another_environments_customers_and_keys_do_not_exist()
    {
        var (here, there) = await InBothEnvironmentsAsync();
        var key = await server.CreateKeyAsync(await server.CreateServiceAccountAsync("event_reader"), creator: here);
        using var created = await here.PostJsonAsync("/v1/customers", new { external_id = "here", name = "Here" });
        var customer = await created.ReadAsync<CustomerResponse>(201);

        await ShouldNotExistAsync(there, $"/v1/secrets/api/keys/{key.Id}");
        await ShouldNotExistAsync(there, $"/v1/customers/{customer.Id}");
        Assert.DoesNotContain((await ReadAsync<ListResponse<CustomerResponse>>(there, "/v1/customers")).Items, each => each.Id == customer.Id);
        using var deleted = await there.DeletePathAsync($"/v1/secrets/api/keys/{key.Id}");
        await deleted.ShouldBeProblemAsync(404, ErrorCodes.NotFound);
    }

    [Fact]
    public async Task Another_environments_meters_prices_and_invoices_do_not_exist()
    {
        var (here, there) = await InBothEnvironmentsAsync();
        var customer = await CreateAsync(here, "/v1/customers", new { external_id = "invoiced", name = "Invoiced" });
        var meter = await CreateAsync(here, "/v1/meters", new { name = "here", event_name = "here", aggregation = new { type = "COUNT" } });
        var flat = new { meter_id = meter, currency = "usd", billing_model = "FLAT_FEE", amount = "1" };
        var price = await CreateAsync(here, "/v1/prices", flat);
        var period = new { customer_id = customer, currency = "usd", period_start = "2026-01-01T00:00:00Z", period_end = "2026-02-01T00:00:00Z" };
        var invoice = await CreateAsync(here, "/v1/invoices", period);

        foreach (var path in new[] { $"/v1/meters/{meter}", $"/v1/prices/{price}", $"/v1/invoices/{invoice}", $"/v1/customers/{customer}/usage" })
        {
            await ShouldNotExistAsync(there, path);
        }

        foreach (var path in new[] { "/v1/meters", "/v1/prices", "/v1/invoices" })
        {
            using var list = await there.GetPathAsync(path);
            Assert.Equal(0, (await list.JsonAsync(200)).GetProperty("pagination").GetProperty("total").GetInt32());
        }

        foreach (var (path, body) in new (string, object)[]
        {
            ("/v1/prices", flat), ("/v1/invoices", period), ("/v1/invoices/preview", period), ("/v1/events/usage/meter", new { meter_id = meter }),
        })
        {
            using var response = await there.PostJsonAsync(path, body);
            await response.ShouldBeProblemAsync(404, ErrorCodes.NotFound);
        }
    }

    /// <summary>The administrator's session in the one environment, and in the other.</summary>
    private async Task<(HttpClient Here, HttpClient There)> InBothEnvironmentsAsync()
    {
        var environments = (await ReadAsync<EnvironmentsResponse>(server.AdminClient, "/v1/environments")).Environments;
        var cookie = await server.LoginAsync(server.Secrets.Email, server.Secrets.Password);
        var (here, there) = (server.ClientWithSession(cookie), server.ClientWithSession(cookie));
        here.DefaultRequestHeaders.Add("X-Environment-ID", environments[0].Id);
        there.DefaultRequestHeaders.Add("X-Environment-ID", environments[1].Id);
        return (here, there);
    }

    private static async Task<string> CreateAsync(HttpClient client, string path, object body)
    {
        using var response = await client.PostJsonAsync(path, body);
        return (await response.JsonAsync(201)).GetProperty("id").GetString()!;
    }

    private static async Task ShouldNotExistAsync(HttpClient client, string path)
    {
        using var response = await client.GetPathAsync(path);
        await response.ShouldBeProblemAsync(404, ErrorCodes.NotFound);
    }

    private static async Task<T> ReadAsync<T>(HttpClient client, string path)
    {
        using var response = await client.GetPathAsync(path);
        return await response.ReadAsync<T>(200);
    }
}
