using System.Diagnostics;
using System.Globalization;
using Xunit;

namespace Tollgate.ServerTests.Faults;

/// <summary>These measure and load the machine, so nothing else runs beside them.</summary>
[CollectionDefinition("Alone", DisableParallelization = true)]
public sealed class AloneOnTheMachine;

/// <summary>202 means durable: whatever ends the server, at whatever moment.</summary>
[Collection("Alone")]
public sealed class CrashTests(ITestOutputHelper output) : IDisposable
{
    // A nightly run kills more often.
    private static readonly int Rounds = int.Parse(
        Environment.GetEnvironmentVariable("TOLLGATE_TEST_KILLS") ?? "100", CultureInfo.InvariantCulture);

    private const int RoundsBetweenLooks = 20;

    private readonly string _folder = Directory.CreateTempSubdirectory("tollgate-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Kills_at_random_moments_lose_nothing_and_invent_nothing()
    {
        var random = new Random(20);
        var (starts, work) = (new List<TimeSpan>(), new List<TimeSpan>());
        var server = await ServerProcess.StartAsync(_folder);
        var ledger = new Ledger(server.ApiKey);
        for (var round = 0; round < Rounds; round++)
        {
            var writing = ledger.WriteUntilGoneAsync(server.Url);
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(10, 500)), TestContext.Current.CancellationToken);
            await server.KillAsync();
            await writing;
            await server.DisposeAsync();

            var began = Stopwatch.GetTimestamp();
            server = await ServerProcess.StartAsync(_folder);
            await ShouldBeReadyAsync(server.Url);
            starts.Add(Stopwatch.GetElapsedTime(began));
            work.Add(server.ProcessorTime);
            await ledger.VerifyCountAsync(server.Url);
            if ((round + 1) % RoundsBetweenLooks == 0)
            {
                await ledger.VerifyAsync(server.Url);
            }
        }

        await server.DisposeAsync();
        starts.Sort();
        work.Sort();
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{Rounds} kills, {ledger.Sent} events sent, {ledger.Acknowledged} acknowledged, 0 lost; from the start of the process to ready: "
            + $"median {starts[Rounds / 2].TotalSeconds:0.00} s, slowest {starts[^1].TotalSeconds:0.00} s; processor time: median {work[Rounds / 2].TotalSeconds:0.00} s"));
        Assert.True(ledger.Acknowledged > Rounds, "The writers must get something through.");
        // How fast a start is, is for the report above: a clock says little on a machine that is busy with other things. A start that
        // hangs is another matter.
        Assert.True(starts[^1] < TimeSpan.FromSeconds(60), $"A start took {starts[^1]}.");
    }

    [Fact]
    public async Task A_SIGTERM_under_load_ends_within_ten_seconds_and_loses_nothing()
    {
        await using var server = await ServerProcess.StartAsync(_folder);
        var ledger = new Ledger(server.ApiKey);
        var writing = ledger.WriteUntilGoneAsync(server.Url);
        await Task.Delay(TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken);

        var began = Stopwatch.GetTimestamp();
        server.Terminate();
        await server.WaitForExitAsync();
        var took = Stopwatch.GetElapsedTime(began);
        await writing;

        Assert.Equal(0, server.ExitCode);
        Assert.InRange(took.TotalSeconds, 0, 10);
        Assert.True(ledger.Acknowledged > 0, "The writers must get something through.");
        await using var again = await ServerProcess.StartAsync(_folder);
        await ledger.VerifyAsync(again.Url);
    }

    private static async Task ShouldBeReadyAsync(string url)
    {
        using var client = new HttpClient { BaseAddress = new Uri(url) };
        using var response = await client.GetPathAsync("/healthz/ready");
        await response.ShouldBeAsync(200);
    }
}
