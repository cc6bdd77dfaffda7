using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Tollgate.Client.Audit;
using Tollgate.Contracts;
using Tollgate.Server.Audit;
using Tollgate.ServerTests.Access;
using Tollgate.Storage.Control;
using Xunit;

namespace Tollgate.ServerTests.Audit;

/// <summary>What the audit log holds, who may read it, and what happens when it can't be written.</summary>
public sealed class AuditLogTests(TollgateServer server) : IClassFixture<TollgateServer>
{
    [Fact]
    public async Task A_change_is_recorded_with_who_what_before_and_after()
    {
        var account = await server.CreateServiceAccountAsync(BuiltInRoles.EventReader);
        using var renamed = await server.AdminClient.PutJsonAsync($"/v1/users/{account.Id}", new { name = "Renamed" });
        var request = renamed.Headers.GetValues("X-Request-ID").Single();

        var record = Assert.Single(await server.AdminClient.LogsAsync($"request_id={request}"));

        Assert.Equal(("user.update", "user", account.Id), (record.Action, record.TargetType, record.TargetId));
        Assert.Equal("Test account", record.Before?.GetProperty("name").GetString());
        Assert.Equal("Renamed", record.After?.GetProperty("name").GetString());
        Assert.Equal((AccountTypes.User, "127.0.0.1", AuditSeverities.Info), (record.ActorType, record.Address, record.Severity));
        Assert.NotNull(record.ApiKeyId);
        Assert.Null(record.Decision);
        using var single = await server.AdminClient.GetPathAsync($"/v1/audit/logs/{record.Id}");
        Assert.Equal(record.Hash, (await single.ReadAsync<AuditLogResponse>(200)).Hash);
    }

    [Fact]
    public async Task A_refusal_is_recorded_once_with_its_decision()
    {
        var account = await server.CreateServiceAccountAsync(BuiltInRoles.EventIngestor);
        var key = await server.CreateKeyAsync(account);
        using var client = server.ClientWith(key.ApiKey);
        using var refused = await client.GetPathAsync("/v1/customers/cust_x");
        var problem = await refused.ShouldBeProblemAsync(403, ErrorCodes.PermissionDenied);

        var record = Assert.Single(await server.AdminClient.LogsAsync($"actor_id={account.Id}&result=denied"));

        Assert.Equal(("access.denied", "route", "GET /v1/customers/{id}"), (record.Action, record.TargetType, record.TargetId));
        Assert.Equal((AuditSeverities.Notice, key.Id), (record.Severity, record.ApiKeyId));
        var decision = record.Decision ?? default;
        Assert.Equal(problem.GetProperty("details").GetProperty("decision_id").GetString(), decision.GetProperty("decision_id").GetString());
        Assert.Equal("denied", decision.GetProperty("result").GetString());
        Assert.Equal(ErrorCodes.PermissionDenied, decision.GetProperty("code").GetString());
        Assert.Equal("customer:read", decision.GetProperty("permission").GetString());
        Assert.False(decision.GetProperty("administrator").GetBoolean());
        Assert.Equal("GET /v1/customers/{id}", decision.GetProperty("route").GetString());
        Assert.Empty(await server.AdminClient.LogsAsync($"actor_id={account.Id}&result=changed"));
    }

    [Fact]
    public async Task Refusals_for_want_of_an_administrator_and_for_another_environment_are_recorded_with_the_decision_that_the_answer_names()
    {
        var writer = await server.CreatePersonAsync(BuiltInRoles.AllWriter);
        using var session = server.ClientWithSession(await server.LoginAsync(writer.Email, writer.Password));
        using var person = await session.PostJsonAsync("/v1/users", new { type = AccountTypes.User, email = "x@x.example", name = "x" });
        using var elsewhere = server.ClientWith((await server.CreateKeyAsync(await server.CreateServiceAccountAsync(BuiltInRoles.EventReader))).ApiKey);
        elsewhere.DefaultRequestHeaders.Add("X-Environment-ID", "env_other");
        using var mismatched = await elsewhere.GetPathAsync("/v1/users/me");
        foreach (var refused in new[] { person, mismatched })
        {
            var text = await refused.JsonAsync(403);
            var request = text.GetProperty("request_id").GetString();
            var record = Assert.Single(await server.AdminClient.LogsAsync($"request_id={request}"));
            Assert.Equal(text.GetProperty("code").GetString(), record.Decision?.GetProperty("code").GetString());
            Assert.Equal(text.GetProperty("details").GetProperty("decision_id").GetString(), record.Decision?.GetProperty("decision_id").GetString());
        }
    }

    [Fact]
    public async Task A_grant_that_would_escalate_is_recorded()
    {
        using var maker = await server.AdminClient.PostJsonAsync("/v1/rbac/roles", new
        {
            id = "account_maker",
            name = "Account maker",
            permissions = new Dictionary<string, string[]> { ["user"] = ["write"] },
            assignable_to = new[] { AccountTypes.ServiceAccount },
        });
        await maker.ShouldBeAsync(201);
        using var client = await server.ClientOfNewAccountAsync("account_maker");
        using var refused = await client.PostJsonAsync(
            "/v1/users", new { type = AccountTypes.ServiceAccount, name = "x", roles = new[] { BuiltInRoles.EventReader } });
        var problem = await refused.ShouldBeProblemAsync(403, ErrorCodes.WouldEscalate);

        var record = Assert.Single(await server.AdminClient.LogsAsync($"request_id={problem.GetProperty("request_id").GetString()}"));

        Assert.Equal(ErrorCodes.WouldEscalate, record.Decision?.GetProperty("code").GetString());
        Assert.Equal(problem.GetProperty("details").GetProperty("decision_id").GetString(), record.Decision?.GetProperty("decision_id").GetString());
    }

    [Fact]
    public async Task Logins_are_recorded_whether_they_succeed_or_fail()
    {
        var person = await server.CreatePersonAsync(BuiltInRoles.AllReader);
        await server.LoginAsync(person.Email, person.Password);
        using var wrong = await server.AnonymousClient.PostJsonAsync("/v1/auth/login", new { email = person.Email, password = "not the password" });
        await wrong.ShouldBeProblemAsync(401, ErrorCodes.LoginFailed);
        using var unknown = await server.AnonymousClient.PostJsonAsync("/v1/auth/login", new { email = "nobody@people.example", password = "x" });
        await unknown.ShouldBeProblemAsync(401, ErrorCodes.LoginFailed);
        using var secret = await server.AnonymousClient.PostJsonAsync("/v1/auth/login", new { email = "S3cret@myPassword!", password = "x" });
        await secret.ShouldBeProblemAsync(401, ErrorCodes.LoginFailed);

        Assert.NotEmpty(await server.AdminClient.LogsAsync($"actor_id={person.Account.Id}&action=session.create"));
        var failed = await server.AdminClient.LogsAsync("action=login.*", limit: 3);
        Assert.Equal(
            ["login_name (not an e-mail address)", "login_name nobody@people.example", $"user {person.Account.Id}"],
            failed.Select(record => $"{record.TargetType} {record.TargetId}"));
        Assert.All(failed, record => Assert.Equal(("anonymous", "login.denied", ErrorCodes.LoginFailed), (record.ActorType, record.Action, record.Decision?.GetProperty("code").GetString())));
        Assert.DoesNotContain("myPassword", string.Join('\n', await server.AdminClient.ExportAsync()), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_flood_of_refusals_is_recorded_to_the_last_in_one_chain()
    {
        var account = await server.CreateServiceAccountAsync(BuiltInRoles.EventIngestor);
        using var client = server.ClientWith((await server.CreateKeyAsync(account)).ApiKey);
        const int Refusals = 700;
        await Parallel.ForAsync(0, Refusals, new ParallelOptions { MaxDegreeOfParallelism = 64 }, async (index, _) =>
        {
            using var refused = await client.GetPathAsync("/v1/customers");
            await refused.ShouldBeAsync(403);
            if (index % 20 == 0)
            {
                // Changes go on in between.
                await server.CreateServiceAccountAsync(BuiltInRoles.EventReader);
            }
        });

        using var response = await server.AdminClient.GetPathAsync($"/v1/audit/logs?actor_id={account.Id}&result=denied&limit=1");
        Assert.Equal(Refusals, (await response.ReadAsync<ListResponse<AuditLogResponse>>(200)).Pagination.Total);
        Assert.True((await server.VerifyAsync()).Valid);
    }

    [Fact]
    public async Task The_filters_narrow_the_list()
    {
        var before = server.Now;
        var account = await server.CreateServiceAccountAsync(BuiltInRoles.EventReader);
        var key = await server.CreateKeyAsync(account);
        var all = await server.AdminClient.LogsAsync("");

        Assert.Equal(all.OrderByDescending(record => record.Number).Select(record => record.Id), all.Select(record => record.Id));
        Assert.Equal("user.create", Assert.Single(await server.AdminClient.LogsAsync($"target_type=user&target_id={account.Id}")).Action);
        Assert.All(await server.AdminClient.LogsAsync("action=user.*"), record => Assert.StartsWith("user.", record.Action, StringComparison.Ordinal));
        Assert.All(await server.AdminClient.LogsAsync("action=user.create"), record => Assert.Equal("user.create", record.Action));
        Assert.All(await server.AdminClient.LogsAsync("severity=notice"), record => Assert.Equal("notice", record.Severity));
        Assert.All(await server.AdminClient.LogsAsync("result=denied"), record => Assert.NotNull(record.Decision));
        Assert.All(await server.AdminClient.LogsAsync($"api_key_id={all[0].ApiKeyId}"), record => Assert.Equal(all[0].ApiKeyId, record.ApiKeyId));
        Assert.Contains(await server.AdminClient.LogsAsync($"start_time={Rfc3339.Format(before)}"), record => record.TargetId == key.Id);
        Assert.DoesNotContain(await server.AdminClient.LogsAsync($"end_time={Rfc3339.Format(before)}"), record => record.TargetId == key.Id);
        var second = await server.AdminClient.LogsAsync("offset=1", limit: 1);
        Assert.Equal(all[1].Id, Assert.Single(second).Id);
    }

    [Theory]
    [InlineData("action=us*er")]
    [InlineData("severity=loud")]
    [InlineData("result=maybe")]
    [InlineData("limit=0")]
    [InlineData("start_time=yesterday")]
    [InlineData("tenant_id=tenant_x")]
    public async Task A_filter_that_makes_no_sense_is_named(string query)
    {
        using var response = await server.AdminClient.GetPathAsync($"/v1/audit/logs?{query}");

        var problem = await response.ShouldBeProblemAsync(400, ErrorCodes.ValidationError);
        Assert.True(problem.GetProperty("details").GetProperty("errors").TryGetProperty(query.Split('=')[0], out _));
    }

    [Theory]
    [InlineData("""{"checkpoints":[{"number":1,"hash":"zz"}]}""", "checkpoints[0].hash")]
    [InlineData("""{"checkpoints":[{"number":0,"hash":"0000000000000000000000000000000000000000000000000000000000000000"}]}""", "checkpoints[0].number")]
    [InlineData("""{"checkpoints":[{"number":1,"hash":"zz00000000000000000000000000000000000000000000000000000000000000"}]}""", "checkpoints[0].hash")]
    [InlineData("""{"checkpoints":[{"tenant_id":"tenant_x","number":1,"hash":"0000000000000000000000000000000000000000000000000000000000000000"}]}""", "checkpoints[0].tenant_id")]
    [InlineData("""{"checkpoint":[]}""", "checkpoint")]
    public async Task A_checkpoint_that_is_none_is_named(string body, string field)
    {
        using var response = await server.AdminClient.PostJsonAsync("/v1/audit/verify", body);

        var problem = await response.ShouldBeProblemAsync(400, ErrorCodes.ValidationError);
        Assert.True(problem.GetProperty("details").GetProperty("errors").TryGetProperty(field, out _));
    }

    [Fact]
    public async Task Another_tenants_log_does_not_exist()
    {
        var other = await server.SecondTenantAsync("CANARY");
        using var client = server.ClientWith(other.ApiKey);
        var theirs = await client.LogsAsync("");
        var ours = await server.AdminClient.LogsAsync("");

        Assert.NotEmpty(theirs);
        Assert.Empty(theirs.Select(record => record.Id).Intersect(ours.Select(record => record.Id)));
        using var foreign = await server.AdminClient.GetPathAsync($"/v1/audit/logs/{theirs[0].Id}");
        await foreign.ShouldBeProblemAsync(404, ErrorCodes.NotFound);
        Assert.DoesNotContain("CANARY", string.Concat(await server.AdminClient.ExportAsync()), StringComparison.Ordinal);
        var export = await client.ExportAsync();
        Assert.Equal(theirs.Count, export.Count);
        Assert.True((await AuditWorld.VerifyOfflineAsync(export)).Valid);
        Assert.Equal(theirs.Count, (await server.VerifyAsync(client)).Records);
    }

    [Fact]
    public async Task Hostile_names_stay_on_one_line_of_ASCII_and_come_back_as_they_were()
    {
        const string Name = "a\r\nb\u001b[31m\u202e\u2028\u007f\"<script>\\";
        using var created = await server.AdminClient.PostJsonAsync("/v1/customers", new { external_id = "hostile", name = Name });
        var customer = await created.ReadAsync<CustomerResponse>(201);

        var lines = await server.AdminClient.ExportAsync();
        var record = Assert.Single(await server.AdminClient.LogsAsync($"target_id={customer.Id}"));

        Assert.Equal(Name, record.After?.GetProperty("name").GetString());
        Assert.All(lines, line => Assert.All(line, character => Assert.InRange(character, ' ', '~')));
        Assert.All(lines, line => AuditExportRecord.FromLine(line));
        Assert.True((await AuditWorld.VerifyOfflineAsync(lines)).Valid);
    }

    [Fact]
    public async Task A_part_of_the_log_can_be_exported_and_verified_as_a_part()
    {
        var clock = new FakeTimeProvider(new DateTimeOffset(2026, 5, 1, 0, 0, 0, TimeSpan.Zero));
        await using var own = await TollgateServer.StartAsync(clock);
        await own.WriteRecordsAsync(600);
        clock.Advance(TimeSpan.FromMinutes(1));
        var from = clock.GetUtcNow();
        await own.WriteRecordsAsync(600);
        clock.Advance(TimeSpan.FromMinutes(1));
        var until = clock.GetUtcNow();
        await own.WriteRecordsAsync(5);

        var part = await own.AdminClient.ExportAsync($"start_time={Rfc3339.Format(from)}&end_time={Rfc3339.Format(until)}");

        Assert.Equal(600, part.Count);
        Assert.Equal("missing", (await AuditWorld.VerifyOfflineAsync(part)).Problem?.Kind);
        var before = AuditExportRecord.FromLine(part[0]);
        AuditCheckpointResponse Known(string hash) => new() { TenantId = before.TenantId, Number = before.Number - 1, Hash = hash, At = from };
        var options = new AuditVerifierOptions { Part = true, Checkpoints = [Known(before.PreviousHash)] };
        Assert.True((await AuditWorld.VerifyOfflineAsync(part, options)).Valid);
        var wrong = options with { Checkpoints = [Known(before.Hash)] };
        Assert.Equal("rewritten", (await AuditWorld.VerifyOfflineAsync(part, wrong)).Problem?.Kind);
        Assert.Empty(await own.AdminClient.ExportAsync($"start_time={Rfc3339.Format(until.AddYears(1))}"));
    }

    [Theory]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("""{"number":1}""")]
    [InlineData("")]
    public async Task A_line_that_is_no_record_is_named(string line)
    {
        var lines = await server.AdminClient.ExportAsync();

        var found = await AuditWorld.VerifyOfflineAsync([.. lines.Take(2), line]);

        Assert.Equal(("unreadable", 3L), (found.Problem?.Kind, found.Problem?.Number ?? 0));
    }

    [Fact]
    public async Task Checkpoints_are_kept_every_hour_in_the_database_and_in_the_folder()
    {
        var clock = new FakeTimeProvider(new DateTimeOffset(2026, 5, 1, 0, 0, 0, TimeSpan.Zero));
        await using var own = await TollgateServer.StartAsync(clock);
        await own.CreateServiceAccountAsync(BuiltInRoles.EventReader);
        var head = (await own.VerifyAsync()).LastNumber;
        IReadOnlyList<AuditCheckpointResponse> kept = [];
        for (var tries = 0; tries < 400 && !kept.Any(checkpoint => checkpoint.Number == head); tries++)
        {
            clock.Advance(TimeSpan.FromHours(1));
            await Task.Delay(25, TestContext.Current.CancellationToken);
            using var response = await own.AdminClient.GetPathAsync("/v1/audit/checkpoints");
            kept = (await response.ReadAsync<ListResponse<AuditCheckpointResponse>>(200)).Items;
        }

        Assert.Contains(kept, checkpoint => checkpoint.Number == head);
        Assert.Equal(
            kept.OrderBy(checkpoint => checkpoint.Number).Select(checkpoint => checkpoint.ToString()),
            (await own.CheckpointFileAsync()).Select(checkpoint => checkpoint.ToString()));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(Path.Combine(own.Folder, "audit-checkpoints.ndjson")));

        // A clean stop keeps what came since, and a line that was cut off is no obstacle.
        await own.CreateServiceAccountAsync(BuiltInRoles.EventReader);
        var last = (await own.VerifyAsync()).LastNumber;
        await own.RestartAsync(() => File.AppendAllTextAsync(Path.Combine(own.Folder, "audit-checkpoints.ndjson"), "{\"tenant", TestContext.Current.CancellationToken));
        Assert.True((await own.VerifyAsync()).Valid);
        await own.CreateServiceAccountAsync(BuiltInRoles.EventReader);
        await own.Host.Services.GetRequiredService<AuditCheckpoints>().TakeAsync(TestContext.Current.CancellationToken);
        Assert.Contains(await own.CheckpointFileAsync(), checkpoint => checkpoint.Number == last);
        Assert.Contains(await own.CheckpointFileAsync(), checkpoint => checkpoint.Number == last + 1);
    }

    [Fact]
    public async Task A_change_whose_record_can_not_be_written_does_not_happen()
    {
        await using var own = await TollgateServer.StartAsync();
        var account = await own.CreateServiceAccountAsync(BuiltInRoles.EventReader);
        using var key = own.ClientWith((await own.CreateKeyAsync(account)).ApiKey);
        await own.AttackAsync("CREATE TRIGGER full BEFORE INSERT ON audit_records BEGIN SELECT RAISE (ABORT, 'full'); END");
        var before = await ControlDigest.OfAsync(own);

        using var created = await own.AdminClient.PostJsonAsync("/v1/users", new { type = "service_account", roles = new[] { BuiltInRoles.EventReader } });
        await created.ShouldBeProblemAsync(503, ErrorCodes.AuditUnavailable);
        Assert.True(created.Headers.Contains("Retry-After"));
        using var admin = await own.AdminClient.DeletePathAsync($"/v1/users/{account.Id}");
        await admin.ShouldBeAsync(503);
        using var login = await own.AnonymousClient.PostJsonAsync("/v1/auth/login", new { email = own.Secrets.Email, password = own.Secrets.Password });
        await login.ShouldBeProblemAsync(503, ErrorCodes.AuditUnavailable);
        Assert.Equal(before, await ControlDigest.OfAsync(own));
        // The directory has not moved either: the key still works, and what is refused stays refused without its record.
        using var me = await key.GetPathAsync("/v1/users/me");
        await me.ShouldBeAsync(200);
        using var refused = await key.GetPathAsync("/v1/customers");
        await refused.ShouldBeProblemAsync(403, ErrorCodes.PermissionDenied);

        await own.AttackAsync("DROP TRIGGER full");
        using var deleted = await own.AdminClient.DeletePathAsync($"/v1/users/{account.Id}");
        await deleted.ShouldBeAsync(204);
        using var gone = await key.GetPathAsync("/v1/users/me");
        await gone.ShouldBeAsync(401);
        Assert.True((await own.VerifyAsync()).Valid);
    }

    [Fact]
    public async Task A_folder_from_before_the_log_could_be_verified_is_upgraded_and_its_chain_holds()
    {
        await using var own = await TollgateServer.StartAsync();
        await own.WriteRecordsAsync(3);
        var before = await own.VerifyAsync();
        await own.RestartAsync(async () =>
        {
            File.Delete(Path.Combine(own.Folder, "audit-checkpoints.ndjson"));
            await using var store = await ControlStore.OpenAsync(Path.Combine(own.Folder, "control.db"), TimeProvider.System, TestContext.Current.CancellationToken);
            await using var db = store.CreateContext();
            await AuditWorld.AttackAsync(
                db,
                [
                    "DROP TRIGGER audit_records_move_the_head",
                    "DROP TABLE audit_heads",
                    "DROP TABLE audit_checkpoints",
                    "DROP TABLE idempotent_answers",
                    .. new[] { "at", "actor", "action", "target", "request" }.Select(index => $"DROP INDEX audit_records_{index}"),
                    "ALTER TABLE audit_records DROP COLUMN severity",
                    "ALTER TABLE audit_records DROP COLUMN decision",
                    "DELETE FROM schema_migrations WHERE version = 3",
                ]);
        });

        var after = await own.VerifyAsync();

        Assert.True(after.Valid, after.Problem?.Message);
        Assert.Equal(before.HeadHash, after.HeadHash);
        await own.CreateServiceAccountAsync(BuiltInRoles.EventReader);
        Assert.Equal(before.Records + 1, (await own.VerifyAsync()).Records);
    }

    [Fact]
    public void The_hash_of_an_old_record_is_what_it_always_was()
    {
        var record = new AuditExportRecord
        {
            TenantId = "tenant_1",
            Number = 7,
            Id = "audit_7",
            At = DateTimeOffset.Parse("2026-01-31T08:00:00.000001Z", CultureInfo.InvariantCulture),
            ActorType = "user",
            ActorId = "user_1",
            ApiKeyId = null,
            Action = "user.update",
            TargetType = "user",
            TargetId = "user_2",
            Before = "{\"name\":\"ü\"}",
            After = "",
            RequestId = "req_1",
            Address = "127.0.0.1",
            Severity = "info",
            Decision = null,
            PreviousHash = new string('a', 64),
            Hash = "",
        };

        // Computed by another program from the description in decision 0022.
        Assert.Equal("f68e467a5806a90bdeaa9924a91d0643ebc86d070399a445c7beb7282e6f8342", Convert.ToHexStringLower(record.ComputeHash()));
        Assert.Equal("c22abfa5bea2fed79df844773201ea09a5f84a652473f229f665396a9d3e6bb3", Convert.ToHexStringLower((record with { Severity = "alert", Decision = "{}" }).ComputeHash()));
    }
}
