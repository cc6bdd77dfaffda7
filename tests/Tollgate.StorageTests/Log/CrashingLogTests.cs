using CsCheck;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Tollgate.Storage.Log;
using Xunit;

namespace Tollgate.StorageTests.Log;

/// <summary>The process or the power ends at any moment: what was acknowledged is there, and nothing that was not sent.</summary>
public sealed class CrashingLogTests
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_kill_between_any_two_steps_loses_nothing_acknowledged()
    {
        using var folder = TemporaryFolder.InMemory();
        var disk = new SteppedDisk();
        var moments = new List<(int Acknowledged, int Sent, TemporaryFolder Copy)>();
        var (acknowledged, sent) = (0, 0);
        disk.Before = (_, _) => moments.Add((Volatile.Read(ref acknowledged), Volatile.Read(ref sent), folder.Copy()));
        try
        {
            await using (var log = await OpenAsync(folder, disk, new FakeTimeProvider()))
            {
                foreach (var batch in SampleBatches.Singles(1, 60))
                {
                    Volatile.Write(ref sent, sent + 1);
                    await log.AppendAsync(batch, Cancellation);
                    Volatile.Write(ref acknowledged, sent);
                }
            }

            Assert.True(moments.Count > 200);
            foreach (var moment in moments)
            {
                await AssertHoldsAsync(moment.Copy, moment.Acknowledged, moment.Sent);
            }
        }
        finally
        {
            moments.ForEach(moment => moment.Copy.Dispose());
        }
    }

    [Fact]
    public async Task A_power_cut_at_any_step_loses_nothing_acknowledged()
    {
        await Gen.Select(Gen.ULong, Gen.Int[5, 120]).Array[1, 6].SampleAsync(
            async cuts =>
            {
                var folder = TemporaryFolder.InMemory();
                try
                {
                    var acknowledged = 0;
                    foreach (var (seed, step) in cuts)
                    {
                        var after = TemporaryFolder.InMemory();
                        (acknowledged, var sent) = await RunUntilCutAsync(folder, after, acknowledged, step, new Coin(seed));
                        folder.Dispose();
                        folder = after;
                        acknowledged = await AssertHoldsAsync(after, acknowledged, sent);
                    }
                }
                finally
                {
                    folder.Dispose();
                }
            },
            iter: 60,
            threads: 1);
    }

    /// <summary>
    /// Goes on with the log, with a flush that fails now and then, and takes the disk as it is after so many steps.
    /// </summary>
    private static async Task<(int Acknowledged, int Sent)> RunUntilCutAsync(
        TemporaryFolder folder, TemporaryFolder after, int stored, int cutAt, Coin chance)
    {
        Directory.CreateDirectory(folder.Log);
        var time = new FakeTimeProvider();
        var disk = new PowerCutDisk(folder.Path);
        var (acknowledged, atCut, sentAtCut) = (stored, -1, stored);
        var steps = 0;
        var sent = stored;
        disk.Before = (step, path) =>
        {
            if (++steps == cutAt)
            {
                disk.Cut(folder.Path, after.Path, chance);
                (atCut, sentAtCut) = (Volatile.Read(ref acknowledged), Volatile.Read(ref sent));
            }

            if (step == DiskStep.Flush && path.EndsWith(".log", StringComparison.Ordinal) && chance.Next(12) == 0)
            {
                throw new IOException("Input/output error");
            }
        };
        await using (var log = await OpenOrRetryAsync(folder, disk, time))
        {
            while (atCut < 0)
            {
                // One caller, one number after the other: a failed one is sent again under the same id.
                Volatile.Write(ref sent, acknowledged + 1);
                try
                {
                    Assert.Equal(sent, await log.AppendAsync(SampleBatches.Singles(sent, 1).Single(), Cancellation));
                    Volatile.Write(ref acknowledged, sent);
                }
                catch (LogUnavailableException)
                {
                    Assert.Equal(acknowledged, log.DurableSequence);
                }

                if (chance.Next(5) == 0)
                {
                    time.Advance(TimeSpan.FromSeconds(1));
                }
            }
        }

        return (atCut, sentAtCut);
    }

    private static async Task<int> AssertHoldsAsync(TemporaryFolder folder, int acknowledged, int sent)
    {
        await using var log = await OpenAsync(folder, new SteppedDisk(), new FakeTimeProvider());
        var ids = await log.ReadIdsAsync();
        Assert.InRange(ids.Count, acknowledged, sent);
        Assert.Equal(Enumerable.Range(1, ids.Count).Select(number => $"{number}"), ids);
        Assert.Equal(ids.Count + 1, await log.AppendAsync(SampleBatches.Of($"{ids.Count + 1}"), Cancellation));
        return ids.Count + 1;
    }

    // A start whose flush fails is tried again, as whoever supervises the process would.
    private static async Task<LocalEventLog> OpenOrRetryAsync(TemporaryFolder folder, LogDisk disk, TimeProvider time)
    {
        while (true)
        {
            try
            {
                return await OpenAsync(folder, disk, time);
            }
            catch (IOException exception) when (exception is not LogDamagedException)
            {
                continue;
            }
        }
    }

    private static Task<LocalEventLog> OpenAsync(TemporaryFolder folder, LogDisk disk, TimeProvider time) => LocalEventLog.OpenAsync(
        folder.Path, new LocalEventLogOptions { SegmentBytes = 2048, Disk = disk }, time, NullLogger.Instance, Cancellation);
}
