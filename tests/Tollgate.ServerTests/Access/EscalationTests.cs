using System.Security.Cryptography;
using Tollgate.Contracts;
using Tollgate.Server.Hosting;
using Xunit;

namespace Tollgate.ServerTests.Access;

/// <summary>The ways by which somebody could come to more than they hold, or be given what is not for them.</summary>
public sealed class EscalationTests(TollgateServer server) : IClassFixture<TollgateServer>
{
    private const string Keys = "/v1/secrets/api/keys";

    [Fact]
    public async Task Who_is_no_administrator_makes_neither_a_person_nor_anothers_key_nor_a_honeytoken()
    {
        var account = await server.CreateServiceAccountAsync("event_reader");
        var writer = await server.CreatePersonAsync("all_writer");
        using var client = server.ClientWithSession(await server.LoginAsync(writer.Email, writer.Password));

        using var person = await client.PostJsonAsync("/v1/users", new { type = "user", email = NewEmail(), roles = new[] { "all_reader" } });
        await person.ShouldBeProblemAsync(403, ErrorCodes.PermissionDenied);
        using var key = await client.PostJsonAsync(Keys, new { name = "k", type = "private_key", service_account_id = account.Id });
        await key.ShouldBeProblemAsync(403, ErrorCodes.PermissionDenied);
        using var trap = await client.PostJsonAsync(Keys, new { name = "k", type = "private_key", honeytoken = true });
        await trap.ShouldBeProblemAsync(403, ErrorCodes.PermissionDenied);
    }

    [Fact]
    public async Task A_key_of_who_was_an_administrator_is_an_administrators_no_more()
    {
        var account = await server.CreateServiceAccountAsync("event_reader");
        var others = await server.CreateKeyAsync(account);
        var person = await server.CreatePersonAsync("super_admin");
        using var session = server.ClientWithSession(await server.LoginAsync(person.Email, person.Password));
        using var created = await session.PostJsonAsync(Keys, new { name = "mine", type = "private_key" });
        using var client = server.ClientWith((await created.ReadAsync<CreatedApiKeyResponse>(201)).ApiKey);
        using var demoted = await server.AdminClient.PutJsonAsync($"/v1/users/{person.Account.Id}/roles", new { roles = new[] { "all_writer" } });
        await demoted.ShouldBeAsync(200);

        using var key = await client.PostJsonAsync(Keys, new { name = "k", type = "private_key", service_account_id = account.Id });
        await key.ShouldBeProblemAsync(403, ErrorCodes.PermissionDenied);
        using var read = await client.GetPathAsync($"{Keys}/{others.Id}");
        await read.ShouldBeProblemAsync(404, ErrorCodes.NotFound);
    }

    [Fact]
    public async Task A_role_goes_to_the_accounts_it_is_for_and_super_admin_stands_alone()
    {
        foreach (var (type, roles) in new (string, string[])[]
        {
            ("service_account", ["all_reader"]),
            ("user", ["event_ingestor"]),
            ("user", ["super_admin", "all_reader"]),
            ("service_account", ["event_reader", "super_admin"]),
            ("service_account", ["event_reader", "no_such_role"]),
            ("service_account", []),
        })
        {
            using var response = await server.AdminClient.PostJsonAsync(
                "/v1/users", new { type, email = type == "user" ? NewEmail() : null, name = "n", roles });
            await response.ShouldBeProblemAsync(400, ErrorCodes.ValidationError);
        }
    }

    [Fact]
    public async Task Neither_a_disabled_administrator_nor_another_tenants_is_one_who_is_left()
    {
        await using var own = await TollgateServer.StartAsync();
        await own.SecondTenantAsync();
        var second = await own.CreatePersonAsync("super_admin");
        using (var disabled = await own.AdminClient.PostJsonAsync($"/v1/users/{second.Account.Id}/disable", null))
        {
            await disabled.ShouldBeAsync(200);
        }

        using var read = await own.AdminClient.GetPathAsync("/v1/users/me");
        var me = (await read.ReadAsync<MeResponse>(200)).Id;
        using var disable = await own.AdminClient.PostJsonAsync($"/v1/users/{me}/disable", null);
        await disable.ShouldBeProblemAsync(409, ErrorCodes.LastAdmin);
        using var delete = await own.AdminClient.DeletePathAsync($"/v1/users/{me}");
        await delete.ShouldBeProblemAsync(409, ErrorCodes.LastAdmin);
    }

    [Fact]
    public async Task Keys_are_made_and_imported_for_active_service_accounts_alone()
    {
        var person = await server.CreatePersonAsync("all_reader");
        var disabled = await server.CreateServiceAccountAsync("event_reader");
        using (var response = await server.AdminClient.PostJsonAsync($"/v1/users/{disabled.Id}/disable", null))
        {
            await response.ShouldBeAsync(200);
        }

        foreach (var id in new[] { person.Account.Id, disabled.Id })
        {
            using var made = await server.AdminClient.PostJsonAsync(Keys, new { name = "k", type = "private_key", service_account_id = id });
            await made.ShouldBeProblemAsync(400, ErrorCodes.ValidationError);
            using var imported = await ImportAsync(server.AdminClient, id);
            await imported.ShouldBeProblemAsync(400, ErrorCodes.ValidationError);
        }
    }

    [Fact]
    public async Task A_narrow_key_makes_rotates_and_imports_no_wider_one()
    {
        var account = await server.CreateServiceAccountAsync("event_reader");
        var wide = await server.CreateKeyAsync(account);
        using var client = server.ClientWith(await server.NarrowAdministratorKeyAsync(Permissions.SecretWrite));

        using var mine = await client.PostJsonAsync(Keys, new { name = "k", type = "private_key" });
        await mine.ShouldBeProblemAsync(403, ErrorCodes.WouldEscalate);
        using var rotated = await client.PostJsonAsync($"{Keys}/{wide.Id}/rotate", new { });
        await rotated.ShouldBeProblemAsync(403, ErrorCodes.WouldEscalate);
        using var imported = await ImportAsync(client, account.Id);
        await imported.ShouldBeProblemAsync(403, ErrorCodes.WouldEscalate);
    }

    [Fact]
    public async Task A_limited_key_rotates_and_imports_no_less_limited_one()
    {
        var account = await server.CreateServiceAccountAsync("event_reader");
        var free = await server.CreateKeyAsync(account);
        using var created = await server.AdminClient.PostJsonAsync(
            Keys, new { name = "slow", type = "private_key", constraints = new { rate_limit_per_minute = 1000 } });
        using var limited = server.ClientWith((await created.ReadAsync<CreatedApiKeyResponse>(201)).ApiKey);

        using var rotated = await limited.PostJsonAsync($"{Keys}/{free.Id}/rotate", new { });
        await rotated.ShouldBeProblemAsync(403, ErrorCodes.WouldEscalate);
        using var imported = await ImportAsync(limited, account.Id);
        await imported.ShouldBeProblemAsync(403, ErrorCodes.WouldEscalate);
        using var narrower = await limited.PostJsonAsync($"{Keys}/{free.Id}/rotate", new { constraints = new { rate_limit_per_minute = 1000 } });
        await narrower.ShouldBeAsync(201);
        using var wider = await server.AdminClient.PostJsonAsync(
            $"{Keys}/{(await narrower.ReadAsync<CreatedApiKeyResponse>(201)).Id}/rotate", new { constraints = new { rate_limit_per_minute = 1001 } });
        await wider.ShouldBeProblemAsync(403, ErrorCodes.WouldEscalate);
    }

    [Fact]
    public async Task A_revoked_key_is_not_enabled()
    {
        var key = await server.CreateKeyAsync(await server.CreateServiceAccountAsync("event_reader"));
        using var revoked = await server.AdminClient.DeletePathAsync($"{Keys}/{key.Id}");
        await revoked.ShouldBeAsync(204);

        using var enabled = await server.AdminClient.PostJsonAsync($"{Keys}/{key.Id}/enable", null);
        await enabled.ShouldBeProblemAsync(409, ErrorCodes.Conflict);
    }

    [Fact]
    public async Task A_person_is_renamed_by_nobody_else_and_a_deleted_account_is_changed_by_nobody()
    {
        var person = await server.CreatePersonAsync("all_reader");
        using var renamed = await server.AdminClient.PutJsonAsync($"/v1/users/{person.Account.Id}", new { name = "Another" });
        await renamed.ShouldBeProblemAsync(400, ErrorCodes.ValidationError);

        var account = await server.CreateServiceAccountAsync("event_reader");
        using var deleted = await server.AdminClient.DeletePathAsync($"/v1/users/{account.Id}");
        await deleted.ShouldBeAsync(204);
        using var enabled = await server.AdminClient.PostJsonAsync($"/v1/users/{account.Id}/enable", null);
        await enabled.ShouldBeProblemAsync(404, ErrorCodes.NotFound);
        using var roles = await server.AdminClient.PutJsonAsync($"/v1/users/{account.Id}/roles", new { roles = new[] { "event_ingestor" } });
        await roles.ShouldBeProblemAsync(404, ErrorCodes.NotFound);
    }

    [Fact]
    public async Task One_ends_no_session_of_another_as_if_it_were_ones_own()
    {
        var (first, second) = (await server.CreatePersonAsync("all_reader"), await server.CreatePersonAsync("all_reader"));
        using var asFirst = server.ClientWithSession(await server.LoginAsync(first.Email, first.Password));
        using var asSecond = server.ClientWithSession(await server.LoginAsync(second.Email, second.Password));
        using var listed = await asSecond.GetPathAsync("/v1/auth/sessions");
        foreach (var session in (await listed.ReadAsync<SessionsResponse>(200)).Sessions)
        {
            using var ended = await asFirst.DeletePathAsync($"/v1/auth/sessions/{session.Id}");
            await ended.ShouldBeProblemAsync(404, ErrorCodes.NotFound);
        }

        using var me = await asSecond.GetPathAsync("/v1/users/me");
        await me.ShouldBeAsync(200);
    }

    private static Task<HttpResponseMessage> ImportAsync(HttpClient client, string accountId) => client.PostJsonAsync(
        $"{Keys}/import",
        new { keys = new[] { new { sha256 = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(32)), name = "k", service_account_id = accountId } } });

    private static string NewEmail() => $"{new Ids(TimeProvider.System).Request()}@people.example".ToLowerInvariant();
}
