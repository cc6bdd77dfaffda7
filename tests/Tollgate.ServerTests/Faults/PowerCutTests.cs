using System.Diagnostics;
using System.Globalization;
using Xunit;

namespace Tollgate.ServerTests.Faults;

/// <summary>What a disk holds at the instant of a power cut is enough to keep every promise made until then.</summary>
[Collection("Alone")]
public sealed class PowerCutTests(ITestOutputHelper output)
{
    private const int Cuts = 10;
    private const string SmallSegments = "Storage:SegmentBytes=65536";

    [Fact]
    public async Task A_power_cut_at_a_random_moment_loses_nothing_that_was_acknowledged()
    {
        var scratch = Directory.CreateTempSubdirectory("tollgate-test-").FullName;
        try
        {
            var (code, said) = await RunAsync("prepare", scratch);
            if (code != 0)
            {
                output.WriteLine($"NO POWER CUT WAS TRIED: this machine can't make the disk for it (root, loop mounts, btrfs and ext4 are needed): {said}");
                return;
            }

            await CutAsync(scratch);
        }
        finally
        {
            await RunAsync("clean", scratch);
            Directory.Delete(scratch, recursive: true);
        }
    }

    private async Task CutAsync(string scratch)
    {
        var random = new Random(7);
        // Small segments, so that cuts fall into their ends too.
        await using var server = await ServerProcess.StartAsync(Path.Combine(scratch, "disk", "data"), SmallSegments);
        var ledger = new Ledger(server.ApiKey);
        var writing = ledger.WriteUntilGoneAsync(server.Url);
        for (var cut = 0; cut < Cuts; cut++)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"cut-{cut}");
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(100, 700)), TestContext.Current.CancellationToken);
            var promised = ledger.Promised();
            await ShouldRunAsync("cut", scratch, name);

            // The writers wait for the look at what was kept, so that there is less to look at.
            ledger.Pause();
            await ShouldRunAsync("mount", scratch, name);
            await using (var after = await ServerProcess.StartAsync(Path.Combine(scratch, name, "data"), SmallSegments))
            {
                await ledger.VerifyAsync(after.Url, promised);
                await after.KillAsync();
            }

            await ShouldRunAsync("unmount", scratch, name);
            ledger.GoOn();
        }

        await server.KillAsync();
        await writing;
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Cuts} power cuts, {ledger.Acknowledged} events acknowledged, 0 lost"));
        Assert.True(ledger.Acknowledged > Cuts, "The writers must get something through.");
    }

    private static async Task ShouldRunAsync(params string[] arguments)
    {
        var (code, said) = await RunAsync(arguments);
        Assert.True(code == 0, $"powercut.sh {string.Join(' ', arguments)}: {said}");
    }

    private static async Task<(int Code, string Said)> RunAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("bash") { RedirectStandardError = true, UseShellExecute = false };
        start.ArgumentList.Add(Script());
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Process.Start(start) ?? throw new InvalidOperationException("bash does not start.");
        var said = await process.StandardError.ReadToEndAsync(CancellationToken.None);
        await process.WaitForExitAsync(CancellationToken.None);
        return (process.ExitCode, said.Trim());
    }

    private static string Script()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            var script = Path.Combine(directory.FullName, "tests", "faults", "powercut.sh");
            if (File.Exists(script))
            {
                return script;
            }
        }

        throw new InvalidOperationException("tests/faults/powercut.sh is not above the test's program.");
    }
}
