using System.Diagnostics;
using Xunit;

namespace Tollgate.ServerTests.Events;

/// <summary>A question whose asker has gone is not answered any further.</summary>
public sealed class ReadCancellationTests(TollgateServer server) : IClassFixture<TollgateServer>
{
    // So many that the next question would wait for a long time, if they were not given up.
    private const int Askers = 12;

    private static readonly TimeSpan Heavy = TimeSpan.FromMilliseconds(400);

    private HttpClient Admin => server.AdminClient;

    [Fact]
    public async Task Heavy_queries_end_within_a_second_of_their_clients_leaving()
    {
        var (query, took) = await HeavyQuery.PrepareAsync(Admin, Heavy);
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var asked = Enumerable.Range(0, Askers).Select(_ => Task.Run(() => AskAsync(query, leaving.Token), TestContext.Current.CancellationToken)).ToList();
        await Task.Delay(Heavy, TestContext.Current.CancellationToken);

        await leaving.CancelAsync();
        var clock = Stopwatch.StartNew();
        var next = await Admin.UsageAsync(new { event_name = "none", aggregation_type = "COUNT" });

        // A second by contract, and as long as one heavy query takes for a machine that is busy with other tests. All of them take far longer.
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(1) + took, $"{clock.Elapsed}, one takes {took}");
        Assert.Equal(0, next.GetProperty("value").GetInt64());
        Assert.True((await Task.WhenAll(asked)).Count(isAnswered => isAnswered) < Askers / 2, "The queries were not heavy.");
    }

    private async Task<bool> AskAsync(string query, CancellationToken leaving)
    {
        using var content = new StringContent(query, System.Text.Encoding.UTF8, "application/json");
        try
        {
            using var response = await Admin.PostAsync(new Uri(HeavyQuery.Path, UriKind.Relative), content, leaving);
            return true;
        }
        catch (OperationCanceledException) when (leaving.IsCancellationRequested)
        {
            return false;
        }
    }
}
