using System.Globalization;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Client.Audit;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Audit;
using Tollgate.Storage.Control;
using Xunit;

namespace Tollgate.ServerTests.Audit;

/// <summary>What tests of the audit log do again and again.</summary>
internal static class AuditWorld
{
    /// <summary>Writes this many records into the first tenant's log, as changes do.</summary>
    public static async Task WriteRecordsAsync(this TollgateServer server, int count)
    {
        var changes = server.Host.Services.GetRequiredService<ControlChanges>();
        await using var change = await changes.BeginAsync(server.Secrets.TenantId, AuditActor.System, TestContext.Current.CancellationToken);
        for (var index = 0; index < count; index++)
        {
            change.Record("test.made", "thing", $"thing_{index}", new { Index = index }, new { Index = index, Text = "Grüße ‮" });
        }

        await change.SaveAsync(TestContext.Current.CancellationToken);
    }

    public static async Task<VerifyAuditLogResponse> VerifyAsync(this TollgateServer server, HttpClient? client = null, object? body = null)
    {
        using var response = await (client ?? server.AdminClient).PostJsonAsync("/v1/audit/verify", body);
        return await response.ReadAsync<VerifyAuditLogResponse>(200);
    }

    public static async Task<IReadOnlyList<AuditLogResponse>> LogsAsync(this HttpClient client, string query, int limit = 1000)
    {
        using var response = await client.GetPathAsync(string.Create(CultureInfo.InvariantCulture, $"/v1/audit/logs?limit={limit}&{query}"));
        return (await response.ReadAsync<ListResponse<AuditLogResponse>>(200)).Items;
    }

    /// <summary>The export's lines.</summary>
    public static async Task<List<string>> ExportAsync(this HttpClient client, string query = "")
    {
        using var response = await client.GetPathAsync($"/v1/audit/export?{query}");
        await response.ShouldBeAsync(200);
        Assert.Equal("application/x-ndjson", response.Content.Headers.ContentType?.MediaType);
        var text = await response.TextAsync();
        Assert.True(text.Length == 0 || text.EndsWith('\n'));
        return [.. text.Split('\n').SkipLast(1)];
    }

    public static async Task<AuditVerification> VerifyOfflineAsync(IEnumerable<string> lines, AuditVerifierOptions? options = null)
    {
        using var stream = new MemoryStream(System.Text.Encoding.UTF8.GetBytes(string.Concat(lines.Select(line => line + "\n"))));
        return await AuditVerifier.VerifyAsync(stream, options ?? new AuditVerifierOptions(), TestContext.Current.CancellationToken);
    }

    /// <summary>Everything that the file of checkpoints holds.</summary>
    public static async Task<IReadOnlyList<AuditCheckpointResponse>> CheckpointFileAsync(this TollgateServer server)
    {
        await using var file = File.OpenRead(Path.Combine(server.Folder, "audit-checkpoints.ndjson"));
        return await AuditVerifier.ReadCheckpointsAsync(file, TestContext.Current.CancellationToken);
    }

    /// <summary>Runs SQL on the server's database, as somebody would who can write to the file.</summary>
    public static async Task<long> AttackAsync(this TollgateServer server, params string[] statements)
    {
        await using var db = server.Host.Services.GetRequiredService<ControlStore>().CreateContext();
        return await AttackAsync(db, statements);
    }

    public static async Task<long> AttackAsync(ControlDb db, params string[] statements)
    {
        var connection = db.Database.GetDbConnection();
        if (connection.State != System.Data.ConnectionState.Open)
        {
            await connection.OpenAsync(TestContext.Current.CancellationToken);
        }

        object? last = null;
        foreach (var statement in statements)
        {
            await using var command = connection.CreateCommand();
            // CA2100: the text is this test's own.
#pragma warning disable CA2100
            command.CommandText = statement;
#pragma warning restore CA2100
            last = await command.ExecuteScalarAsync(TestContext.Current.CancellationToken);
        }

        return last is long number ? number : 0;
    }
}
