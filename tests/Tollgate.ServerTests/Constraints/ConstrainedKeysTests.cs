using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.ServerTests.Access;
using Tollgate.ServerTests.Events;
using Tollgate.Storage.Control;
using Xunit;

namespace Tollgate.ServerTests.Constraints;

public sealed class ConstrainedKeysTests(TollgateServer server) : IClassFixture<TollgateServer>
{
    private static readonly string[] OneNetwork = ["192.0.2.0/24"];

    private readonly string _unique = EventClients.Unique();

    [Fact]
    public async Task Constraints_are_answered_wherever_the_key_is_shown_and_in_the_audit_log()
    {
        var asked = new KeyConstraints
        {
            EventNames = ["api_*", "storage"],
            ExternalCustomerIds = ["acme"],
            Sources = ["web"],
            AllowedCidrs = ["127.0.0.0/8", "::1", "::ffff:10.0.0.0/104"],
            RateLimitPerMinute = 600,
            MaxEventAgeSeconds = 3600,
        };

        var created = await server.CreateKeyAsync(asked);

        using var client = server.ClientWith(created.ApiKey);
        using var me = await client.GetPathAsync("/v1/users/me");
        using var got = await server.AdminClient.GetPathAsync($"/v1/secrets/api/keys/{created.Id}");
        var shown = await got.ReadAsync<SecretResponse>(200);
        const string Expected =
            """{"event_names":["api_*","storage"],"external_customer_ids":["acme"],"sources":["web"],"allowed_cidrs":["127.0.0.0/8","::1/128","10.0.0.0/8"],"rate_limit_per_minute":600,"max_event_age_seconds":3600}""";
        Assert.Equal(Expected, JsonSerializer.Serialize(created.Constraints, WireJson.Options));
        Assert.Equal(Expected, JsonSerializer.Serialize(shown.Constraints, WireJson.Options));
        Assert.Equal(Expected, (await me.JsonAsync(200)).GetProperty("principal").GetProperty("api_key").GetProperty("constraints").GetRawText());
        await using var db = server.Host.Services.GetRequiredService<ControlStore>().CreateContext();
        var record = await db.AuditRecords.AsNoTracking().SingleAsync(row => row.TargetId == created.Id, TestContext.Current.CancellationToken);
        Assert.Contains("\"allowed_cidrs\":[\"127.0.0.0/8\"", record.After, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"event_names":[]}""", "constraints.event_names")]
    [InlineData("""{"event_names":null,"sources":"web"}""", "constraints.sources")]
    [InlineData("""{"event_names":[1]}""", "constraints.event_names[0]")]
    [InlineData("""{"event_names":["*"]}""", "constraints.event_names[0]")]
    [InlineData("""{"sources":["a*"]}""", "constraints.sources[0]")]
    [InlineData("""{"allowed_cidrs":["10.0.0.1/8"]}""", "constraints.allowed_cidrs[0]")]
    [InlineData("""{"rate_limit_per_minute":0}""", "constraints.rate_limit_per_minute")]
    [InlineData("""{"rate_limit_per_minute":1000001}""", "constraints.rate_limit_per_minute")]
    [InlineData("""{"max_event_age_seconds":315576001}""", "constraints.max_event_age_seconds")]
    [InlineData("""{"event_name":["a"]}""", "constraints.event_name")]
    [InlineData("[]", "constraints")]
    public async Task A_constraint_that_can_not_be_meant_is_refused_by_name(string constraints, string field)
    {
        var fields = await server.AdminClient.RefusedFieldsAsync(
            "/v1/secrets/api/keys", $$"""{"name":"{{_unique}}","type":"private_key","constraints":{{constraints}}}""");

        Assert.Equal([field], fields);
    }

    [Fact]
    public async Task An_empty_object_and_null_are_no_constraints()
    {
        foreach (var constraints in (string[])["{}", "null", """{"event_names":null}"""])
        {
            using var response = await server.AdminClient.PostJsonAsync(
                "/v1/secrets/api/keys", $$"""{"name":"{{_unique}}","type":"private_key","constraints":{{constraints}}}""");

            Assert.Null((await response.ReadAsync<CreatedApiKeyResponse>(201)).Constraints);
        }
    }

    [Fact]
    public async Task Constraints_never_change_by_any_route_nor_in_the_database()
    {
        var key = await server.CreateKeyAsync(new KeyConstraints { ExternalCustomerIds = ["acme"] });

        Assert.Equal(
            ["constraints"],
            (await PutRefusedAsync($"/v1/secrets/api/keys/{key.Id}", new { name = "x", constraints = new { } })));
        await using var db = server.Host.Services.GetRequiredService<ControlStore>().CreateContext();
        foreach (var sql in (FormattableString[])
            [
                $"UPDATE api_keys SET constraints = NULL WHERE id = {key.Id}",
                $"UPDATE api_keys SET constraints = '{{}}' WHERE id = {key.Id}",
            ])
        {
            var refused = await Assert.ThrowsAnyAsync<Exception>(() => db.Database.ExecuteSqlInterpolatedAsync(sql, TestContext.Current.CancellationToken));
            Assert.Contains("the constraints of an API key are fixed", refused.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Constraints_outlive_a_restart()
    {
        await using var own = await TollgateServer.StartAsync();
        var key = await own.CreateKeyAsync(new KeyConstraints { ExternalCustomerIds = ["acme"] });
        await own.AdminClient.IngestManyAsync([new { event_name = "n", external_customer_id = "acme" }, new { event_name = "n", external_customer_id = "globex" }]);

        await own.RestartAsync();

        using var client = own.ClientWith(key.ApiKey);
        var page = await client.QueryAsync(new { });
        Assert.Equal("acme", Assert.Single(page.GetProperty("events").EnumerateArray()).GetProperty("external_customer_id").GetString());
    }

    [Fact]
    public async Task A_limited_key_makes_only_keys_that_are_limited_the_same_or_more()
    {
        using var client = await server.LimitedAdminAsync(new KeyConstraints { ExternalCustomerIds = ["acme*"], RateLimitPerMinute = 1000 });

        using var bare = await client.PostJsonAsync("/v1/secrets/api/keys", new { name = "x", type = "private_key" });
        using var wider = await client.PostJsonAsync(
            "/v1/secrets/api/keys",
            new { name = "x", type = "private_key", constraints = new { external_customer_ids = new[] { "acme", "globex" }, rate_limit_per_minute = 10 } });
        var narrower = await server.CreateKeyAsync(
            new KeyConstraints { ExternalCustomerIds = ["acme-eu", "acme-us-*"], RateLimitPerMinute = 10, EventNames = ["n"] }, creator: client);

        var problem = await bare.ShouldBeProblemAsync(403, "would_escalate");
        Assert.Equal(
            ["external_customer_ids", "rate_limit_per_minute"],
            problem.GetProperty("details").GetProperty("wider_constraints").EnumerateArray().Select(name => name.GetString()));
        Assert.Equal(
            ["external_customer_ids"],
            (await wider.ShouldBeProblemAsync(403, "would_escalate")).GetProperty("details").GetProperty("wider_constraints").EnumerateArray()
                .Select(name => name.GetString()));
        Assert.Equal(["n"], narrower.Constraints!.EventNames);
    }

    [Fact]
    public async Task A_key_of_one_customer_knows_of_no_other()
    {
        var (mine, theirs) = ($"mine-{_unique}", $"theirs-{_unique}");
        var (own, other) = (await CreateCustomerAsync(mine), await CreateCustomerAsync(theirs));
        // Differs in case alone, which must not be enough.
        await CreateCustomerAsync(mine.ToUpperInvariant());
        await CreateCustomerAsync($"MINE-{_unique}-x");
        using var client = await server.LimitedAdminAsync(new KeyConstraints { ExternalCustomerIds = [mine, $"{mine}-*"] });

        using var list = await client.GetPathAsync("/v1/customers");
        using var search = await client.PostJsonAsync("/v1/customers/search", new { customer_ids = new[] { own, other }, external_ids = new[] { mine, theirs } });
        using var deleted = await client.PostJsonAsync("/v1/customers/search", new { status = "deleted" });
        foreach (var answer in (JsonElement[])[await list.JsonAsync(200), await search.JsonAsync(200)])
        {
            Assert.Equal(own, Assert.Single(answer.GetProperty("items").EnumerateArray()).GetProperty("id").GetString());
            Assert.Equal(1, answer.GetProperty("pagination").GetProperty("total").GetInt32());
        }

        Assert.Equal(0, (await deleted.JsonAsync(200)).GetProperty("pagination").GetProperty("total").GetInt32());
        foreach (var path in (string[])[$"/v1/customers/{other}", $"/v1/customers/external/{theirs}"])
        {
            using var got = await client.GetPathAsync(path);
            await got.ShouldBeProblemAsync(404, "not_found");
        }

        foreach (var path in (string[])[$"/v1/customers/{other}", $"/v1/customers?id={other}", $"/v1/customers?external_customer_id={theirs}"])
        {
            using var put = await client.PutJsonAsync(path, new { name = "taken over" });
            await put.ShouldBeProblemAsync(404, "not_found");
        }

        using var gone = await client.DeletePathAsync($"/v1/customers/{other}");
        await gone.ShouldBeProblemAsync(404, "not_found");
        using var still = await server.AdminClient.GetPathAsync($"/v1/customers/{other}");
        Assert.Equal("A customer", (await still.JsonAsync(200)).GetProperty("name").GetString());
    }

    [Fact]
    public async Task A_key_of_one_customer_gives_no_customer_a_name_outside_and_does_not_learn_which_exist()
    {
        var (mine, theirs) = ($"mine-{_unique}", $"theirs-{_unique}");
        await CreateCustomerAsync(theirs);
        using var client = await server.LimitedAdminAsync(new KeyConstraints { ExternalCustomerIds = [$"{mine}*"] });

        using var created = await client.PostJsonAsync("/v1/customers", new { external_id = $"{mine}-1", name = "Mine" });
        var id = (await created.JsonAsync(201)).GetProperty("id").GetString();
        foreach (var external in (string[])[theirs, $"nobody-{_unique}", mine.ToUpperInvariant()])
        {
            using var create = await client.PostJsonAsync("/v1/customers", new { external_id = external, name = "x" });
            await create.ShouldBeProblemAsync(403, "constraint_violation");
            using var rename = await client.PutJsonAsync($"/v1/customers/{id}", new { external_id = external });
            await rename.ShouldBeProblemAsync(403, "constraint_violation");
        }

        using var renamed = await client.PutJsonAsync($"/v1/customers/{id}", new { external_id = $"{mine}-2" });
        await renamed.ShouldBeAsync(200);
        using var deleted = await client.DeletePathAsync($"/v1/customers/{id}");
        await deleted.ShouldBeAsync(204);
    }

    [Fact]
    public async Task A_key_that_is_limited_to_some_data_comes_to_no_route_whose_data_is_not_bounded()
    {
        using var limited = await server.LimitedAdminAsync(new KeyConstraints { ExternalCustomerIds = ["acme"] });
        using var elsewhere = await server.LimitedAdminAsync(new KeyConstraints { AllowedCidrs = ["127.0.0.0/8"], RateLimitPerMinute = 1_000_000 });
        var closed = new List<string>();
        foreach (var endpoint in ServedRoutes.Endpoints(server))
        {
            if (endpoint.Metadata.GetMetadata<RouteRule>() is not { Permission: not null } rule)
            {
                continue;
            }

            var method = Assert.Single(ServedRoutes.Methods(endpoint));
            var entity = rule.Permission.Split(':')[0];
            var path = ServedRoutes.PathOf(endpoint).Replace("{", "", StringComparison.Ordinal).Replace("}", "", StringComparison.Ordinal);
            // A stream that is let in would not end by itself.
            var sent = path == "/v1/events/stream" ? path + "?max_seconds=1" : path;
            using var response = await limited.SendAsync(new HttpMethod(method), sent, body: method == "POST" || method == "PUT" ? "{}" : null);
            var isRefused = (int)response.StatusCode == 403
                && JsonDocument.Parse(await response.TextAsync()).RootElement.GetProperty("code").GetString() == "constraint_violation";
            var isBounded = (entity is "event" or "customer" && rule.Access == RouteAccess.Permission) || $"{method} {path}" == "POST /v1/secrets/api/keys";

            Assert.True(isRefused == !isBounded, $"{method} {path} answers {(int)response.StatusCode} to a key of one customer");
            if (isRefused)
            {
                closed.Add(path);
                Assert.Contains("limited to certain customers", await response.TextAsync(), StringComparison.Ordinal);
                using var other = await elsewhere.SendAsync(new HttpMethod(method), path.Replace("/id", $"/{_unique}", StringComparison.Ordinal), body: method == "POST" || method == "PUT" ? "{\"nothing\":1}" : null);
                Assert.NotEqual(403, (int)other.StatusCode);
            }
        }

        Assert.Contains("/v1/users/search", closed);
        Assert.Contains("/v1/secrets/api/keys", closed);
        Assert.Contains("/v1/environments", closed);
        using var me = await limited.GetPathAsync("/v1/users/me");
        await me.ShouldBeAsync(200);
        using var renamed = await limited.PutJsonAsync("/v1/users/me", new { name = "Another" });
        await renamed.ShouldBeProblemAsync(403, "constraint_violation");
        using var roles = await limited.GetPathAsync("/v1/rbac/roles");
        await roles.ShouldBeAsync(200);
    }

    [Fact]
    public async Task A_key_that_is_limited_to_some_data_is_not_shown_the_tenants_bills_and_notes()
    {
        using (var update = await server.AdminClient.PutJsonAsync(
            "/v1/tenants/update", new { billing_details = new { email = $"{_unique}@billing.example" }, metadata = new { note = _unique } }))
        {
            await update.ShouldBeAsync(200);
        }

        using var limited = await server.LimitedAdminAsync(new KeyConstraints { ExternalCustomerIds = ["acme"] });
        using var me = await limited.GetPathAsync("/v1/users/me");
        using var whole = await server.AdminClient.GetPathAsync("/v1/users/me");

        await me.ShouldBeAsync(200);
        Assert.DoesNotContain(_unique, await me.TextAsync(), StringComparison.Ordinal);
        Assert.Contains($"{_unique}@billing.example", await whole.TextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_is_of_no_use_from_another_network_whatever_the_headers_say()
    {
        var there = await server.CreateKeyAsync(new KeyConstraints { AllowedCidrs = ["192.0.2.0/24", "2001:db8::/32"] });
        var here = await server.CreateKeyAsync(new KeyConstraints { AllowedCidrs = [.. OneNetwork, "127.0.0.1"] });
        foreach (var header in (string[])["X-Forwarded-For", "X-Real-IP", "Forwarded", "X-Client-IP", "CF-Connecting-IP"])
        {
            using var client = server.ClientWith(there.ApiKey);
            client.DefaultRequestHeaders.TryAddWithoutValidation(header, header == "Forwarded" ? "for=192.0.2.7" : "192.0.2.7");
            using var response = await client.PostJsonAsync("/v1/events", new { event_name = "n", external_customer_id = _unique });
            var problem = await response.ShouldBeProblemAsync(403, "constraint_violation");
            Assert.Equal("This key can't be used from 127.0.0.1.", problem.GetProperty("message").GetString());
            // Who has found the key is not told from where it works.
            Assert.DoesNotContain("192.0.2", await response.TextAsync(), StringComparison.Ordinal);
        }

        using var inside = server.ClientWith(here.ApiKey);
        inside.DefaultRequestHeaders.Add("X-Forwarded-For", "203.0.113.9");
        using var accepted = await inside.GetPathAsync("/v1/users/me");
        await accepted.ShouldBeAsync(200);
        Assert.Empty((await server.AdminClient.QueryAsync(new { external_customer_id = _unique })).Ids());
    }

    [Fact]
    public async Task A_dead_key_is_dead_from_everywhere()
    {
        var key = await server.CreateKeyAsync(new KeyConstraints { AllowedCidrs = OneNetwork });
        using var deleted = await server.AdminClient.DeletePathAsync($"/v1/secrets/api/keys/{key.Id}");
        await deleted.ShouldSucceedAsync();

        using var client = server.ClientWith(key.ApiKey);
        using var response = await client.GetPathAsync("/v1/users/me");

        await response.ShouldBeProblemAsync(401, "unauthenticated");
    }

    private async Task<string> CreateCustomerAsync(string externalId)
    {
        using var response = await server.AdminClient.PostJsonAsync("/v1/customers", new { external_id = externalId, name = "A customer" });
        return (await response.JsonAsync(201)).GetProperty("id").GetString()!;
    }

    private async Task<string[]> PutRefusedAsync(string path, object body)
    {
        using var response = await server.AdminClient.PutJsonAsync(path, body);
        var problem = await response.ShouldBeProblemAsync(400, "validation_error");
        return [.. problem.GetProperty("details").GetProperty("errors").EnumerateObject().Select(error => error.Name)];
    }
}
