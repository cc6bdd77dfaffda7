using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Contracts;
using Tollgate.Server.Events;
using Xunit;

namespace Tollgate.ServerTests.Events;

/// <summary>What one tenant floods the server with waits in its own queue, and is refused when that is full; others don't wait behind it.</summary>
public sealed class FairSharesTests
{
    private const int BodyBytes = 256 * 1024;

    private static readonly TimeSpan Heavy = TimeSpan.FromMilliseconds(100);

    [Fact]
    public async Task A_tenant_that_floods_with_queries_is_refused_beyond_its_queue_and_another_does_not_wait_for_it()
    {
        await using var server = await TollgateServer.StartAsync();
        using var other = server.ClientWith((await server.SecondTenantAsync()).ApiKey);
        await other.IngestAsync(new { event_name = "n", external_customer_id = "c" });
        var (query, _) = await HeavyQuery.PrepareAsync(server.AdminClient, Heavy);
        using var leaving = new CancellationTokenSource();
        var flood = Enumerable.Range(0, 200).Select(_ => AskAsync(server.AdminClient, query, leaving.Token)).ToList();

        // The queue is full once somebody was refused.
        var refused = await FirstRefusedAsync(flood);
        for (var question = 0; question < 5; question++)
        {
            Assert.Equal("1", (await other.UsageAsync(new { event_name = "n", aggregation_type = "COUNT" })).GetProperty("value").GetRawText());
        }

        // By turns, another's question waits for a running one or two. It waited for no more of the flood than that.
        Assert.True(refused);
        Assert.True(flood.Count(asked => !asked.IsCompleted) > 20, "The flood was over before the other tenant was answered.");
        await leaving.CancelAsync();
        var statuses = await Task.WhenAll(flood);
        Assert.All(statuses, status => Assert.Contains(status, new[] { 0, 200, 429 }));

        // Who left took their place in the queue with them, as soon as the server has seen that they left.
        var next = 429;
        for (var asked = 0; next == 429 && asked < 1000; asked++)
        {
            next = await AskAsync(server.AdminClient, query, TestContext.Current.CancellationToken);
        }

        Assert.Equal(200, next);
    }

    [Fact]
    public async Task A_tenant_whose_bodies_fill_its_share_is_refused_and_another_is_not()
    {
        await using var server = await TollgateServer.StartAsync(options: string.Create(CultureInfo.InvariantCulture, $"Events:MaxBodyBytes={BodyBytes}"));
        using var other = server.ClientWith((await server.SecondTenantAsync()).ApiKey);
        var padding = new string(' ', BodyBytes - 1000);
        List<SlowBody> slow = [];
        List<Task<int>> pending = [];
        for (var body = 0; body < 4; body++)
        {
            slow.Add(new SlowBody($$"""{"event_name":"slow","external_customer_id":"c","event_id":"slow {{body}}"{{padding}}""", "}"));
            pending.Add(SendAsync(server.AdminClient, slow[^1]));
        }

        // Only when the server has taken in all that was sent is there no room: another body before that would take the room of one of them.
        await Task.WhenAll(slow.Select(body => body.HeadSent));
        var budget = server.Host.Services.GetRequiredService<IngestBudget>();
        await UntilAsync(() => budget.Taken >= slow.Sum(body => body.HeadBytes));
        using (var more = await server.AdminClient.PostJsonAsync("/v1/events", Large()))
        {
            var problem = await more.ShouldBeProblemAsync(429, ErrorCodes.TooManyRequests);
            Assert.Equal("bodies", problem.GetProperty("details").GetProperty("policy").GetString());
            Assert.Equal("1", more.Headers.RetryAfter?.ToString());
        }

        await other.IngestAsync(new { event_name = "n", external_customer_id = "c", properties = new { padding = new string('x', 60_000) } });
        slow.ForEach(body => body.End());
        Assert.All(await Task.WhenAll(pending), status => Assert.Equal(202, status));

        // What was taken is there again once the answers are out, and of what was refused nothing was stored.
        await UntilAsync(() => budget.Taken == 0);
        await server.AdminClient.IngestAsync(Large());
        Assert.Equal("5", (await server.AdminClient.UsageAsync(new { event_name = "slow", aggregation_type = "COUNT" })).GetProperty("value").GetRawText());

        object Large() => $$"""{"event_name":"slow","external_customer_id":"c"{{padding}}}""";
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        for (var look = 0; !holds(); look++)
        {
            Assert.True(look < 6000, "It does not come to hold.");
            await Task.Delay(TimeSpan.FromMilliseconds(5), TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Waits for the first that was refused; false when none was.</summary>
    private static async Task<bool> FirstRefusedAsync(IEnumerable<Task<int>> asked)
    {
        await foreach (var answered in Task.WhenEach(asked))
        {
            if (await answered == 429)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The status; 0 when the client left.</summary>
    private static async Task<int> AskAsync(HttpClient client, string query, CancellationToken leaving)
    {
        using var content = new StringContent(query, Encoding.UTF8, "application/json");
        try
        {
            using var response = await client.PostAsync(new Uri(HeavyQuery.Path, UriKind.Relative), content, leaving);
            return (int)response.StatusCode;
        }
        catch (OperationCanceledException) when (leaving.IsCancellationRequested)
        {
            return 0;
        }
    }

    private static async Task<int> SendAsync(HttpClient client, SlowBody body)
    {
        using var response = await client.PostAsync(new Uri("/v1/events", UriKind.Relative), body, TestContext.Current.CancellationToken);
        return (int)response.StatusCode;
    }

    /// <summary>A body whose last byte waits to be let go.</summary>
    private sealed class SlowBody : HttpContent
    {
        private readonly byte[] _head;
        private readonly byte[] _end;
        private readonly TaskCompletionSource _sent = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public SlowBody(string head, string end)
        {
            (_head, _end) = (Encoding.UTF8.GetBytes(head), Encoding.UTF8.GetBytes(end));
            Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }

        public Task HeadSent => _sent.Task;

        public int HeadBytes => _head.Length;

        public void End() => _ended.SetResult();

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync(_head);
            await stream.FlushAsync();
            _sent.SetResult();
            await _ended.Task;
            await stream.WriteAsync(_end);
        }

        protected override bool TryComputeLength(out long length)
        {
            length = _head.Length + _end.Length;
            return true;
        }
    }
}
