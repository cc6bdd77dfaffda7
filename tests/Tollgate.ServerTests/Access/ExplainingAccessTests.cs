using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Xunit;

namespace Tollgate.ServerTests.Access;

/// <summary>What refusals, <c>can-i</c>, <c>explain</c> and <c>who-can</c> say. That they say what happens is the matrix's to show.</summary>
public sealed class ExplainingAccessTests(TollgateServer server) : IClassFixture<TollgateServer>
{
    [Fact]
    public async Task A_refusal_says_which_roles_would_grant_it_and_which_of_them_this_account_can_have()
    {
        using var client = await server.ClientOfNewAccountAsync("event_ingestor");
        using var response = await client.GetPathAsync("/v1/events");

        var problem = await response.ShouldBeProblemAsync(403, ErrorCodes.PermissionDenied);
        var details = problem.GetProperty("details");
        Assert.Equal("role", details.GetProperty("missing").GetString());
        Assert.Equal(["event_reader", "all_reader", "all_writer", "super_admin"], Texts(details, "roles_that_grant").Where(IsBuiltIn));
        Assert.Equal(["event_reader", "super_admin"], Texts(details, "assignable_roles_that_grant").Where(IsBuiltIn));
        Assert.Equal(["event:write"], Texts(details, "key_permissions"));
        Assert.Equal(
            "None of the account's roles grants event:read. Ask an administrator to give it one that does, for example event_reader, "
            + "then create a new key: a key never gains permissions.",
            problem.GetProperty("detail").GetString());
        Assert.Equal("event:read", Assert.Single(response.Headers.GetValues("X-Accepted-Permissions")));
    }

    [Fact]
    public async Task Whatever_it_is_refused_for_a_refusal_names_what_the_route_asks_for_and_what_is_held()
    {
        using var other = await server.AdminClient.GetPathAsync("/v1/environments");
        var elsewhere = (await other.ReadAsync<EnvironmentsResponse>(200)).Environments.First(each => each.Id != server.Secrets.EnvironmentId).Id;
        var account = await server.CreateServiceAccountAsync("event_ingestor");
        using var created = await server.AdminClient.PostJsonAsync("/v1/secrets/api/keys", new
        {
            name = "n",
            type = "private_key",
            service_account_id = account.Id,
            constraints = new { event_names = new[] { "only_this" } },
        });
        using var client = server.ClientWith((await created.ReadAsync<CreatedApiKeyResponse>(201)).ApiKey);
        using var outside = await client.PostJsonAsync("/v1/events", new { event_name = "another", external_customer_id = "c" });
        client.DefaultRequestHeaders.Add("X-Environment-ID", elsewhere);
        using var mismatch = await client.PostJsonAsync("/v1/events", new { event_name = "only_this", external_customer_id = "c" });
        foreach (var (answer, code) in new[] { (outside, ErrorCodes.ConstraintViolation), (mismatch, ErrorCodes.EnvironmentMismatch) })
        {
            var details = (await answer.ShouldBeProblemAsync(403, code)).GetProperty("details");
            Assert.Equal("event:write", details.GetProperty("required_permission").GetString());
            Assert.Equal("event_ingestor", details.GetProperty("held_roles")[0].GetString());
            Assert.StartsWith("decision_", details.GetProperty("decision_id").GetString(), StringComparison.Ordinal);
            Assert.Equal("event:write", answer.Headers.GetValues("X-Accepted-Permissions").Single());
        }
    }

    [Fact]
    public async Task A_success_of_a_route_with_a_permission_names_it_too()
    {
        using var client = await server.ClientOfNewAccountAsync("event_reader");
        using var allowed = await client.GetPathAsync("/v1/events");
        using var free = await client.GetPathAsync("/v1/users/me");

        Assert.Equal("event:read", Assert.Single((await allowed.ShouldBeAsync(200)).Headers.GetValues("X-Accepted-Permissions")));
        Assert.False((await free.ShouldBeAsync(200)).Headers.Contains("X-Accepted-Permissions"));
    }

    [Fact]
    public async Task A_service_account_hears_that_it_never_is_an_administrator()
    {
        using var client = await server.ClientOfNewAccountAsync("super_admin");
        using var response = await client.PostJsonAsync("/v1/rbac/roles", NewRole("never", "event:read"));

        var problem = await response.ShouldBeProblemAsync(403, ErrorCodes.PermissionDenied);
        var details = problem.GetProperty("details");
        Assert.Equal("administrator", details.GetProperty("missing").GetString());
        Assert.Equal(["super_admin"], Texts(details, "roles_that_grant"));
        Assert.Empty(Texts(details, "assignable_roles_that_grant"));
        Assert.Contains("A service account never is one", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Everybody_may_ask_what_they_may_do()
    {
        using var client = await server.ClientOfNewAccountAsync("event_reader");

        var yes = await AskAsync(client, new { permission = "event:read" });
        Assert.True(yes.Allowed);
        Assert.Equal(["event_reader"], yes.GrantedBy);
        Assert.Null(yes.Missing);
        Assert.Null(yes.Results);

        var no = await AskAsync(client, new { permission = "event:write" });
        Assert.False(no.Allowed);
        Assert.Equal("role", no.Missing);
        Assert.Empty(no.GrantedBy);

        var several = await AskAsync(client, new { permissions = new[] { "event:read", "event:write" } });
        Assert.False(several.Allowed);
        Assert.Equal("role", several.Missing);
        Assert.Equal([("event:read", true), ("event:write", false)], several.Results?.Select(result => (result.Permission, result.Allowed)));

        var elsewhere = await AskAsync(client, new { permission = "event:read", environment_id = "env_00000000000000000000000000" });
        Assert.Equal("environment", elsewhere.Missing);

        var administrator = await AskAsync(server.AdminClient, new { permission = "user:write", administrator = true });
        Assert.True(administrator.Allowed);
        Assert.Equal(["super_admin"], administrator.GrantedBy);
    }

    [Fact]
    public async Task A_person_may_ask_about_any_environment_of_the_tenant_and_no_other()
    {
        var person = await server.CreatePersonAsync("all_reader");
        using var client = server.ClientWithSession(await server.LoginAsync(person.Email, person.Password));
        using var environments = await server.AdminClient.GetPathAsync("/v1/environments");
        foreach (var environment in (await environments.ReadAsync<EnvironmentsResponse>(200)).Environments)
        {
            Assert.True((await AskAsync(client, new { permission = "event:read", environment_id = environment.Id })).Allowed);
        }

        var other = await server.SecondTenantAsync();
        using var foreign = await client.PostJsonAsync("/v1/rbac/can-i", new { permission = "event:read", environment_id = other.EnvironmentId });
        await foreign.ShouldBeProblemAsync(404, ErrorCodes.NotFound);
    }

    [Theory]
    [InlineData("""{}""", "permission")]
    [InlineData("""{"permission":"event:read","permissions":["event:read"]}""", "permission")]
    [InlineData("""{"permission":"event:*"}""", "permission")]
    [InlineData("""{"permission":"*"}""", "permission")]
    [InlineData("""{"permission":"Event:Read"}""", "permission")]
    [InlineData("""{"permissions":["event:read","%"]}""", "permissions[1]")]
    [InlineData("""{"permissions":[]}""", "permissions")]
    [InlineData("""{"permission":"event:read","principal_id":"user_X"}""", "principal_id")]
    public async Task A_question_about_nothing_is_refused(string body, string field)
    {
        using var response = await server.AdminClient.PostJsonAsync("/v1/rbac/can-i", body);

        await ShouldNameAsync(response, field);
    }

    [Theory]
    [InlineData("""{"permission":"event:read"}""", "principal_id")]
    [InlineData("""{"principal_id":"user_X","api_key_id":"secret_X","permission":"event:read"}""", "principal_id")]
    [InlineData("""{"principal_id":"user_X"}""", "permission")]
    [InlineData("""{"principal_id":"user_X","permission":"event:read","route":"GET /health"}""", "permission")]
    [InlineData("""{"principal_id":"user_X","permission":"events:read"}""", "permission")]
    [InlineData("""{"principal_id":"user_X","route":"GET /nowhere"}""", "route")]
    [InlineData("""{"principal_id":"user_X","route":"GET /health","administrator":true}""", "administrator")]
    [InlineData("""{"principal_id":"user_X","permission":"event:read","tenant_id":"tenant_X"}""", "tenant_id")]
    public async Task An_explanation_of_nothing_is_refused(string body, string field)
    {
        using var response = await server.AdminClient.PostJsonAsync("/v1/rbac/explain", body);

        await ShouldNameAsync(response, field);
    }

    [Theory]
    [InlineData("*")]
    [InlineData("%")]
    [InlineData("_")]
    [InlineData("null")]
    [InlineData("0")]
    [InlineData("user_00000000000000000000000000")]
    public async Task An_id_that_stands_for_nobody_or_everybody_is_nobody(string id)
    {
        using var principal = await server.AdminClient.PostJsonAsync("/v1/rbac/explain", new { principal_id = id, permission = "event:read" });
        await principal.ShouldBeProblemAsync(404, ErrorCodes.NotFound);
        using var key = await server.AdminClient.PostJsonAsync("/v1/rbac/explain", new { api_key_id = id, permission = "event:read" });
        await key.ShouldBeProblemAsync(404, ErrorCodes.NotFound);
        using var preview = await server.AdminClient.PostJsonAsync($"/v1/users/{Uri.EscapeDataString(id)}/roles/preview", new { roles = new[] { "event_reader" } });
        await preview.ShouldBeProblemAsync(404, ErrorCodes.NotFound);
        using var role = await server.AdminClient.PutJsonAsync($"/v1/rbac/roles/{Uri.EscapeDataString(id)}", RoleBody("x", "event:read"));
        await role.ShouldBeProblemAsync(404, ErrorCodes.NotFound);
        using var deleted = await server.AdminClient.DeletePathAsync($"/v1/rbac/roles/{Uri.EscapeDataString(id)}");
        await deleted.ShouldBeProblemAsync(404, ErrorCodes.NotFound);
        using var account = await server.AdminClient.PutJsonAsync($"/v1/users/{Uri.EscapeDataString(id)}/roles", new { roles = new[] { "event_reader" } });
        await account.ShouldBeProblemAsync(404, ErrorCodes.NotFound);
    }

    [Fact]
    public async Task An_explanation_follows_a_key_through_its_life()
    {
        var clock = new FakeTimeProvider(new DateTimeOffset(2026, 5, 1, 0, 0, 0, TimeSpan.Zero));
        await using var own = await TollgateServer.StartAsync(clock);
        var account = await own.CreateServiceAccountAsync("event_reader");
        var key = await own.CreateKeyAsync(account, clock.GetUtcNow().AddHours(1));

        var live = await ExplainAsync(own, new { api_key_id = key.Id, permission = "event:read" });
        Assert.True(live.Allowed);
        Assert.Equal("live", live.KeyState);
        Assert.Equal(["event_reader"], live.GrantedBy);
        Assert.Equal(["event:read"], live.Snapshot?.Permissions);
        Assert.Equal([("event_reader", true)], live.Roles.Select(role => (role.Id, role.Grants)));

        await DoAsync(own, HttpMethod.Put, $"/v1/users/{account.Id}/roles", new { roles = new[] { "event_ingestor" } });
        var demoted = await ExplainAsync(own, new { api_key_id = key.Id, permission = "event:read" });
        Assert.Equal((false, "role"), (demoted.Allowed, demoted.Missing));
        Assert.True(demoted.Snapshot?.Has);
        Assert.Contains("then works again", demoted.Reason, StringComparison.Ordinal);
        var promoted = await ExplainAsync(own, new { api_key_id = key.Id, permission = "event:write" });
        Assert.Equal((false, "snapshot"), (promoted.Allowed, promoted.Missing));
        Assert.False(promoted.Snapshot?.Has);
        Assert.Equal("event_ingestor", promoted.RolesThatGrant[0]);
        Assert.True((await ExplainAsync(own, new { principal_id = account.Id, permission = "event:write" })).Allowed);

        await DoAsync(own, HttpMethod.Put, $"/v1/users/{account.Id}/roles", new { roles = new[] { "event_reader" } });
        await DoAsync(own, HttpMethod.Post, $"/v1/users/{account.Id}/disable");
        var disabled = await ExplainAsync(own, new { api_key_id = key.Id, permission = "event:read" });
        Assert.Equal((false, "account_disabled", false), (disabled.Allowed, disabled.Missing, disabled.AccountActive));

        await DoAsync(own, HttpMethod.Post, $"/v1/users/{account.Id}/enable");
        clock.Advance(TimeSpan.FromHours(1));
        var expired = await ExplainAsync(own, new { api_key_id = key.Id, permission = "event:read" });
        Assert.Equal((false, "key_expired", true), (expired.Allowed, expired.Missing, expired.Expired));

        await DoAsync(own, HttpMethod.Delete, $"/v1/secrets/api/keys/{key.Id}");
        var revoked = await ExplainAsync(own, new { api_key_id = key.Id, permission = "event:read" });
        Assert.Equal((false, "key_revoked", "revoked"), (revoked.Allowed, revoked.Missing, revoked.KeyState));
        Assert.True(revoked.Snapshot?.Has);

        await DoAsync(own, HttpMethod.Delete, $"/v1/users/{account.Id}");
        var deleted = await ExplainAsync(own, new { principal_id = account.Id, permission = "event:read" });
        Assert.Equal((false, "account_deleted"), (deleted.Allowed, deleted.Missing));
    }

    [Fact]
    public async Task A_key_with_constraints_is_explained_by_them()
    {
        var account = await server.CreateServiceAccountAsync("event_ingestor", "event_reader");
        using var created = await server.AdminClient.PostJsonAsync("/v1/secrets/api/keys", new
        {
            name = "limited",
            type = "private_key",
            service_account_id = account.Id,
            constraints = new { event_names = new[] { "api.*" }, external_customer_ids = new[] { "acme" }, sources = new[] { "app" } },
        });
        var key = await created.ReadAsync<CreatedApiKeyResponse>(201);

        var inside = await ExplainAsync(server, Question("api.call", "acme", "app"));
        Assert.Equal((true, true), (inside.Allowed, inside.Constraints?.Allow));
        foreach (var (question, refusedBy) in new[]
        {
            (Question("db.call", "acme", "app"), "event_names"),
            (Question("api.call", "other", "app"), "external_customer_ids"),
            (Question("api.call", "acme", "batch"), "sources"),
        })
        {
            var outside = await ExplainAsync(server, question);
            Assert.Equal((false, "constraint", refusedBy), (outside.Allowed, outside.Missing, outside.Constraints?.RefusedBy));
        }

        using var client = server.ClientWith(key.ApiKey);
        var own = await AskAsync(client, new { permission = "event:write", resource = new { external_customer_id = "other" } });
        Assert.Equal((false, "constraint"), (own.Allowed, own.Missing));
        Assert.True((await AskAsync(client, new { permission = "event:write", resource = new { external_customer_id = "acme" } })).Allowed);

        object Question(string name, string customer, string source) => new
        {
            api_key_id = key.Id,
            permission = "event:write",
            resource = new { event_name = name, external_customer_id = customer, source },
        };
    }

    [Fact]
    public async Task Who_is_no_administrator_asks_about_their_own_keys_alone()
    {
        var key = await server.CreateKeyAsync(await server.CreateServiceAccountAsync("event_reader"));
        var person = await server.CreatePersonAsync("all_writer");
        using var client = server.ClientWithSession(await server.LoginAsync(person.Email, person.Password));
        using var made = await client.PostJsonAsync("/v1/secrets/api/keys", new { name = "own", type = "private_key" });
        var own = await made.ReadAsync<CreatedApiKeyResponse>(201);

        using var foreign = await client.PostJsonAsync("/v1/rbac/explain", new { api_key_id = key.Id, permission = "event:read" });
        await foreign.ShouldBeProblemAsync(404, ErrorCodes.NotFound);
        using var mine = await client.PostJsonAsync("/v1/rbac/explain", new { api_key_id = own.Id, permission = "event:read" });
        Assert.True((await mine.ReadAsync<ExplainResponse>(200)).Allowed);
        var keys = (await WhoCanAsync(client, "event:read", administrator: false)).Where(item => item.Kind == "api_key");
        Assert.Equal([own.Id], keys.Select(item => item.ApiKeyId));
    }

    [Fact]
    public async Task Who_can_lists_exactly_those_whom_an_explanation_allows()
    {
        await using var own = await TollgateServer.StartAsync();
        await DoAsync(own, HttpMethod.Post, "/v1/rbac/roles", NewRole("both", "event:read", "event:write"));
        string[][] holdings = [["event_reader"], ["event_ingestor"], ["event_reader", "event_ingestor"], ["both"], ["super_admin"]];
        List<string> accounts = [], keys = [];
        for (var index = 0; index < 20; index++)
        {
            var account = await own.CreateServiceAccountAsync(holdings[index % holdings.Length]);
            var key = await own.CreateKeyAsync(account);
            accounts.Add(account.Id);
            keys.Add(key.Id);
            var (method, path, body) = (index % 7) switch
            {
                1 => (HttpMethod.Post, $"/v1/users/{account.Id}/disable", null),
                2 => (HttpMethod.Delete, $"/v1/users/{account.Id}", null),
                3 => (HttpMethod.Delete, $"/v1/secrets/api/keys/{key.Id}", null),
                4 => (HttpMethod.Put, $"/v1/users/{account.Id}/roles", (object)new { roles = holdings[(index + 1) % holdings.Length] }),
                _ => (HttpMethod.Put, $"/v1/users/{account.Id}", new { name = $"Account {index}" }),
            };
            await DoAsync(own, method, path, body);
        }

        foreach (var role in new[] { "all_reader", "all_writer", "super_admin" })
        {
            accounts.Add((await own.CreatePersonAsync(role)).Account.Id);
        }

        using var me = await own.AdminClient.GetPathAsync("/v1/users/me");
        var first = await me.ReadAsync<MeResponse>(200);
        accounts.Add(first.Id);
        keys.Add(first.Principal.ApiKey?.Id ?? "");

        foreach (var (permission, administrator) in new[] { ("event:read", false), ("event:write", false), ("user:write", false), ("user:write", true) })
        {
            var expected = new List<string>();
            foreach (var question in accounts.Order(StringComparer.Ordinal).Select(id => ((object)new { principal_id = id, permission, administrator }, id))
                .Concat(keys.Order(StringComparer.Ordinal).Select(id => ((object)new { api_key_id = id, permission, administrator }, id))))
            {
                var explained = await ExplainAsync(own, question.Item1);
                if (explained.Allowed)
                {
                    expected.Add($"{question.id} by {string.Join(',', explained.GrantedBy)}");
                }
            }

            var listed = await WhoCanAsync(own.AdminClient, permission, administrator);
            Assert.Equal(expected, listed.Select(item => $"{item.ApiKeyId ?? item.AccountId} by {string.Join(',', item.GrantedBy)}"));
            Assert.NotEmpty(expected);
        }
    }

    [Fact]
    public async Task Who_can_asks_for_a_permission_that_exists()
    {
        using var none = await server.AdminClient.GetPathAsync("/v1/rbac/who-can");
        await ShouldNameAsync(none, "permission");
        using var wrong = await server.AdminClient.GetPathAsync("/v1/rbac/who-can?permission=*:*");
        await ShouldNameAsync(wrong, "permission");
        using var large = await server.AdminClient.GetPathAsync("/v1/rbac/who-can?permission=event:read&limit=1001");
        await ShouldNameAsync(large, "limit");
    }

    private static bool IsBuiltIn(string role) => Role.BuiltInOnes.Any(known => known.Id == role);

    private static IEnumerable<string> Texts(JsonElement details, string name) =>
        details.GetProperty(name).EnumerateArray().Select(text => text.GetString() ?? "");

    private static object NewRole(string id, params string[] grants) => new { id, name = "A role", permissions = ByEntity(grants), assignable_to = AccountTypes.All };

    private static object RoleBody(string name, params string[] grants) => new { name, permissions = ByEntity(grants), assignable_to = AccountTypes.All };

    private static Dictionary<string, string[]> ByEntity(string[] grants) => grants.Select(grant => grant.Split(':'))
        .GroupBy(parts => parts[0], parts => parts[1]).ToDictionary(entity => entity.Key, entity => entity.ToArray());

    private static async Task<CanIResponse> AskAsync(HttpClient client, object question)
    {
        using var response = await client.PostJsonAsync("/v1/rbac/can-i", question);
        return await response.ReadAsync<CanIResponse>(200);
    }

    private static async Task<ExplainResponse> ExplainAsync(TollgateServer server, object question)
    {
        using var response = await server.AdminClient.PostJsonAsync("/v1/rbac/explain", question);
        return await response.ReadAsync<ExplainResponse>(200);
    }

    /// <summary>All pages, read three at a time.</summary>
    private static async Task<List<WhoCanResponse>> WhoCanAsync(HttpClient client, string permission, bool administrator)
    {
        var items = new List<WhoCanResponse>();
        while (true)
        {
            var flag = administrator ? "true" : "false";
            using var response = await client.GetPathAsync($"/v1/rbac/who-can?permission={permission}&administrator={flag}&limit=3&offset={items.Count}");
            var page = await response.ReadAsync<ListResponse<WhoCanResponse>>(200);
            items.AddRange(page.Items);
            Assert.Equal(items.Count, page.Pagination.Offset);
            if (page.Items.Count == 0)
            {
                Assert.Equal(items.Count, page.Pagination.Total);
                return items;
            }
        }
    }

    private static async Task DoAsync(TollgateServer server, HttpMethod method, string path, object? body = null)
    {
        using var response = await server.AdminClient.SendAsync(method, path, body);
        await response.ShouldSucceedAsync();
    }

    private static async Task ShouldNameAsync(HttpResponseMessage response, string field)
    {
        var problem = await response.ShouldBeProblemAsync(400, ErrorCodes.ValidationError);
        Assert.True(problem.GetProperty("details").GetProperty("errors").TryGetProperty(field, out _), problem.GetRawText());
    }
}
