using System.Diagnostics;
using CsCheck;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Tollgate.Storage.Log;
using Xunit;

namespace Tollgate.StorageTests.Log;

/// <summary>The disk says no: the callers hear it, nothing of theirs comes back, and it goes on when the disk does.</summary>
public sealed class FailingDiskTests : IDisposable
{
    private readonly TemporaryFolder _folder = TemporaryFolder.InMemory();
    private readonly SteppedDisk _disk = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task After_a_failed_flush_the_segment_is_never_written_again()
    {
        var calls = new List<(DiskStep Step, string File)>();
        var fail = false;
        _disk.Before = (step, path) =>
        {
            var file = Path.GetFileName(path);
            calls.Add((step, file));
            if (fail && step == DiskStep.Flush && file == "00000000000000000001.log")
            {
                throw new IOException("Input/output error");
            }
        };
        await using var log = await OpenAsync();
        await log.AppendAsync(SampleBatches.Of("1"), Cancellation);
        fail = true;
        await Assert.ThrowsAsync<LogUnavailableException>(async () => await log.AppendAsync(SampleBatches.Of("lost"), Cancellation));
        calls.Clear();

        Assert.Equal(2, await log.AppendAsync(SampleBatches.Of("2"), Cancellation));

        Assert.DoesNotContain(calls, call => call.File == "00000000000000000001.log");
        Assert.Contains((DiskStep.Flush, "00000000000000000002.log"), calls);
        Assert.Equal(["1", "2"], await log.ReadIdsAsync());
    }

    [Theory]
    [InlineData(DiskStep.Write, ".log", 1024)]
    [InlineData(DiskStep.Write, ".log", 1)]
    [InlineData(DiskStep.Flush, ".log", 1024)]
    [InlineData(DiskStep.Flush, ".log", 1)]
    [InlineData(DiskStep.Create, ".log.tmp", 1)]
    [InlineData(DiskStep.Write, ".log.tmp", 1)]
    [InlineData(DiskStep.Flush, ".log.tmp", 1)]
    [InlineData(DiskStep.Rename, ".log", 1)]
    [InlineData(DiskStep.FlushFolder, "log", 1)]
    public async Task Whatever_step_fails_the_callers_hear_it_and_their_events_never_come_back(
        DiskStep failing, string ending, long segmentBytes)
    {
        var fail = false;
        _disk.Before = (step, path) =>
        {
            if (fail && step == failing && path.EndsWith(ending, StringComparison.Ordinal))
            {
                throw new IOException("No space left on device", 28);
            }
        };
        var expected = new List<string>();
        await using (var log = await OpenAsync(_folder, _disk, segmentBytes: segmentBytes))
        {
            for (var round = 0; round < 12; round++)
            {
                fail = round % 3 == 2;
                var append = log.AppendAsync(SampleBatches.Of($"{round}", $"{round}+"), Cancellation).AsTask();
                try
                {
                    await append;
                    expected.AddRange([$"{round}", $"{round}+"]);
                }
                catch (LogUnavailableException exception)
                {
                    Assert.True(fail);
                    Assert.Equal(28, exception.InnerException?.HResult);
                }

                await AssertAKillNowLeavesAsync(expected);
                Assert.Equal(expected, await log.ReadIdsAsync());
            }
        }

        Assert.Equal(16, expected.Count);
        await AssertHoldsAsync(_folder, expected);
    }

    [Fact]
    public async Task All_callers_of_a_failed_group_hear_it_and_the_next_group_succeeds()
    {
        var flushes = 0;
        using var stuck = new ManualResetEventSlim();
        _disk.Before = (step, path) =>
        {
            if (step == DiskStep.Flush && path.EndsWith(".log", StringComparison.Ordinal) && flushes++ < 2)
            {
                stuck.Wait(Cancellation);
                throw new IOException("Input/output error");
            }
        };
        await using var log = await OpenAsync();
        var first = log.AppendAsync(SampleBatches.Of("first"), Cancellation).AsTask();
        await Eventually.IsTrueAsync(() => Volatile.Read(ref flushes) == 1);

        var group = SampleBatches.Singles(1, 20).Select(batch => log.AppendAsync(batch, Cancellation).AsTask()).ToList();
        stuck.Set();

        await Assert.ThrowsAsync<LogUnavailableException>(() => first);
        foreach (var append in group)
        {
            await Assert.ThrowsAsync<LogUnavailableException>(() => append);
        }

        Assert.Equal(1, await log.AppendAsync(SampleBatches.Of("next"), Cancellation));
        Assert.Equal(["next"], await log.ReadIdsAsync());
    }

    [Fact]
    public async Task A_mark_that_can_not_be_written_is_made_anew()
    {
        var fail = false;
        _disk.Before = (step, path) =>
        {
            if (fail && step == DiskStep.Write && path.EndsWith("mark", StringComparison.Ordinal))
            {
                fail = false;
                throw new IOException("Input/output error");
            }
        };
        await using (var log = await OpenAsync())
        {
            await log.AppendAsync(SampleBatches.Of("1"), Cancellation);
            fail = true;
            Assert.Equal(2, await log.AppendAsync(SampleBatches.Of("2"), Cancellation));
            Assert.False(fail);
            Assert.Equal(3, await log.AppendAsync(SampleBatches.Of("3"), Cancellation));
            await AssertAKillNowLeavesAsync(["1", "2", "3"]);
        }

        await AssertHoldsAsync(_folder, ["1", "2", "3"]);
    }

    [Fact]
    public async Task Without_any_mark_nothing_is_acknowledged_and_nothing_comes_back()
    {
        await using (var log = await OpenAsync())
        {
            await log.AppendAsync(SampleBatches.Of("1"), Cancellation);
            _disk.Before = (_, path) =>
            {
                if (path.Contains("mark", StringComparison.Ordinal))
                {
                    throw new IOException("Input/output error");
                }
            };
            await Assert.ThrowsAsync<LogUnavailableException>(async () => await log.AppendAsync(SampleBatches.Of("lost"), Cancellation));
            await Assert.ThrowsAsync<LogUnavailableException>(async () => await log.AppendAsync(SampleBatches.Of("lost"), Cancellation));
            _disk.Before = null;
            Assert.Equal(2, await log.AppendAsync(SampleBatches.Of("2"), Cancellation));
        }

        await AssertHoldsAsync(_folder, ["1", "2"]);
    }

    [Theory]
    [InlineData("")]
    [InlineData("mark")]
    public async Task A_failed_group_does_not_come_back_although_it_can_not_be_cut_off(string alsoFailing)
    {
        var fail = false;
        _disk.Before = (step, path) =>
        {
            if (fail && (step == DiskStep.Truncate
                || (step == DiskStep.Flush && path.EndsWith("001.log", StringComparison.Ordinal))
                || (step == DiskStep.Write && alsoFailing.Length > 0 && path.Contains(alsoFailing, StringComparison.Ordinal))))
            {
                throw new IOException("Input/output error");
            }
        };
        await using var log = await OpenAsync();
        await log.AppendAsync(SampleBatches.Of("1"), Cancellation);
        fail = true;
        await Assert.ThrowsAsync<LogUnavailableException>(async () => await log.AppendAsync(SampleBatches.Of("lost"), Cancellation));
        Assert.Contains("lost", System.Text.Encoding.UTF8.GetString(TemporaryFolder.Read(Path.Combine(_folder.Log, _folder.Segments[0]))), StringComparison.Ordinal);

        if (alsoFailing.Length == 0)
        {
            // The mark says where the segment ends.
            await AssertAKillNowLeavesAsync(["1"]);
        }

        // And so does the next segment, whatever the mark says.
        fail = false;
        Assert.Equal(2, await log.AppendAsync(SampleBatches.Of("2"), Cancellation));
        File.Delete(Path.Combine(_folder.Log, "mark"));
        await AssertAKillNowLeavesAsync(["1", "2"]);
    }

    [Fact]
    public async Task With_any_pattern_of_failures_the_log_holds_exactly_what_was_acknowledged()
    {
        await Gen.Select(Gen.ULong, Gen.Int[2, 15], Gen.Bool).SampleAsync(
            async (seed, oneIn, compress) =>
            {
                using var folder = TemporaryFolder.InMemory();
                var chance = new Coin(seed);
                var disk = new SteppedDisk();
                var expected = new List<string>();
                await using (var log = await OpenAsync(folder, disk, compress))
                {
                    // Cutting the segment is the last resort when neither mark nor next header can be written: it works.
                    disk.Before = (step, _) =>
                    {
                        if (step != DiskStep.Truncate && chance.Next(oneIn) == 0)
                        {
                            throw new IOException("Input/output error");
                        }
                    };
                    for (var number = 0; number < 40; number++)
                    {
                        try
                        {
                            await log.AppendAsync(SampleBatches.Of($"{number}"), Cancellation);
                            expected.Add($"{number}");
                        }
                        catch (LogUnavailableException)
                        {
                            Assert.Equal(expected.Count, log.DurableSequence);
                        }
                    }

                    disk.Before = null;
                    Assert.Equal(expected, await log.ReadIdsAsync());
                    using var killed = disk.Copy(folder);
                    await AssertHoldsAsync(killed, expected);
                }

                await AssertHoldsAsync(folder, expected);
            },
            iter: 100,
            threads: 1);
    }

    [Fact]
    public async Task A_full_disk_refuses_events_and_takes_them_again_when_there_is_room()
    {
        // A real file system that is really full. Needs what a plain Debian gives root, and no less where it must not be skipped.
        using var disk = TemporaryFileSystem.TryMount("1m");
        Assert.SkipWhen(disk is null && Environment.GetEnvironmentVariable("CI") != "true", "Mounting a tmpfs needs root.");
        Assert.NotNull(disk);
        var expected = new List<string>();
        var options = new LocalEventLogOptions { SegmentBytes = 200_000 };
        await using (var log = await LocalEventLog.OpenAsync(
            disk.Path, options with { Compress = false }, TimeProvider.System, NullLogger.Instance, Cancellation))
        {
            var refusals = 0;
            for (var number = 0; refusals < 30; number++)
            {
                // Some too large for what is left, some that may still fit.
                var size = number % 4 == 0 ? 60_000 : 3_000;
                var batch = SampleBatches.With(SampleBatches.Event($"{number}") with { Properties = new string('x', size) });
                try
                {
                    await log.AppendAsync(batch, Cancellation);
                    expected.Add($"{number}");
                }
                catch (LogUnavailableException exception)
                {
                    Assert.Equal(28, exception.InnerException?.HResult); // ENOSPC.
                    refusals++;
                }
            }

            Assert.Equal(expected, await log.ReadIdsAsync());
            disk.Resize("8m");
            Assert.Equal(expected.Count + 1, await log.AppendAsync(SampleBatches.Of("room"), Cancellation));
            expected.Add("room");
            Assert.Equal(expected, await log.ReadIdsAsync());
        }

        await using var again = await LocalEventLog.OpenAsync(disk.Path, options, TimeProvider.System, NullLogger.Instance, Cancellation);
        Assert.Equal(expected, await again.ReadIdsAsync());
    }

    [Fact]
    public async Task A_log_opens_and_reads_on_a_full_disk()
    {
        using var disk = TemporaryFileSystem.TryMount("1m");
        Assert.SkipWhen(disk is null && Environment.GetEnvironmentVariable("CI") != "true", "Mounting a tmpfs needs root.");
        Assert.NotNull(disk);
        var options = new LocalEventLogOptions();
        await using (var log = await LocalEventLog.OpenAsync(disk.Path, options, TimeProvider.System, NullLogger.Instance, Cancellation))
        {
            await log.AppendAsync(SampleBatches.Of("1"), Cancellation);
        }

        disk.Fill();

        await using (var log = await LocalEventLog.OpenAsync(disk.Path, options, TimeProvider.System, NullLogger.Instance, Cancellation))
        {
            Assert.Equal(["1"], await log.ReadIdsAsync());
            var large = SampleBatches.With(SampleBatches.Event("2") with { Properties = new string('x', 10_000) });
            await Assert.ThrowsAsync<LogUnavailableException>(async () => await log.AppendAsync(large, Cancellation));
        }
    }

    private async Task AssertAKillNowLeavesAsync(List<string> expected)
    {
        using var killed = _disk.Copy(_folder);
        await AssertHoldsAsync(killed, expected);
    }

    private static async Task AssertHoldsAsync(TemporaryFolder folder, List<string> expected)
    {
        await using var log = await OpenAsync(folder, new SteppedDisk());
        Assert.Equal(expected, await log.ReadIdsAsync());
    }

    private static Task<LocalEventLog> OpenAsync(TemporaryFolder folder, LogDisk disk, bool compress = false, long segmentBytes = 1024) =>
        LocalEventLog.OpenAsync(
            folder.Path,
            new LocalEventLogOptions { SegmentBytes = segmentBytes, Compress = compress, Disk = disk },
            new FakeTimeProvider(),
            NullLogger.Instance,
            Cancellation);

    private Task<LocalEventLog> OpenAsync() => OpenAsync(_folder, _disk);

    /// <summary>A small file system in memory, mounted for one test.</summary>
    private sealed class TemporaryFileSystem : IDisposable
    {
        private readonly TemporaryFolder _folder = TemporaryFolder.OnDisk();

        public string Path => _folder.Path;

        public static TemporaryFileSystem? TryMount(string size)
        {
            var mounted = new TemporaryFileSystem();
            if (Run("mount", "-t", "tmpfs", "-o", $"size={size}", "tmpfs", mounted.Path))
            {
                return mounted;
            }

            mounted._folder.Dispose();
            return null;
        }

        public void Resize(string size) => Assert.True(Run("mount", "-o", $"remount,size={size}", Path));

        public void Fill()
        {
            using var file = new FileStream(System.IO.Path.Combine(Path, "ballast"), FileMode.Create, FileAccess.Write, FileShare.None, 0);
            try
            {
                while (true)
                {
                    file.Write(new byte[4096]);
                }
            }
            catch (IOException)
            {
                // Full.
            }
        }

        public void Dispose()
        {
            Assert.True(Run("umount", Path));
            _folder.Dispose();
        }

        private static bool Run(string command, params string[] arguments)
        {
            try
            {
                using var process = Process.Start(new ProcessStartInfo(command, arguments) { RedirectStandardError = true });
                process?.WaitForExit();
                return process?.ExitCode == 0;
            }
            catch (System.ComponentModel.Win32Exception)
            {
                return false;
            }
        }
    }
}
