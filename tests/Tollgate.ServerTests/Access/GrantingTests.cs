using System.Data.Common;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Tollgate.Contracts;
using Tollgate.Server.Audit;
using Tollgate.Storage.Control;
using Xunit;

namespace Tollgate.ServerTests.Access;

public sealed class GrantingTests(TollgateServer server) : IClassFixture<TollgateServer>
{
    [Fact]
    public async Task Two_administrators_who_demote_each_other_a_thousand_times_never_leave_none()
    {
        const int Rounds = 1000;
        // They are the only two, and each acts by a key, which is an administrator's as long as its person is.
        await using var own = await TollgateServer.StartAsync();
        using var me = await own.AdminClient.GetPathAsync("/v1/users/me");
        var first = (await me.JsonAsync(200)).GetProperty("id").GetString();
        var person = await own.CreatePersonAsync("super_admin");
        var second = person.Account.Id;
        using var session = own.ClientWithSession(await own.LoginAsync(person.Email, person.Password));
        using var created = await session.PostJsonAsync("/v1/secrets/api/keys", new { name = "mine", type = "private_key" });
        using var asSecond = own.ClientWith((await created.ReadAsync<CreatedApiKeyResponse>(201)).ApiKey);
        for (var round = 0; round < Rounds; round++)
        {
            var answers = await Task.WhenAll(
                own.AdminClient.PutJsonAsync($"/v1/users/{second}/roles", new { roles = new[] { "all_reader" } }),
                asSecond.PutJsonAsync($"/v1/users/{first}/roles", new { roles = new[] { "all_reader" } }));

            // Whoever came second had lost the right before the change was judged.
            var statuses = answers.Select(answer => (int)answer.StatusCode).ToList();
            Assert.Equal([200, 403], statuses.Order());
            var (winner, loser) = statuses[0] == 200 ? (own.AdminClient, second) : (asSecond, first);
            using var restored = await winner.PutJsonAsync($"/v1/users/{loser}/roles", new { roles = new[] { "super_admin" } });
            await restored.ShouldBeAsync(200);
            Array.ForEach(answers, answer => answer.Dispose());
        }
    }

    [Fact]
    public async Task The_last_administrator_is_kept_by_every_route()
    {
        await using var alone = await TollgateServer.StartAsync();
        using var me = await alone.AdminClient.GetPathAsync("/v1/users/me");
        var id = (await me.JsonAsync(200)).GetProperty("id").GetString();
        var helper = await alone.CreatePersonAsync("super_admin");
        using var asHelper = alone.ClientWithSession(await alone.LoginAsync(helper.Email, helper.Password));
        using (var demoted = await asHelper.PutJsonAsync($"/v1/users/{id}/roles", new { roles = new[] { "all_writer" } }))
        {
            await demoted.ShouldBeAsync(200);
        }

        using var disabled = await asHelper.PostJsonAsync($"/v1/users/{helper.Account.Id}/disable", null);
        await disabled.ShouldBeProblemAsync(409, ErrorCodes.LastAdmin);
        using var deleted = await asHelper.DeletePathAsync($"/v1/users/{helper.Account.Id}");
        await deleted.ShouldBeProblemAsync(409, ErrorCodes.LastAdmin);
        using var own = await asHelper.PutJsonAsync($"/v1/users/{helper.Account.Id}/roles", new { roles = new[] { "all_reader" } });
        await own.ShouldBeProblemAsync(409, ErrorCodes.Conflict);
    }

    [Fact]
    public async Task A_key_made_before_a_promotion_never_becomes_an_administrators_key()
    {
        var person = await server.CreatePersonAsync("all_writer");
        using var session = server.ClientWithSession(await server.LoginAsync(person.Email, person.Password));
        using var created = await session.PostJsonAsync("/v1/secrets/api/keys", new { name = "mine", type = "private_key" });
        var key = await created.ReadAsync<CreatedApiKeyResponse>(201);
        using (var promoted = await server.AdminClient.PutJsonAsync($"/v1/users/{person.Account.Id}/roles", new { roles = new[] { "super_admin" } }))
        {
            var affected = (await promoted.JsonAsync(200)).GetProperty("affected_api_keys");
            Assert.Equal(0, affected.GetArrayLength());
        }

        using var asKey = server.ClientWith(key.ApiKey);
        using var refused = await asKey.PostJsonAsync($"/v1/users/{person.Account.Id}/disable", null);
        var problem = await refused.ShouldBeProblemAsync(403, ErrorCodes.PermissionDenied);
        Assert.Contains("Create a new key", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        using var wider = await asKey.PostJsonAsync("/v1/secrets/api/keys", new { name = "wider", type = "private_key" });
        await wider.ShouldBeProblemAsync(403, ErrorCodes.WouldEscalate);
    }

    [Fact]
    public async Task A_demotion_shrinks_keys_at_once_and_a_promotion_widens_none()
    {
        var account = await server.CreateServiceAccountAsync("event_ingestor", "event_reader");
        var key = await server.CreateKeyAsync(account);
        using var client = server.ClientWith(key.ApiKey);
        using (var before = await client.GetPathAsync("/v1/events"))
        {
            await before.ShouldBeAsync(200);
        }

        using var changed = await server.AdminClient.PutJsonAsync($"/v1/users/{account.Id}/roles", new { roles = new[] { "event_ingestor" } });
        var affected = Assert.Single((await changed.JsonAsync(200)).GetProperty("affected_api_keys").EnumerateArray());
        Assert.Equal("event:read", Assert.Single(affected.GetProperty("lost").EnumerateArray()).GetString());
        using var after = await client.GetPathAsync("/v1/events");
        await after.ShouldBeProblemAsync(403, ErrorCodes.PermissionDenied);
    }

    [Fact]
    public async Task A_key_that_expires_makes_none_that_outlives_it()
    {
        var clock = new FakeTimeProvider(new DateTimeOffset(2026, 5, 1, 0, 0, 0, TimeSpan.Zero));
        await using var own = await TollgateServer.StartAsync(clock);
        using var made = await own.AdminClient.PostJsonAsync(
            "/v1/secrets/api/keys", new { name = "short", type = "private_key", expires_at = clock.GetUtcNow().AddMinutes(1) });
        using var client = own.ClientWith((await made.ReadAsync<CreatedApiKeyResponse>(201)).ApiKey);

        using var forEver = await client.PostJsonAsync("/v1/secrets/api/keys", new { name = "for ever", type = "private_key" });
        await forEver.ShouldBeProblemAsync(400, ErrorCodes.ValidationError);
        clock.Advance(TimeSpan.FromMinutes(1));
        using var late = await client.GetPathAsync("/v1/users/me");
        await late.ShouldBeProblemAsync(401, ErrorCodes.Unauthenticated);

        // A clock that steps back revives nothing.
        clock.AdjustTime(clock.GetUtcNow().AddHours(-1));
        using var revived = await client.GetPathAsync("/v1/users/me");
        await revived.ShouldBeProblemAsync(401, ErrorCodes.Unauthenticated);
    }

    [Fact]
    public async Task No_request_that_starts_after_a_revocation_passes()
    {
        var account = await server.CreateServiceAccountAsync("event_reader");
        for (var round = 0; round < 40; round++)
        {
            var key = await server.CreateKeyAsync(account);
            using var client = server.ClientWith(key.ApiKey);
            using var stop = new CancellationTokenSource();
            var revoked = 0;
            var prober = Task.Run(async () =>
            {
                var late = 0;
                while (!stop.IsCancellationRequested)
                {
                    var startedAfter = Volatile.Read(ref revoked) == 1;
                    using var probe = await client.GetPathAsync("/v1/users/me");
                    late += startedAfter && probe.IsSuccessStatusCode ? 1 : 0;
                }

                return late;
            });
            using (var deleted = await server.AdminClient.DeletePathAsync($"/v1/secrets/api/keys/{key.Id}"))
            {
                await deleted.ShouldBeAsync(204);
                Volatile.Write(ref revoked, 1);
            }

            await Task.Delay(10, TestContext.Current.CancellationToken);
            await stop.CancelAsync();
            Assert.Equal(0, await prober);
        }
    }

    [Theory]
    [InlineData("/v1/users", """{"type":"service_account","roles":["event_reader"],"id":"user_X"}""", "id")]
    [InlineData("/v1/users", """{"type":"service_account","roles":["event_reader"],"tenant_id":"tenant_X"}""", "tenant_id")]
    [InlineData("/v1/secrets/api/keys", """{"name":"k","type":"private_key","permissions":["*:*"]}""", "permissions")]
    [InlineData("/v1/secrets/api/keys", """{"name":"k","type":"private_key","environment_id":"env_X"}""", "environment_id")]
    [InlineData("/v1/customers", """{"external_id":"x","name":"x","created_by":"user_X"}""", "created_by")]
    public async Task What_nobody_may_set_is_refused_by_name(string path, string body, string member)
    {
        using var response = await server.AdminClient.PostJsonAsync(path, body);

        var problem = await response.ShouldBeProblemAsync(400, ErrorCodes.ValidationError);
        Assert.True(problem.GetProperty("details").GetProperty("errors").TryGetProperty(member, out _));
    }

    [Fact]
    public async Task Every_change_has_its_record_in_an_unbroken_chain()
    {
        var account = await server.CreateServiceAccountAsync("event_reader");
        var key = await server.CreateKeyAsync(account);
        using var renamed = await server.AdminClient.PutJsonAsync($"/v1/users/{account.Id}", new { name = "Renamed" });
        await renamed.ShouldBeAsync(200);

        await using var db = server.Host.Services.GetRequiredService<ControlStore>().CreateContext();
        var records = await db.AuditRecords.AsNoTracking()
            .Where(record => record.TenantId == server.Secrets.TenantId)
            .OrderBy(record => record.Number)
            .ToListAsync(TestContext.Current.CancellationToken);

        Assert.Equal(Enumerable.Range(1, records.Count).Select(number => (long)number), records.Select(record => record.Number));
        var previous = new byte[32];
        foreach (var record in records)
        {
            Assert.Equal(previous, record.PreviousHash);
            Assert.Equal(AuditTrail.HashOf(record), record.Hash);
            previous = record.Hash;
        }

        Assert.Single(records, record => record.Action == "user.create" && record.TargetId == account.Id);
        Assert.Single(records, record => record.Action == "api_key.create" && record.TargetId == key.Id);
        Assert.Single(records, record => record.Action == "user.update" && record.TargetId == account.Id);
        await Assert.ThrowsAnyAsync<DbException>(() => db.Database.ExecuteSqlRawAsync(
            "UPDATE audit_records SET action = 'x'", TestContext.Current.CancellationToken));
    }
}
