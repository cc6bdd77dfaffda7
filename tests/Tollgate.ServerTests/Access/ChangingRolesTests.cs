using Tollgate.Contracts;
using Xunit;

namespace Tollgate.ServerTests.Access;

/// <summary>Changes of roles and of who holds them: what they do, what they say they did, and what previews and recommendations say before.</summary>
public sealed class ChangingRolesTests(TollgateServer server) : IClassFixture<TollgateServer>
{
    private static readonly (string Method, string Path, Func<string, object?> Body)[] Calls =
    [
        ("GET", "/v1/events", _ => null),
        ("POST", "/v1/events/query", _ => new { }),
        ("POST", "/v1/events", unique => new { event_name = "preview", external_customer_id = "c", event_id = unique }),
        ("GET", "/v1/customers", _ => null),
        ("POST", "/v1/customers", unique => new { external_id = unique, name = "A customer" }),
        ("GET", "/v1/users/me", _ => null),
        ("PUT", "/v1/users/me", unique => new { name = unique }),
        ("POST", "/v1/users/search", _ => new { }),
        ("POST", "/v1/users", unique => new { type = "service_account", name = unique, roles = new[] { "event_reader" } }),
        ("GET", "/v1/environments", _ => null),
        ("GET", "/v1/secrets/api/keys", _ => null),
        ("PUT", "/v1/tenants/update", _ => new { name = "The tenant" }),
        ("POST", "/v1/rbac/roles", unique => new { id = unique, name = unique, permissions = Grants("event:read"), assignable_to = AccountTypes.All }),
        ("GET", "/v1/rbac/who-can?permission=event:read", _ => null),
        ("POST", "/v1/rbac/can-i", _ => new { permission = "event:read" }),
    ];

    private static int _unique;

    [Fact]
    public async Task A_change_of_a_role_says_what_it_did_to_accounts_and_keys()
    {
        var role = await CreateRoleAsync("event:read", "event:write");
        var account = await server.CreateServiceAccountAsync(role);
        var untouched = await server.CreateServiceAccountAsync("event_reader");
        var key = await server.CreateKeyAsync(account);
        await server.CreateKeyAsync(untouched);

        var narrowed = await UpdateRoleAsync(role, "event:read", "customer:read");
        var holder = Assert.Single(narrowed.AffectedAccounts);
        Assert.Equal((account.Id, account.Type, account.Name), (holder.Id, holder.Type, holder.Name));
        Assert.Equal(["event:write"], holder.Lost);
        Assert.Equal(["customer:read"], holder.Gained);
        var affected = Assert.Single(narrowed.AffectedApiKeys);
        Assert.Equal((key.Id, account.Id), (affected.Id, affected.UserId));
        Assert.Equal(["event:write"], affected.Lost);
        Assert.Equal(["customer:read"], affected.NotGained);
        Assert.Empty(affected.Regained);

        using var client = server.ClientWith(key.ApiKey);
        using var refused = await client.PostJsonAsync("/v1/events", new { event_name = "e", external_customer_id = "c" });
        await refused.ShouldBeProblemAsync(403, ErrorCodes.PermissionDenied);

        var widened = await UpdateRoleAsync(role, "event:*");
        Assert.Equal(["event:write"], Assert.Single(widened.AffectedApiKeys).Regained);
        using var again = await client.PostJsonAsync("/v1/events", new { event_name = "e", external_customer_id = "c" });
        await again.ShouldBeAsync(202);
    }

    [Fact]
    public async Task A_change_of_an_accounts_roles_says_what_each_key_lost_regained_and_did_not_gain()
    {
        var wide = await CreateRoleAsync("event:*");
        var account = await server.CreateServiceAccountAsync(wide);
        var first = await server.CreateKeyAsync(account);

        var lost = Assert.Single(await SetRolesAsync(account.Id, "event_reader"));
        Assert.Equal((first.Id, "event:write"), (lost.Id, Assert.Single(lost.Lost)));
        var second = await server.CreateKeyAsync(account);

        var changed = await SetRolesAsync(account.Id, wide);
        Assert.Equal([first.Id, second.Id], changed.Select(key => key.Id));
        Assert.Equal(["event:write"], changed[0].Regained);
        Assert.Empty(changed[0].NotGained);
        Assert.Equal(["event:write"], changed[1].NotGained);
        Assert.Empty(changed[1].Regained);
    }

    [Fact]
    public async Task A_change_that_changes_nothing_writes_nothing()
    {
        var role = await CreateRoleAsync("event:read");
        var person = await server.CreatePersonAsync(role);
        using var session = server.ClientWithSession(await server.LoginAsync(person.Email, person.Password));
        var before = await ControlDigest.OfAsync(server);

        var same = await UpdateRoleAsync(role, "event:read");
        Assert.Empty(same.AffectedAccounts);
        Assert.Empty(await SetRolesAsync(person.Account.Id, role));

        Assert.Equal(before, await ControlDigest.OfAsync(server));
        using var me = await session.GetPathAsync("/v1/users/me");
        await me.ShouldBeAsync(200);
    }

    [Fact]
    public async Task A_role_in_use_is_kept_and_the_refusal_says_who_holds_it()
    {
        var role = await CreateRoleAsync("event:read");
        var account = await server.CreateServiceAccountAsync(role);
        var person = await server.CreatePersonAsync(role);
        using var deleted = await server.AdminClient.DeletePathAsync($"/v1/rbac/roles/{role}");

        var problem = await deleted.ShouldBeProblemAsync(409, ErrorCodes.Conflict);
        var holders = problem.GetProperty("details").GetProperty("holders").EnumerateArray().ToList();
        Assert.Equal([account.Id, person.Account.Id], holders.Select(holder => holder.GetProperty("id").GetString()));
        Assert.Equal(["Test account", "Test person"], holders.Select(holder => holder.GetProperty("display").GetString()));
        Assert.Equal(person.Email, holders[1].GetProperty("email").GetString());

        // Nor is it taken from people by being kept for service accounts.
        using var closed = await server.AdminClient.PutJsonAsync(
            $"/v1/rbac/roles/{role}", new { name = "x", permissions = Grants("event:read"), assignable_to = new[] { "service_account" } });
        problem = await closed.ShouldBeProblemAsync(409, ErrorCodes.Conflict);
        Assert.Single(problem.GetProperty("details").GetProperty("holders").EnumerateArray());
    }

    [Fact]
    public async Task A_deleted_role_leaves_its_name_with_nobody()
    {
        var role = await CreateRoleAsync("event:read");
        var account = await server.CreateServiceAccountAsync(role);
        using (var gone = await server.AdminClient.DeletePathAsync($"/v1/users/{account.Id}"))
        {
            await gone.ShouldBeAsync(204);
        }

        using (var deleted = await server.AdminClient.DeletePathAsync($"/v1/rbac/roles/{role}"))
        {
            await deleted.ShouldBeAsync(204);
        }

        using var left = await server.AdminClient.GetPathAsync($"/v1/users/{account.Id}");
        Assert.Empty((await left.ReadAsync<UserResponse>(200)).Roles);
    }

    [Theory]
    [InlineData("super_admin")]
    [InlineData("all_writer")]
    [InlineData("all_reader")]
    [InlineData("event_ingestor")]
    [InlineData("event_reader")]
    public async Task A_built_in_role_stays_as_it_is(string id)
    {
        using var changed = await server.AdminClient.PutJsonAsync(
            $"/v1/rbac/roles/{id}", new { name = "x", permissions = Grants("event:read"), assignable_to = AccountTypes.All });
        await changed.ShouldBeProblemAsync(409, ErrorCodes.Conflict);
        using var deleted = await server.AdminClient.DeletePathAsync($"/v1/rbac/roles/{id}");
        await deleted.ShouldBeProblemAsync(409, ErrorCodes.Conflict);
        using var created = await server.AdminClient.PostJsonAsync(
            "/v1/rbac/roles", new { id, name = "x", permissions = Grants("event:read"), assignable_to = AccountTypes.All });
        await created.ShouldBeProblemAsync(409, ErrorCodes.AlreadyExists);
    }

    [Theory]
    [InlineData("""{"id":"*","name":"x","permissions":{"event":["read"]},"assignable_to":["user"]}""", "id")]
    [InlineData("""{"id":"%","name":"x","permissions":{"event":["read"]},"assignable_to":["user"]}""", "id")]
    [InlineData("""{"id":"","name":"x","permissions":{"event":["read"]},"assignable_to":["user"]}""", "id")]
    [InlineData("""{"id":"ok_1","name":" ","permissions":{"event":["read"]},"assignable_to":["user"]}""", "name")]
    [InlineData("""{"id":"ok_1","name":"x","permissions":{},"assignable_to":["user"]}""", "permissions")]
    [InlineData("""{"id":"ok_1","name":"x","permissions":{"event":[]},"assignable_to":["user"]}""", "permissions.event")]
    [InlineData("""{"id":"ok_1","name":"x","permissions":{"%":["read"]},"assignable_to":["user"]}""", "permissions.%")]
    [InlineData("""{"id":"ok_1","name":"x","permissions":{"event":["administrator"]},"assignable_to":["user"]}""", "permissions.event")]
    [InlineData("""{"id":"ok_1","name":"x","permissions":{"event":["read"]},"assignable_to":["*"]}""", "assignable_to")]
    [InlineData("""{"id":"ok_1","name":"x","permissions":{"event":["read"]},"assignable_to":["user"],"built_in":true}""", "built_in")]
    [InlineData("""{"id":"ok_1","name":"x","permissions":{"event":["read"]},"assignable_to":["user"],"tenant_id":"tenant_X"}""", "tenant_id")]
    [InlineData("""{"id":"ok_1","name":"x","permissions":{"event":["read"]},"assignable_to":["user"],"administrator":true}""", "administrator")]
    public async Task A_role_that_is_not_one_is_refused_by_field(string body, string field)
    {
        using var response = await server.AdminClient.PostJsonAsync("/v1/rbac/roles", body);

        var problem = await response.ShouldBeProblemAsync(400, ErrorCodes.ValidationError);
        Assert.True(problem.GetProperty("details").GetProperty("errors").TryGetProperty(field, out _), problem.GetRawText());
    }

    [Fact]
    public async Task An_administrators_narrow_key_makes_no_role_wider_than_itself()
    {
        using var narrow = server.ClientWith(await server.NarrowAdministratorKeyAsync(Permissions.RoleWrite, Permissions.UserWrite, Permissions.EventRead, Permissions.EventWrite));
        foreach (var permission in Permissions.All)
        {
            var held = permission is "role:write" or "user:write" or "event:read" or "event:write";
            var id = NextUnique();
            using var created = await narrow.PostJsonAsync(
                "/v1/rbac/roles", new { id, name = id, permissions = Grants("event:read", permission), assignable_to = AccountTypes.All });
            if (held)
            {
                await created.ShouldBeAsync(201);
            }
            else
            {
                var problem = await created.ShouldBeProblemAsync(403, ErrorCodes.WouldEscalate);
                Assert.Equal(permission, Assert.Single(problem.GetProperty("details").GetProperty("missing_permissions").EnumerateArray()).GetString());
            }
        }

        // What is there may stay and be taken away, and only what is held may be added.
        var role = await CreateRoleAsync("customer:read", "event:read");
        using var wider = await narrow.PutJsonAsync(
            $"/v1/rbac/roles/{role}", new { name = role, permissions = Grants("customer:*", "event:read"), assignable_to = AccountTypes.All });
        await wider.ShouldBeProblemAsync(403, ErrorCodes.WouldEscalate);
        using var other = await narrow.PutJsonAsync(
            $"/v1/rbac/roles/{role}", new { name = role, permissions = Grants("customer:read", "event:*"), assignable_to = AccountTypes.All });
        await other.ShouldBeAsync(200);

        // Nor does it give an account a role that it does not hold, by the change or by its preview.
        var account = await server.CreateServiceAccountAsync("event_reader");
        using var given = await narrow.PutJsonAsync($"/v1/users/{account.Id}/roles", new { roles = new[] { role } });
        await given.ShouldBeProblemAsync(403, ErrorCodes.WouldEscalate);
        using var preview = await narrow.PostJsonAsync($"/v1/users/{account.Id}/roles/preview", new { roles = new[] { role } });
        await preview.ShouldBeProblemAsync(403, ErrorCodes.WouldEscalate);
    }

    [Theory]
    [InlineData("user", "super_admin", "all_writer")]
    [InlineData("user", "super_admin", "all_reader")]
    [InlineData("user", "all_writer", "all_reader")]
    [InlineData("user", "all_writer", "only:event:read,user:write")]
    [InlineData("service_account", "super_admin", "event_reader")]
    [InlineData("service_account", "only:event:*,customer:*,user:*", "only:customer:read,user:write")]
    [InlineData("service_account", "event_reader", "event_ingestor")]
    public async Task A_preview_names_the_calls_that_the_change_then_refuses(string type, string from, string to)
    {
        var (fromRole, toRole) = (await RoleOfAsync(from), await RoleOfAsync(to));
        var person = type == AccountTypes.User ? await server.CreatePersonAsync(fromRole) : null;
        var account = person?.Account ?? (UserResponse)await server.CreateServiceAccountAsync(fromRole);
        var (keyId, key) = person is null ? await ServiceKeyAsync(account) : await OwnKeyAsync(person);
        var clients = new List<(string? KeyId, HttpClient Client)> { (keyId, server.ClientWith(key)) };
        if (person is not null)
        {
            clients.Add((null, server.ClientWithSession(await server.LoginAsync(person.Email, person.Password))));
        }

        var done = new List<(string? KeyId, int Call)>();
        foreach (var (id, client) in clients)
        {
            for (var call = 0; call < Calls.Length; call++)
            {
                for (var time = 0; time <= call % 3; time++)
                {
                    if (!await IsRefusedAsync(client, call))
                    {
                        done.Add((id, call));
                    }
                }
            }
        }

        var before = await ControlDigest.OfAsync(server);
        using var response = await server.AdminClient.PostJsonAsync($"/v1/users/{account.Id}/roles/preview", new { roles = new[] { toRole } });
        var preview = await response.ReadAsync<PreviewRolesResponse>(200);
        Assert.Equal(before, await ControlDigest.OfAsync(server));
        Assert.True(preview.Replayed.Calls >= done.Count, $"{preview.Replayed.Calls} calls were replayed, {done.Count} made.");
        Assert.Equal([toRole], preview.Roles);

        var affected = await SetRolesAsync(account.Id, toRole);
        Assert.Equivalent(affected, preview.AffectedApiKeys, strict: true);
        Assert.True(person is null || preview.SessionsEnded > 0);
        if (person is not null)
        {
            clients[1] = (null, server.ClientWithSession(await server.LoginAsync(person.Email, person.Password)));
        }

        var refused = new List<string>();
        foreach (var group in done.GroupBy(call => call))
        {
            if (await IsRefusedAsync(clients.Single(client => client.KeyId == group.Key.KeyId).Client, group.Key.Call))
            {
                refused.Add($"{group.Key.KeyId} {Calls[group.Key.Call].Method} {Calls[group.Key.Call].Path.Split('?')[0]} {group.Count()}");
            }
        }

        var own = preview.WouldBeRefused.Where(call => call.Refused == "all" && Calls.Any(sample => $"{sample.Method} {sample.Path.Split('?')[0]}" == call.Route))
            // The person's own key was made by a session, before the calls.
            .Select(call => $"{call.ApiKeyId} {call.Route} {call.Calls}");
        Assert.Equal(refused.Order(StringComparer.Ordinal), own.Order(StringComparer.Ordinal));
        Assert.NotEmpty(refused);
        Assert.Equal(from == "super_admin" && person is not null && to == "all_writer", preview.WouldBeRefused.Any(call => call.Refused == "some" && call.Route == "POST /v1/users"));
        clients.ForEach(client => client.Client.Dispose());
    }

    [Fact]
    public async Task A_preview_refuses_what_the_change_refuses()
    {
        var account = await server.CreateServiceAccountAsync("event_reader");
        foreach (var roles in new[] { [], new[] { "nobody" }, ["all_reader"], ["super_admin", "event_reader"] })
        {
            using var previewed = await server.AdminClient.PostJsonAsync($"/v1/users/{account.Id}/roles/preview", new { roles });
            using var changed = await server.AdminClient.PutJsonAsync($"/v1/users/{account.Id}/roles", new { roles });
            Assert.Equal(
                (await changed.ShouldBeProblemAsync(400, ErrorCodes.ValidationError)).GetProperty("message").GetString(),
                (await previewed.ShouldBeProblemAsync(400, ErrorCodes.ValidationError)).GetProperty("message").GetString());
        }

        foreach (var days in new[] { 0, 91 })
        {
            using var wrong = await server.AdminClient.PostJsonAsync($"/v1/users/{account.Id}/roles/preview", new { roles = new[] { "event_reader" }, days });
            await wrong.ShouldBeProblemAsync(400, ErrorCodes.ValidationError);
        }

        using var me = await server.AdminClient.GetPathAsync("/v1/users/me");
        var id = (await me.JsonAsync(200)).GetProperty("id").GetString();
        using var own = await server.AdminClient.PostJsonAsync($"/v1/users/{id}/roles/preview", new { roles = new[] { "all_reader" } });
        await own.ShouldBeProblemAsync(409, ErrorCodes.Conflict);
    }

    private static Dictionary<string, string[]> Grants(params string[] grants) => grants.Select(grant => grant.Split(':'))
        .GroupBy(parts => parts[0], parts => parts[1])
        .ToDictionary(entity => entity.Key, entity => entity.Distinct().ToArray());

    private static string NextUnique() => $"r_{Interlocked.Increment(ref _unique)}";

    /// <summary>Whether the call is refused for want of a permission.</summary>
    private static async Task<bool> IsRefusedAsync(HttpClient client, int call)
    {
        var (method, path, body) = Calls[call];
        using var response = await client.SendAsync(new HttpMethod(method), path, body(NextUnique()));
        if ((int)response.StatusCode is not 403)
        {
            await response.ShouldSucceedAsync();
            return false;
        }

        // A grant that is too wide is refused later: the caller was let in.
        return (await response.JsonAsync(403)).GetProperty("code").GetString() == ErrorCodes.PermissionDenied;
    }

    private async Task<string> RoleOfAsync(string text) =>
        text.StartsWith("only:", StringComparison.Ordinal) ? await CreateRoleAsync(text["only:".Length..].Split(',')) : text;

    private async Task<(string Id, string Key)> ServiceKeyAsync(UserResponse account)
    {
        var key = await server.CreateKeyAsync(account);
        return (key.Id, key.ApiKey);
    }

    private async Task<(string Id, string Key)> OwnKeyAsync(Person person)
    {
        using var client = server.ClientWithSession(await server.LoginAsync(person.Email, person.Password));
        using var response = await client.PostJsonAsync("/v1/secrets/api/keys", new { name = "own", type = "private_key" });
        var key = await response.ReadAsync<CreatedApiKeyResponse>(201);
        return (key.Id, key.ApiKey);
    }

    private async Task<string> CreateRoleAsync(params string[] grants)
    {
        var id = NextUnique();
        using var response = await server.AdminClient.PostJsonAsync(
            "/v1/rbac/roles", new { id, name = id, permissions = Grants(grants), assignable_to = AccountTypes.All });
        await response.ShouldBeAsync(201);
        return id;
    }

    private async Task<UpdatedRoleResponse> UpdateRoleAsync(string id, params string[] grants)
    {
        using var response = await server.AdminClient.PutJsonAsync(
            $"/v1/rbac/roles/{id}", new { name = id, permissions = Grants(grants), assignable_to = AccountTypes.All });
        return await response.ReadAsync<UpdatedRoleResponse>(200);
    }

    private async Task<IReadOnlyList<AffectedApiKeyResponse>> SetRolesAsync(string accountId, params string[] roles)
    {
        using var response = await server.AdminClient.PutJsonAsync($"/v1/users/{accountId}/roles", new { roles });
        return (await response.ReadAsync<UpdatedRolesResponse>(200)).AffectedApiKeys;
    }
}
