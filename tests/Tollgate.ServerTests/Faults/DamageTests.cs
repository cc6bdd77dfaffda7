using System.Globalization;
using System.Text.RegularExpressions;
using Tollgate.Contracts;
using Xunit;

namespace Tollgate.ServerTests.Faults;

/// <summary>Damaged files are named or mended, and never make the answers silently smaller.</summary>
[Collection("Alone")]
public sealed partial class DamageTests : IAsyncLifetime
{
    private const int Events = 3000;

    private readonly string _scratch = Directory.CreateTempSubdirectory("tollgate-test-").FullName;
    private string _key = "";
    private string _answers = "";

    private string Good => Path.Combine(_scratch, "good");

    private string Early => Path.Combine(_scratch, "early");

    /// <summary>A folder with 1,000 events, and the same folder with 3,000 and the sums of some that were erased.</summary>
    public async ValueTask InitializeAsync()
    {
        await using (var server = await ServerProcess.StartAsync(Good))
        {
            _key = server.ApiKey;
            await SendAsync(server, 0, 1000);
            await AnswersAsync(server);
            server.Terminate();
            await server.WaitForExitAsync();
        }

        Copy(Good, Early);
        await using (var server = await ServerProcess.StartAsync(Good))
        {
            await SendAsync(server, 1000, Events);
            await EraseAsync(server);
            _answers = await AnswersAsync(server);
            server.Terminate();
            await server.WaitForExitAsync();
        }

        Assert.Contains(Events.ToString(CultureInfo.InvariantCulture), _answers, StringComparison.Ordinal);
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_scratch, recursive: true);
        return ValueTask.CompletedTask;
    }

    [Theory]
    [InlineData("missing", false)]
    [InlineData("older", false)]
    [InlineData("garbage", true)]
    [InlineData("empty", true)]
    [InlineData("cut", true)]
    [InlineData("flipped", true)]
    public async Task A_bad_store_of_events_is_noticed_at_the_start_and_built_again(string damage, bool setAside)
    {
        var folder = Path.Combine(_scratch, damage);
        Copy(Good, folder);
        var store = Directory.GetFiles(folder, "*.duckdb").Single();
        File.Delete(store + ".wal");
        switch (damage)
        {
            case "missing":
                File.Delete(store);
                break;
            case "older":
                File.Copy(Path.Combine(Early, Path.GetFileName(store)), store, overwrite: true);
                break;
            case "garbage":
                await File.WriteAllTextAsync(store, new string('x', 100_000), TestContext.Current.CancellationToken);
                break;
            case "empty":
                await File.WriteAllBytesAsync(store, [], TestContext.Current.CancellationToken);
                break;
            case "cut":
                Cut(store, new FileInfo(store).Length / 2);
                break;
            default:
                // Both database headers: one alone is what the other is for.
                Flip(store, 4096 + 20);
                Flip(store, 8192 + 20);
                break;
        }

        await using var server = await ServerProcess.StartAsync(folder);

        Assert.Equal(_answers, await AnswersAsync(server));
        Assert.Equal(setAside, Directory.GetFiles(folder, "*.corrupt-*").Length > 0);
    }

    [Fact]
    public async Task Damage_to_any_other_file_is_named_or_costs_nothing()
    {
        var files = Directory.GetFiles(Good, "*", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(Good, file))
            .Where(file => !file.Contains("duckdb", StringComparison.Ordinal) && !file.StartsWith("control.db", StringComparison.Ordinal))
            .Where(file => file is not ("lock" or "readiness") && new FileInfo(Path.Combine(Good, file)).Length > 0)
            .ToList();
        Assert.Contains(files, file => file.StartsWith("sums", StringComparison.Ordinal));
        var (number, named) = (0, 0);
        foreach (var file in files)
        {
            foreach (var damage in new[] { "cut in half", "cut by one", "flipped at the start", "flipped in the middle", "junk behind", "missing" })
            {
                var folder = Path.Combine(_scratch, $"case {number++}");
                Copy(Good, folder);
                Harm(Path.Combine(folder, file), damage);
                named += await ShouldBeNamedOrWholeAsync(folder, file, damage) ? 1 : 0;
                Directory.Delete(folder, recursive: true);
            }
        }

        Assert.True(named > 0, "Some damage can't be mended and must be named.");
    }

    private async Task<bool> ShouldBeNamedOrWholeAsync(string folder, string file, string damage)
    {
        await using var server = await ServerProcess.TryStartAsync(folder);
        if (server.Url.Length > 0)
        {
            var answers = await AnswersAsync(server);
            Assert.True(answers == _answers, $"{file}, {damage}: {answers} instead of {_answers}");
            return false;
        }

        Assert.True(server.ExitCode == 2, $"{file}, {damage}: ended with {server.ExitCode}: {server.Errors}");
        Assert.Contains(Path.GetFileName(file), server.Errors, StringComparison.Ordinal);
        // Checkpoints of the audit log are no events; a folder whose checkpoints can't be read must not start unnoticed either.
        var holdsEvents = file != "audit-checkpoints.ndjson" && !file.StartsWith("sums", StringComparison.Ordinal);
        Assert.True(!holdsEvents || LostEvent().IsMatch(server.Errors), $"{file}, {damage}: {server.Errors}");
        return true;
    }

    [GeneratedRegex(@"first lost event is number \d+")]
    private static partial Regex LostEvent();

    private static void Harm(string file, string damage)
    {
        var length = new FileInfo(file).Length;
        switch (damage)
        {
            case "cut in half":
                Cut(file, length / 2);
                break;
            case "cut by one":
                Cut(file, length - 1);
                break;
            case "flipped at the start":
                Flip(file, 0);
                break;
            case "flipped in the middle":
                Flip(file, length / 2);
                break;
            case "missing":
                File.Delete(file);
                break;
            default:
                File.AppendAllText(file, "junk that nobody wrote on purpose");
                break;
        }
    }

    private static void Cut(string file, long length)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Write);
        stream.SetLength(length);
    }

    private static void Flip(string file, long position)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.ReadWrite);
        stream.Position = position;
        var value = stream.ReadByte();
        stream.Position = position;
        stream.WriteByte((byte)(value ^ 0x10));
    }

    private static void Copy(string from, string to)
    {
        Directory.CreateDirectory(to);
        foreach (var directory in Directory.GetDirectories(from, "*", SearchOption.AllDirectories))
        {
            Directory.CreateDirectory(Path.Combine(to, Path.GetRelativePath(from, directory)));
        }

        foreach (var file in Directory.GetFiles(from, "*", SearchOption.AllDirectories))
        {
            File.Copy(file, Path.Combine(to, Path.GetRelativePath(from, file)));
        }
    }

    private async Task SendAsync(ServerProcess server, int from, int to)
    {
        using var client = ClientOf(server);
        foreach (var chunk in Enumerable.Range(from, to - from).Chunk(500))
        {
            using var response = await client.PostJsonAsync("/v1/events/bulk", new
            {
                events = chunk.Select(number => new
                {
                    event_name = "damage",
                    external_customer_id = $"c{number % 7}",
                    event_id = $"event {number}",
                    properties = new { amount = number },
                }),
            });
            await response.ShouldBeAsync(202);
        }
    }

    /// <summary>Twenty events whose sums are all that is left of them.</summary>
    private async Task EraseAsync(ServerProcess server)
    {
        using var client = ClientOf(server);
        using (var sent = await client.PostJsonAsync("/v1/events/bulk", new
        {
            events = Enumerable.Range(0, 20).Select(number => new { event_name = "erased", external_customer_id = "gone", properties = new { amount = number } }),
        }))
        {
            await sent.ShouldBeAsync(202);
        }

        using var erased = await client.PostJsonAsync("/v1/events/erase", new { external_customer_id = "gone", sums = "keep", reason = "They asked for it." });
        await Corrections.Removals.CompletedAsync(client, (await erased.ReadAsync<RemovalResponse>(201)).Id!);
    }

    /// <summary>What the server says about the events, in one text.</summary>
    private async Task<string> AnswersAsync(ServerProcess server)
    {
        using var client = ClientOf(server);
        var answers = new List<string>();
        foreach (var body in new object[]
        {
            new { event_name = "damage", aggregation_type = "COUNT" },
            new { event_name = "damage", aggregation_type = "SUM", property_name = "amount" },
            new { event_name = "erased", aggregation_type = "SUM", property_name = "amount" },
        })
        {
            using var response = await client.PostJsonAsync("/v1/events/usage", body);
            answers.Add((await response.JsonAsync(200)).GetProperty("value").GetRawText());
        }

        using var last = await client.GetPathAsync("/v1/events?event_id=event%20999");
        answers.Add((await last.JsonAsync(200)).GetProperty("events").GetRawText());
        return string.Join(" | ", answers);
    }

    private HttpClient ClientOf(ServerProcess server)
    {
        var client = new HttpClient { BaseAddress = new Uri(server.Url) };
        client.DefaultRequestHeaders.Add("x-api-key", _key);
        return client;
    }
}
