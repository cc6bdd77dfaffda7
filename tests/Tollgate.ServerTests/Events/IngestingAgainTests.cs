using System.Globalization;
using System.Text;
using System.Text.Json;
using Xunit;

namespace Tollgate.ServerTests.Events;

/// <summary>Requests that are sent again because their answer was lost: by many at once, and to a server that was killed meanwhile.</summary>
public sealed class IngestingAgainTests : IAsyncLifetime
{
    private const string Bulk = "/v1/events/bulk";
    private const int BatchSize = 50;

    private readonly string _folder = Directory.CreateTempSubdirectory("tollgate-test-").FullName;
    private ServerProcess? _server;
    private string _key = "";

    private ServerProcess Server => _server ?? throw new InvalidOperationException("The server is not started.");

    /// <summary>A process, so that it can be killed.</summary>
    public async ValueTask InitializeAsync()
    {
        _server = await ServerProcess.StartAsync(_folder);
        _key = _server.ApiKey;
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task Batches_of_all_forms_sent_again_after_a_kill_count_once()
    {
        var sent = new (string Path, string Type, byte[] Body, (string, string)[] Headers)[]
        {
            ("/v1/events", EventBodies.Json, Encoding.UTF8.GetBytes(EventBodies.Event("call", "single")), []),
            ("/v1/events", EventBodies.CloudEvent, Encoding.UTF8.GetBytes(Cloud("single")), []),
            (Bulk, EventBodies.Json, Encoding.UTF8.GetBytes($$"""{"events":[{{string.Join(',', Batch("json"))}}]}"""), []),
            (Bulk, EventBodies.Lines, EventBodies.Gzip(Encoding.UTF8.GetBytes(string.Join('\n', Batch("line")))), [("Content-Encoding", "gzip")]),
            (Bulk, EventBodies.CloudEvents, EventBodies.Brotli(Encoding.UTF8.GetBytes($"[{string.Join(',', Numbers().Select(Cloud))}]")), [("Content-Encoding", "br")]),
        };
        const int Total = 2 + (3 * BatchSize);

        Assert.Equal(["accepted"], await StatusesAsync());
        await Server.KillAsync();
        await Server.DisposeAsync();
        _server = await ServerProcess.StartAsync(_folder);
        Assert.Equal(["duplicate"], await StatusesAsync());

        using var client = NewClient();
        Assert.Equal(Total, await client.CountAsync("call"));

        async Task<IEnumerable<string>> StatusesAsync()
        {
            using var sender = NewClient();
            var statuses = new HashSet<string>();
            foreach (var (path, type, body, headers) in sent)
            {
                using var response = await sender.SendEventsAsync(path, body, type, headers);
                var answer = await response.JsonAsync(202);
                statuses.UnionWith(answer.TryGetProperty("results", out _) ? answer.Statuses() : [answer.GetProperty("status").GetString()!]);
            }

            return statuses;
        }
    }

    [Fact]
    public async Task A_batch_that_64_clients_send_at_once_in_several_forms_is_stored_once()
    {
        using var client = NewClient();
        var json = $$"""{"events":[{{string.Join(',', Batch("same"))}}]}""";
        var lines = string.Join('\n', Batch("same").Reverse());

        var answers = await Task.WhenAll(Enumerable.Range(0, 64).Select(async number =>
        {
            using var response = number % 2 == 0
                ? await client.SendEventsAsync(Bulk, json, EventBodies.Json)
                : await client.SendEventsAsync(Bulk, EventBodies.Gzip(Encoding.UTF8.GetBytes(lines)), EventBodies.Lines, ("Content-Encoding", "gzip"));
            return await response.JsonAsync(202);
        }));

        var results = answers.SelectMany(answer => answer.GetProperty("results").EnumerateArray()).ToLookup(
            result => result.GetProperty("event_id").GetString(), result => result.GetProperty("status").GetString());
        Assert.Equal(BatchSize, results.Count);
        Assert.All(results, statuses =>
        {
            Assert.Equal(64, statuses.Count());
            Assert.Single(statuses, "accepted");
            Assert.Equal(63, statuses.Count(status => status == "duplicate"));
        });
        Assert.Equal(BatchSize, await client.CountAsync("call"));
    }

    private static IEnumerable<string> Numbers() => Enumerable.Range(0, BatchSize).Select(number => number.ToString(CultureInfo.InvariantCulture));

    private static IEnumerable<string> Batch(string prefix) => Numbers().Select(number => EventBodies.Event("call", $"{prefix} {number}"));

    private static string Cloud(string id) =>
        $$$"""{"specversion":"1.0","id":{{{JsonSerializer.Serialize(id)}}},"source":"/again","type":"call","subject":"c","data":{"n":1}}""";

    private HttpClient NewClient()
    {
        var client = new HttpClient { BaseAddress = new Uri(Server.Url) };
        client.DefaultRequestHeaders.Add("x-api-key", _key);
        return client;
    }
}
