using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Client.Audit;
using Tollgate.Contracts;
using Tollgate.Server.Audit;
using Tollgate.Storage.Control;
using Xunit;

namespace Tollgate.ServerTests.Audit;

/// <summary>Whoever can write to the database can change the audit log; nobody can do it unnoticed.</summary>
public sealed class TamperingTests
{
    private const int Records = 1020;

    private static readonly string[] Kinds = ["changed", "missing", "inserted", "duplicate", "reordered", "cut_off", "unlinked"];

    /// <summary>A change of every column there is, in SQL.</summary>
    private static readonly string[] Changes =
    [
        "id = id || 'x'", "at = at + 1", "actor_type = 'user'", "actor_id = 'user_x'", "actor_id = ''", "api_key_id = 'secret_x'", "action = 'test.other'",
        "target_type = 'other'", "target_id = target_id || ' '", "before = NULL", "before = before || ' '", "after = '{}'", "request_id = 'x'",
        "address = '127.0.0.1'", "severity = 'alert'", "decision = '{}'", "previous_hash = zeroblob(32)", "hash = zeroblob(32)", "tenant_id = tenant_id || 'x'",
    ];

    [Fact]
    public async Task A_thousand_tamperings_with_the_database_in_six_ways_are_all_found_and_named()
    {
        await using var server = await TollgateServer.StartAsync();
        await server.WriteRecordsAsync(Records);
        var first = (await server.VerifyAsync()).LastNumber!.Value - Records + 1;
        // Without its constraints and triggers: who can write to the file can do this, too.
        await server.AttackAsync(
            "CREATE TABLE pristine AS SELECT * FROM audit_records",
            "DROP TABLE audit_records",
            "CREATE TABLE audit_records AS SELECT * FROM pristine",
            "CREATE INDEX attack ON audit_records (number)");
        Assert.True((await server.VerifyAsync()).Valid);

        for (var index = 0; index < Records; index++)
        {
            var number = first + index;
            var (name, statements, expected) = Way(index, number, first + Records - 1);
            if (expected is 0)
            {
                continue;
            }

            await server.AttackAsync(statements);
            var found = await server.VerifyAsync();
            await server.AttackAsync("DELETE FROM audit_records", "INSERT INTO audit_records SELECT * FROM pristine");

            Assert.False(found.Valid, $"{name} of record {number} was not found");
            Assert.True(found.Problem!.Number == expected, $"{name} of record {number}: {found.Problem}");
            Assert.Contains(found.Problem.Kind, Kinds);
        }

        Assert.True((await server.VerifyAsync()).Valid);
    }

    [Fact]
    public async Task A_thousand_tamperings_with_an_export_in_six_ways_are_all_found_and_named()
    {
        await using var server = await TollgateServer.StartAsync();
        await server.WriteRecordsAsync(Records);
        var lines = await server.AdminClient.ExportAsync();
        var whole = await AuditWorld.VerifyOfflineAsync(lines);
        Assert.True(whole.Valid, whole.Problem?.Message);
        Assert.Equal(lines.Count, whole.Records);
        var head = new AuditVerifierOptions
        {
            Checkpoints = [new AuditCheckpointResponse { TenantId = server.Secrets.TenantId, Number = lines.Count, Hash = whole.HeadHash!, At = server.Now }],
        };

        await Parallel.ForAsync(0, lines.Count - 1, TestContext.Current.CancellationToken, async (index, _) =>
        {
            List<string> tampered = [.. lines];
            var (name, expected) = Tamper(tampered, index);
            var found = await AuditWorld.VerifyOfflineAsync(tampered, head);

            Assert.False(found.Valid, $"{name} of line {index + 1} was not found");
            Assert.True(found.Problem!.Number == expected, $"{name} of line {index + 1}: {found.Problem}");
            Assert.Contains(found.Problem.Kind, Kinds);
        });
    }

    [Fact]
    public async Task Every_field_of_an_exported_record_is_covered_by_its_hash()
    {
        await using var server = await TollgateServer.StartAsync();
        using var denied = await (await server.ClientOfNewAccountAsync(BuiltInRoles.EventIngestor)).GetPathAsync("/v1/users");
        using var refused = await (await server.ClientOfNewAccountAsync(BuiltInRoles.EventIngestor)).GetPathAsync("/v1/customers");
        await refused.ShouldBeAsync(403);
        var lines = await server.AdminClient.ExportAsync();
        var record = AuditExportRecord.FromLine(lines[^1]);
        Assert.NotNull(record.Decision);
        AuditExportRecord[] changed =
        [
            record with { Number = record.Number + 1 }, record with { Id = "audit_x" }, record with { At = record.At.AddMicroseconds(1) },
            record with { ActorType = "system" }, record with { ActorId = null }, record with { ApiKeyId = "" }, record with { Action = "a" },
            record with { TargetType = "a" }, record with { TargetId = "a" }, record with { Before = "{}" }, record with { After = "" },
            record with { RequestId = "a" }, record with { Address = "a" }, record with { Severity = "info" }, record with { Severity = "alert" },
            record with { Decision = null }, record with { Decision = record.Decision + " " }, record with { TenantId = "tenant_x" },
            record with { PreviousHash = new string('0', 64) }, record with { Hash = new string('0', 64) },
            record with { Severity = "info", Decision = record.Severity },
        ];

        Assert.All(changed, each => Assert.NotEqual(each.Hash, Convert.ToHexStringLower(each.ComputeHash())));
        foreach (var each in changed)
        {
            var found = await AuditWorld.VerifyOfflineAsync([.. lines.SkipLast(1), System.Text.Encoding.UTF8.GetString(each.ToLine())]);
            Assert.False(found.Valid, $"{each} was not found");
        }
    }

    [Fact]
    public async Task A_log_that_was_rewritten_with_all_its_hashes_is_found_by_its_checkpoints()
    {
        await using var server = await TollgateServer.StartAsync();
        await server.WriteRecordsAsync(20);
        await server.Host.Services.GetRequiredService<AuditCheckpoints>().TakeAsync(TestContext.Current.CancellationToken);
        var before = await server.VerifyAsync();
        Assert.True(before.Valid, before.Problem?.Message);
        var kept = await server.CheckpointFileAsync();
        Assert.Contains(kept, checkpoint => checkpoint.Number == before.LastNumber && checkpoint.Hash == before.HeadHash);

        await RewriteAsync(server, from: before.LastNumber!.Value - 5);
        var found = await server.VerifyAsync();

        // The database contradicts nothing in itself any more; the file beside it does.
        Assert.Equal("rewritten", found.Problem?.Kind);
        Assert.Equal(before.LastNumber, found.Problem?.Number);
        var lines = await server.AdminClient.ExportAsync();
        Assert.True((await AuditWorld.VerifyOfflineAsync(lines)).Valid);
        Assert.Equal("rewritten", (await AuditWorld.VerifyOfflineAsync(lines, new AuditVerifierOptions { Checkpoints = kept })).Problem?.Kind);
        File.Delete(Path.Combine(server.Folder, "audit-checkpoints.ndjson"));
        Assert.True((await server.VerifyAsync()).Valid);
        var byGiven = await server.VerifyAsync(body: new { checkpoints = new[] { new { number = before.LastNumber, hash = before.HeadHash } } });
        Assert.Equal("rewritten", byGiven.Problem?.Kind);
    }

    [Fact]
    public async Task An_older_copy_of_the_database_is_refused_at_start_and_found_by_a_checkpoint_kept_elsewhere()
    {
        var folder = Directory.CreateTempSubdirectory("tollgate-test-").FullName;
        try
        {
            string key, account;
            await using (var server = await ServerProcess.StartAsync(folder))
            {
                key = server.ApiKey;
                account = await CreateAccountAsync(server.Url, key);
                await StopAsync(server);
            }

            var older = Directory.GetFiles(folder, "control.db*").ToDictionary(file => file, File.ReadAllBytes);
            VerifyAuditLogResponse newest;
            await using (var server = await ServerProcess.StartAsync(folder))
            {
                using var client = NewClient(server.Url, key);
                using var disabled = await client.DeletePathAsync($"/v1/users/{account}");
                await disabled.ShouldBeAsync(204);
                using var verified = await client.PostJsonAsync("/v1/audit/verify", null);
                newest = await verified.ReadAsync<VerifyAuditLogResponse>(200);
                Assert.True(newest.Valid);
                await StopAsync(server);
            }

            Array.ForEach(Directory.GetFiles(folder, "control.db*"), File.Delete);
            foreach (var (file, bytes) in older)
            {
                await File.WriteAllBytesAsync(file, bytes, TestContext.Current.CancellationToken);
            }

            await using (var refused = await ServerProcess.TryStartAsync(folder))
            {
                Assert.Equal("", refused.Url);
                Assert.Equal(2, refused.ExitCode);
                Assert.Contains("audit-checkpoints.ndjson", refused.Errors, StringComparison.Ordinal);
                Assert.Contains($"record {newest.LastNumber}", refused.Errors, StringComparison.Ordinal);
            }

            File.Move(Path.Combine(folder, "audit-checkpoints.ndjson"), Path.Combine(folder, "kept.ndjson"));
            await using (var server = await ServerProcess.StartAsync(folder))
            {
                using var client = NewClient(server.Url, key);
                using var verified = await client.PostJsonAsync(
                    "/v1/audit/verify", new { checkpoints = new[] { new { number = newest.LastNumber, hash = newest.HeadHash } } });
                var found = await verified.ReadAsync<VerifyAuditLogResponse>(200);
                Assert.Equal("cut_off", found.Problem?.Kind);
                Assert.Equal(found.LastNumber + 1, found.Problem?.Number);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task The_end_of_the_log_is_noticed_even_between_two_checkpoints_and_the_hole_stays()
    {
        await using var server = await TollgateServer.StartAsync();
        await server.WriteRecordsAsync(10);
        var last = (await server.VerifyAsync()).LastNumber!.Value;
        await server.AttackAsync("DROP TRIGGER audit_records_are_not_deleted", $"DELETE FROM audit_records WHERE number > {last - 3}");

        var cut = await server.VerifyAsync();
        await server.CreateServiceAccountAsync(BuiltInRoles.EventReader);
        var grown = await server.VerifyAsync();

        Assert.Equal(("cut_off", last - 2), (cut.Problem?.Kind, cut.Problem?.Number ?? 0));
        Assert.Equal(("missing", last - 2), (grown.Problem?.Kind, grown.Problem?.Number ?? 0));
    }

    [Fact]
    public async Task A_record_that_the_server_did_not_write_is_noticed_at_the_end_of_the_log()
    {
        await using var server = await TollgateServer.StartAsync();
        await server.WriteRecordsAsync(3);
        await server.AttackAsync("DROP TRIGGER audit_records_move_the_head");
        await using (var db = server.Host.Services.GetRequiredService<ControlStore>().CreateContext())
        {
            var last = await db.AuditRecords.AsNoTracking().OrderByDescending(row => row.Number).FirstAsync(TestContext.Current.CancellationToken);
            db.AuditRecords.Add(Forged(last, last.Number + 1));
            await db.SaveChangesAsync(TestContext.Current.CancellationToken);
        }

        Assert.Equal("inserted", (await server.VerifyAsync()).Problem?.Kind);
    }

    [Theory]
    [InlineData("UPDATE audit_records SET action = 'x'")]
    [InlineData("DELETE FROM audit_records")]
    [InlineData("UPDATE audit_heads SET number = 1")]
    [InlineData("UPDATE audit_heads SET tenant_id = 'x'")]
    [InlineData("DELETE FROM audit_heads")]
    [InlineData("UPDATE audit_checkpoints SET number = 1")]
    [InlineData("DELETE FROM audit_checkpoints")]
    [InlineData("INSERT INTO audit_records SELECT tenant_id, 1, id || 'x', at, actor_type, actor_id, api_key_id, action, target_type, target_id, before, after, request_id, address, previous_hash, hash, severity, decision FROM audit_records")]
    public async Task The_database_refuses_to_change_what_was_recorded(string statement)
    {
        await using var server = await TollgateServer.StartAsync();
        await server.Host.Services.GetRequiredService<AuditCheckpoints>().TakeAsync(TestContext.Current.CancellationToken);

        await Assert.ThrowsAnyAsync<System.Data.Common.DbException>(() => server.AttackAsync(statement));
        Assert.True((await server.VerifyAsync()).Valid);
    }

    /// <summary>The statements of a tampering, and the number that must be named; 0 where the way makes no sense.</summary>
    private static (string Name, string[] Statements, long Expected) Way(int index, long number, long last)
    {
        var columns = "at, actor_type, actor_id, api_key_id, action, target_type, target_id, before, after, request_id, address, previous_hash, hash, severity, decision";
        return (index % 6) switch
        {
            0 => ("A change", [$"UPDATE audit_records SET {Changes[index / 6 % Changes.Length]} WHERE number = {number}"],
                // A record that is not the tenant's any more is missing.
                number),
            1 => ("A removal", [$"DELETE FROM audit_records WHERE number = {number}"], number),
            2 => number == last ? ("", [], 0) : ("A swap",
                [
                    $"UPDATE audit_records SET number = -1 WHERE number = {number}",
                    $"UPDATE audit_records SET number = {number} WHERE number = {number + 1}",
                    $"UPDATE audit_records SET number = {number + 1} WHERE number = -1",
                ],
                number),
            3 => ("An insertion", [$"INSERT INTO audit_records (tenant_id, number, id, {columns}) SELECT tenant_id, number, 'audit_forged', {columns} FROM pristine WHERE number = {number}"], number),
            4 => ("A duplicate", [$"INSERT INTO audit_records SELECT * FROM pristine WHERE number = {number}"], number),
            _ => ("A cut", [$"DELETE FROM audit_records WHERE number >= {number}"], number),
        };
    }

    private static (string Name, long Expected) Tamper(List<string> lines, int index)
    {
        var number = index + 1;
        var record = AuditExportRecord.FromLine(lines[index]);
        switch (index % 6)
        {
            case 0:
                lines[index] = Line(record with { After = $"{record.After} " });
                return ("A change", number);
            case 1:
                lines.RemoveAt(index);
                return ("A removal", number);
            case 2:
                (lines[index], lines[index + 1]) = (lines[index + 1], lines[index]);
                return ("A swap", number);
            case 3:
                var forged = record with { Id = "audit_forged" };
                lines.Insert(index, Line(forged with { Hash = Convert.ToHexStringLower(forged.ComputeHash()) }));
                return ("An insertion", number);
            case 4:
                lines.Insert(index, lines[index]);
                return ("A duplicate", number);
            default:
                lines.RemoveRange(index, lines.Count - index);
                return ("A cut", number);
        }
    }

    private static string Line(AuditExportRecord record) => System.Text.Encoding.UTF8.GetString(record.ToLine());

    private static AuditRecord Forged(AuditRecord last, long number)
    {
        var record = new AuditRecord
        {
            TenantId = last.TenantId,
            Number = number,
            Id = string.Create(CultureInfo.InvariantCulture, $"audit_forged_{number}"),
            At = last.At,
            ActorType = "system",
            Action = "test.forged",
            TargetType = "thing",
            TargetId = "thing",
            RequestId = "",
            Address = "",
            PreviousHash = last.Hash,
            Hash = [],
        };
        record.Hash = AuditTrail.HashOf(record);
        return record;
    }

    /// <summary>Replaces everything from a record on by forged ones with the right hashes, in every table of the database.</summary>
    private static async Task RewriteAsync(TollgateServer server, long from)
    {
        var last = (await server.VerifyAsync()).LastNumber!.Value;
        await server.AttackAsync(
            "DROP TRIGGER audit_records_are_not_deleted",
            "DROP TRIGGER audit_records_move_the_head",
            "DROP TRIGGER audit_heads_only_advance",
            "DROP TRIGGER audit_checkpoints_are_not_deleted",
            "DELETE FROM audit_checkpoints",
            $"DELETE FROM audit_records WHERE number >= {from}");
        await using var db = server.Host.Services.GetRequiredService<ControlStore>().CreateContext();
        var previous = await db.AuditRecords.AsNoTracking().SingleAsync(row => row.Number == from - 1, TestContext.Current.CancellationToken);
        for (var number = from; number <= last; number++)
        {
            previous = Forged(previous, number);
            db.AuditRecords.Add(previous);
        }

        await db.SaveChangesAsync(TestContext.Current.CancellationToken);
        await server.AttackAsync($"UPDATE audit_heads SET hash = x'{Convert.ToHexString(previous.Hash)}'");
    }

    private static HttpClient NewClient(string url, string key)
    {
        var client = new HttpClient { BaseAddress = new Uri(url) };
        client.DefaultRequestHeaders.Add("x-api-key", key);
        return client;
    }

    private static async Task<string> CreateAccountAsync(string url, string key)
    {
        using var client = NewClient(url, key);
        using var created = await client.PostJsonAsync("/v1/users", new { type = "service_account", name = "x", roles = new[] { BuiltInRoles.EventReader } });
        return (await created.ReadAsync<CreatedUserResponse>(201)).Id;
    }

    private static async Task StopAsync(ServerProcess server)
    {
        server.Terminate();
        await server.WaitForExitAsync();
        Assert.Equal(0, server.ExitCode);
    }
}
