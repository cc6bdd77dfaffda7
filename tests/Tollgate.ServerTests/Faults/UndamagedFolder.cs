using System.Globalization;
using Tollgate.Contracts;
using Xunit;

namespace Tollgate.ServerTests.Faults;

/// <summary>A folder with 3,000 events and the sums of some that were erased, the same folder when it had 1,000, and what a server says about it.</summary>
public sealed class UndamagedFolder : IAsyncLifetime
{
    private const int Events = 3000;

    private readonly string _scratch = Directory.CreateTempSubdirectory("tollgate-test-").FullName;
    private string _key = "";

    internal string Good => Path.Combine(_scratch, "good");

    internal string Early => Path.Combine(_scratch, "early");

    internal string Answers { get; private set; } = "";

    public async ValueTask InitializeAsync()
    {
        await using (var server = await ServerProcess.StartAsync(Good))
        {
            _key = server.ApiKey;
            await SendAsync(server.Url, 0, 1000);
            await AnswersAsync(server.Url);
            server.Terminate();
            await server.WaitForExitAsync();
        }

        Copy(Good, Early);
        await using (var server = await ServerProcess.StartAsync(Good))
        {
            await SendAsync(server.Url, 1000, Events);
            await EraseAsync(server.Url);
            Answers = await AnswersAsync(server.Url);
            server.Terminate();
            await server.WaitForExitAsync();
        }

        Assert.Contains(Events.ToString(CultureInfo.InvariantCulture), Answers, StringComparison.Ordinal);
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(_scratch, recursive: true);
        return ValueTask.CompletedTask;
    }

    internal static void Copy(string from, string to)
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

    private async Task SendAsync(string url, int from, int to)
    {
        using var client = ClientOf(url);
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
    private async Task EraseAsync(string url)
    {
        using var client = ClientOf(url);
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
    internal async Task<string> AnswersAsync(string url)
    {
        using var client = ClientOf(url);
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

    private HttpClient ClientOf(string url)
    {
        var client = new HttpClient { BaseAddress = new Uri(url) };
        client.DefaultRequestHeaders.Add("x-api-key", _key);
        return client;
    }
}
