using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Storage.Control;
using Xunit;

namespace Tollgate.ServerTests.Access;

/// <summary>Every row of the control database, by table, so that a test can say that nothing has changed.</summary>
internal static class ControlDigest
{
    /// <summary>
    /// Reads the file through a connection of its own. Left out: what is written of a session once a minute (when it was last seen and
    /// which request it let in last), the readiness probe's mark, and the audit log, in which every refusal is written down.
    /// </summary>
    public static async Task<IReadOnlyDictionary<string, string>> OfAsync(TollgateServer server)
    {
        await using var db = server.Host.Services.GetRequiredService<ControlStore>().CreateContext();
        var connection = db.Database.GetDbConnection();
        await connection.OpenAsync(TestContext.Current.CancellationToken);
        var tables = await ReadAsync(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT IN ('readiness', 'api_key_use', 'api_key_attempts', 'access_use', 'event_use') AND name NOT LIKE 'audit_%' ORDER BY name");
        var digests = new Dictionary<string, string>();
        foreach (var table in tables)
        {
            var rows = await ReadAsync($"SELECT * FROM \"{table}\"");
            var digest = SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', rows.Order(StringComparer.Ordinal))));
            digests[table] = string.Create(CultureInfo.InvariantCulture, $"{rows.Count} rows, {Convert.ToHexString(digest)[..16]}");
        }

        Assert.True(digests.Count >= 8, "The digest must see the tables.");
        return digests;

        async Task<List<string>> ReadAsync(string sql)
        {
            await using var command = connection.CreateCommand();
            // CA2100: the table names come from the database's own catalogue.
#pragma warning disable CA2100
            command.CommandText = sql;
#pragma warning restore CA2100
            await using var reader = await command.ExecuteReaderAsync(TestContext.Current.CancellationToken);
            var rows = new List<string>();
            while (await reader.ReadAsync(TestContext.Current.CancellationToken))
            {
                rows.Add(string.Join('|', Enumerable.Range(0, reader.FieldCount)
                    .Where(column => reader.GetName(column) is var name && name != "last_seen_at" && !name.StartsWith("last_accepted_", StringComparison.Ordinal))
                    .Select(column => reader.GetValue(column) is byte[] bytes
                        ? Convert.ToHexString(bytes)
                        : Convert.ToString(reader.GetValue(column), CultureInfo.InvariantCulture))));
            }

            return rows;
        }
    }
}
