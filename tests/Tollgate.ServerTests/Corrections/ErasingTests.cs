using System.Text;
using Tollgate.Contracts;
using Tollgate.ServerTests.Events;
using Xunit;

namespace Tollgate.ServerTests.Corrections;

/// <summary>A customer who is to be forgotten: no event, no file and no list says anything of them any more.</summary>
public sealed class ErasingTests
{
    // The version and the digest, ahead of what is compressed.
    private const int SumsHeadBytes = 8 + 32;

    private const string Secret = "secret-of-jane-doe";

    [Theory]
    [InlineData("keep", "111", 3)]
    [InlineData("remove", "100", 1)]
    public async Task An_erased_customer_is_in_no_answer_and_no_file_and_sums_are_kept_or_not_as_asked(string sums, string sum, int count)
    {
        await using var server = await TollgateServer.StartAsync(options: "Storage:SegmentBytes=65536");
        await server.AdminClient.IngestManyAsync(Events("jane-doe", 1, 10));
        await server.AdminClient.IngestManyAsync(Events("john-roe", 100));
        Assert.Equal("111", await SumAsync(server));

        using var preview = await server.AdminClient.PostJsonAsync(
            "/v1/events/erase", new { external_customer_id = "jane-doe", sums, dry_run = true });
        Assert.Equal(2, (await preview.ReadAsync<RemovalResponse>(200)).Events);
        Assert.Equal("111", await SumAsync(server));

        using var asked = await server.AdminClient.PostJsonAsync(
            "/v1/events/erase", new { external_customer_id = "jane-doe", sums, reason = "Asked for by mail." });
        var begun = await asked.ReadAsync<RemovalResponse>(201);

        // From the answer on they are gone for whoever asks.
        await AssertGoneAsync(server, sum, count);
        var ended = await Removals.CompletedAsync(server.AdminClient, begun.Id!);
        Assert.Equal(2, ended.Events);
        Assert.Equal(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData("jane-doe"u8)), ended.CustomerDigest);
        await AssertGoneAsync(server, sum, count);

        // The ids stay taken: nobody can bring the events back.
        Assert.Equal(["duplicate", "duplicate"], (await server.AdminClient.IngestManyAsync(Events("jane-doe", 1, 10))).Statuses());
        await AssertGoneAsync(server, sum, count);

        foreach (var loseStore in (bool[])[false, true])
        {
            await server.RestartAsync(() =>
            {
                if (loseStore)
                {
                    File.Delete(Path.Combine(server.Folder, "events.duckdb"));
                    File.Delete(Path.Combine(server.Folder, "events.duckdb.wal"));
                }

                return Task.CompletedTask;
            });
            await AssertGoneAsync(server, sum, count);
        }

        AssertInNoFile(server, Secret);
        AssertInNoFile(server, "jane-doe");
    }

    [Fact]
    public async Task What_a_retention_kept_of_an_erased_customer_goes_as_well()
    {
        var clock = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(new DateTimeOffset(2026, 3, 20, 12, 0, 0, TimeSpan.Zero));
        await using var server = await TollgateServer.StartAsync(clock);
        await server.AdminClient.IngestManyAsync(Events("jane-doe", 1, 10));
        await server.AdminClient.IngestManyAsync(Events("john-roe", 100));
        await RetentionTests.RetainAsync(server, days: 30);
        Assert.Equal("111", await SumAsync(server));

        using var asked = await server.AdminClient.PostJsonAsync(
            "/v1/events/erase", new { external_customer_id = "jane-doe", sums = "remove", reason = "Asked for by mail." });
        var begun = await asked.ReadAsync<RemovalResponse>(201);
        Assert.Equal("100", await SumAsync(server));
        await Removals.CompletedAsync(server.AdminClient, begun.Id!);

        await server.RestartAsync(() =>
        {
            File.Delete(Path.Combine(server.Folder, "events.duckdb"));
            File.Delete(Path.Combine(server.Folder, "events.duckdb.wal"));
            return Task.CompletedTask;
        });
        Assert.Equal("100", await SumAsync(server));
        AssertInNoFile(server, "jane-doe");
    }

    [Fact]
    public async Task Erasing_is_in_the_audit_log_without_the_name()
    {
        await using var server = await TollgateServer.StartAsync();
        await server.AdminClient.IngestManyAsync(Events("jane-doe", 1));
        using var asked = await server.AdminClient.PostJsonAsync(
            "/v1/events/erase", new { external_customer_id = "jane-doe", sums = "keep", reason = "Asked for by mail." });
        await Removals.CompletedAsync(server.AdminClient, (await asked.ReadAsync<RemovalResponse>(201)).Id!);

        using var logs = await server.AdminClient.GetPathAsync("/v1/audit/logs?limit=1000");
        var text = await logs.TextAsync();
        Assert.Contains("event.erase", text, StringComparison.Ordinal);
        Assert.Contains("event.removal.complete", text, StringComparison.Ordinal);
        Assert.Contains("Asked for by mail.", text, StringComparison.Ordinal);
        Assert.DoesNotContain("jane-doe", text, StringComparison.Ordinal);
        using var verified = await server.AdminClient.PostJsonAsync("/v1/audit/verify", null);
        Assert.Contains("\"valid\":true", await verified.TextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_request_that_can_not_be_meant_is_refused_by_name()
    {
        await using var server = await TollgateServer.StartAsync();
        async Task<string[]> FieldsAsync(object body) => await server.AdminClient.RefusedFieldsAsync("/v1/events/erase", body);

        Assert.Equal(["sums"], await FieldsAsync(new { external_customer_id = "c", reason = "r" }));
        Assert.Equal(["sums"], await FieldsAsync(new { external_customer_id = "c", sums = "some", reason = "r" }));
        Assert.Equal(["reason"], await FieldsAsync(new { external_customer_id = "c", sums = "keep" }));
        Assert.Equal(["external_customer_id"], await FieldsAsync(new { sums = "keep", reason = "r" }));
    }

    private static IEnumerable<object> Events(string customer, params int[] costs) => costs.Select((cost, index) => new
    {
        event_id = $"{customer}-{index}",
        event_name = "call",
        external_customer_id = customer,
        timestamp = new DateTimeOffset(2026, 1, 1, 10, 30, 0, TimeSpan.Zero).AddMinutes(index),
        properties = new { cost, note = customer == "jane-doe" ? Secret : "nothing" },
    });

    private static async Task<string> SumAsync(TollgateServer server)
    {
        var usage = await server.AdminClient.UsageAsync(new
        {
            event_name = "call",
            aggregation_type = "SUM",
            property_name = "cost",
            start_time = "2026-01-01T00:00:00Z",
            end_time = "2026-01-02T00:00:00Z",
        });
        return usage.GetProperty("value").GetRawText();
    }

    private static async Task AssertGoneAsync(TollgateServer server, string sum, int count)
    {
        Assert.Equal(sum, await SumAsync(server));
        var usage = await server.AdminClient.UsageAsync(new
        {
            event_name = "call",
            aggregation_type = "COUNT",
            start_time = "2026-01-01T00:00:00Z",
            end_time = "2026-01-02T00:00:00Z",
        });
        Assert.Equal(count.ToString(System.Globalization.CultureInfo.InvariantCulture), usage.GetProperty("value").GetRawText());
        var page = await server.AdminClient.QueryAsync(new { event_name = "call", start_time = "2026-01-01T00:00:00Z", end_time = "2026-01-02T00:00:00Z" });
        Assert.Equal(["john-roe-0"], page.Ids());
        using var single = await server.AdminClient.GetPathAsync("/v1/events/lookup?id=jane-doe-0");
        await single.ShouldBeAsync(404);
    }

    /// <summary>In no file of the folder but the event store's, whose freed blocks the documents speak of.</summary>
    private static void AssertInNoFile(TollgateServer server, string text)
    {
        foreach (var file in Directory.GetFiles(server.Folder, "*", SearchOption.AllDirectories))
        {
            if (Path.GetFileName(file) == "lock" || file.EndsWith(".lock", StringComparison.Ordinal))
            {
                continue;
            }

            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var content = new byte[stream.Length];
            stream.ReadExactly(content);
            if (file.EndsWith(".zst", StringComparison.Ordinal))
            {
                using var plain = new MemoryStream();
                using var decompressed = new ZstdSharp.DecompressionStream(new MemoryStream(content));
                decompressed.CopyTo(plain);
                content = plain.ToArray();
            }
            else if (file.EndsWith(".sums", StringComparison.Ordinal))
            {
                using var plain = new MemoryStream();
                using var decompressed = new System.IO.Compression.BrotliStream(
                    new MemoryStream(content[SumsHeadBytes..]), System.IO.Compression.CompressionMode.Decompress);
                decompressed.CopyTo(plain);
                content = plain.ToArray();
                Assert.NotEmpty(content);
            }

            Assert.False(content.AsSpan().IndexOf(Encoding.UTF8.GetBytes(text)) >= 0, $"{file} holds {text}.");
        }
    }
}
