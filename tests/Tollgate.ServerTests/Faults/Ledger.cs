using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;
using Xunit;

namespace Tollgate.ServerTests.Faults;

/// <summary>
/// Who remembers what a server was sent and what it promised: writers that send until the server is gone, and the comparison of
/// their notes with what the server has afterwards.
/// </summary>
internal sealed class Ledger(string apiKey)
{
    public const int Writers = 8;
    private const string EventName = "crash";

    private readonly ConcurrentDictionary<string, byte> _sent = new();
    private readonly ConcurrentDictionary<string, byte> _acknowledged = new();
    private int _number;
    private TaskCompletionSource _goOn = Done();

    public int Sent => _sent.Count;

    public int Acknowledged => _acknowledged.Count;

    /// <summary>Eight writers at once, until each is told no more or the server is gone.</summary>
    public Task WriteUntilGoneAsync(string url) =>
        Task.WhenAll(Enumerable.Range(0, Writers).Select(writer => WriteAsync(url, writer)));

    /// <summary>No writer sends another request until <see cref="GoOn"/>.</summary>
    public void Pause() => _goOn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    public void GoOn() => _goOn.TrySetResult();

    /// <summary>The ids that are acknowledged at this moment.</summary>
    public IReadOnlyCollection<string> Promised() => [.. _acknowledged.Keys];

    /// <summary>Every acknowledged id is there, every id that is there was sent, and each is there once.</summary>
    public Task VerifyAsync(string url) => VerifyAsync(url, Promised());

    /// <summary>The same for what was acknowledged at an earlier moment.</summary>
    public async Task VerifyAsync(string url, IReadOnlyCollection<string> promised)
    {
        var stored = new HashSet<string>();
        using var client = ClientOf(url);
        string? key = null;
        while (true)
        {
            var request = new Dictionary<string, object> { ["page_size"] = 500, ["event_name"] = EventName };
            if (key is not null)
            {
                request["iter_last_key"] = key;
            }

            using var response = await client.PostJsonAsync("/v1/events/query", request);
            var page = await response.JsonAsync(200);
            foreach (var item in page.GetProperty("events").EnumerateArray())
            {
                var id = item.GetProperty("id").GetString() ?? "";
                Assert.True(stored.Add(id), $"{id} is there twice");
                Assert.True(_sent.ContainsKey(id), $"{id} is there and was never sent");
            }

            if (!page.GetProperty("has_more").GetBoolean())
            {
                break;
            }

            key = page.GetProperty("iter_last_key").GetString();
        }

        var lost = promised.Where(id => !stored.Contains(id)).ToList();
        Assert.True(lost.Count == 0, $"{lost.Count} of {promised.Count} acknowledged events are lost, such as {string.Join(", ", lost.Take(5))}");
        Assert.Equal(stored.Count, await CountAsync(url));
    }

    /// <summary>The count alone lies between what was acknowledged and what was sent.</summary>
    public async Task VerifyCountAsync(string url) => Assert.InRange(await CountAsync(url), Acknowledged, Sent);

    private async Task<long> CountAsync(string url)
    {
        using var client = ClientOf(url);
        using var response = await client.PostJsonAsync("/v1/events/usage", new { event_name = EventName, aggregation_type = "COUNT" });
        return (await response.JsonAsync(200)).GetProperty("value").GetInt64();
    }

    private async Task WriteAsync(string url, int writer)
    {
        using var client = ClientOf(url);
        var random = new Random(writer);
        while (true)
        {
            var ids = Enumerable.Range(0, random.Next(1, 12))
                .Select(_ => string.Create(CultureInfo.InvariantCulture, $"w{writer}-{Interlocked.Increment(ref _number)}"))
                .ToList();
            await _goOn.Task;
            ids.ForEach(id => _sent[id] = 1);
            try
            {
                using var response = await client.PostJsonAsync("/v1/events/bulk", new
                {
                    events = ids.Select(id => new { event_name = EventName, external_customer_id = $"c{writer}", event_id = id }),
                });
                if ((int)response.StatusCode == 503)
                {
                    return;
                }

                var answer = JsonDocument.Parse(await (await response.ShouldBeAsync(202)).TextAsync()).RootElement;
                foreach (var result in answer.GetProperty("results").EnumerateArray())
                {
                    Assert.Equal("accepted", result.GetProperty("status").GetString());
                    _acknowledged[result.GetProperty("event_id").GetString() ?? ""] = 1;
                }
            }
            catch (Exception exception) when (exception is HttpRequestException or IOException)
            {
                return;
            }
        }
    }

    private static TaskCompletionSource Done()
    {
        var done = new TaskCompletionSource();
        done.SetResult();
        return done;
    }

    private HttpClient ClientOf(string url)
    {
        var client = new HttpClient { BaseAddress = new Uri(url) };
        client.DefaultRequestHeaders.Add("x-api-key", apiKey);
        return client;
    }
}
