using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Tollgate.Storage.Log;
using Xunit;

namespace Tollgate.StorageTests.Log;

public sealed class LocalEventLogTests : EventLogTests
{
    // So small that every test crosses segments and meets compressed ones.
    private LocalEventLogOptions Options { get; set; } = new() { SegmentBytes = 4096 };

    protected override async Task<IEventLog> OpenAsync() => await LocalEventLog.OpenAsync(
        Folder.Path, Options, new FakeTimeProvider(), NullLogger.Instance, Cancellation);

    [Fact]
    public async Task Sealed_segments_become_zstd_files_that_any_tool_turns_back_into_the_segment()
    {
        Options = Options with { Compress = false };
        await using (var log = await OpenAsync())
        {
            await AppendAsync(log, SampleBatches.Singles(1, 200));
        }

        var plain = Folder.Segments.ToDictionary(name => name, name => File.ReadAllBytes(Path.Combine(Folder.Log, name)));
        Options = Options with { Compress = true };
        await using (var log = await OpenAsync())
        {
            await Eventually.IsCompressedAsync(Folder);
            Assert.Equal(200, (await log.ReadIdsAsync()).Count);
        }

        Assert.True(plain.Count > 5);
        Assert.Equal([.. plain.Keys.SkipLast(1).Select(name => name + ".zst"), plain.Keys.Last()], Folder.Segments);
        foreach (var (name, content) in plain.SkipLast(1))
        {
            await using var compressed = File.OpenRead(Path.Combine(Folder.Log, name + ".zst"));
            Assert.True(compressed.Length < content.Length / 2);
            await using var decompressed = new ZstdSharp.DecompressionStream(compressed);
            using var actual = new MemoryStream();
            await decompressed.CopyToAsync(actual, Cancellation);
            Assert.Equal(content, actual.ToArray());
        }
    }

    [Fact]
    public async Task A_read_from_the_middle_works_in_every_kind_of_segment()
    {
        Options = Options with { SegmentBytes = 3_000_000 };
        await using var log = await OpenAsync();
        var large = SampleBatches.With([.. Enumerable.Range(0, 100).Select(number =>
            SampleBatches.Event($"{number}") with { Properties = new string('x', 4000) })]);
        await AppendAsync(log, Enumerable.Repeat(large, 30));
        await Eventually.IsCompressedAsync(Folder);

        for (var after = 0; after < 3000; after += 73)
        {
            await foreach (var batch in log.ReadAsync(after, Cancellation))
            {
                Assert.Equal((after / 100 * 100) + 1, batch.FirstSequence);
                break;
            }
        }
    }

    [Fact]
    public async Task A_reader_goes_on_while_its_segment_is_swapped_for_the_compressed_one()
    {
        Options = Options with { Compress = false };
        await using (var log = await OpenAsync())
        {
            await AppendAsync(log, SampleBatches.Singles(1, 400));
        }

        Options = Options with { Compress = true };
        await using var again = await OpenAsync();
        var readers = Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            for (var round = 0; round < 5; round++)
            {
                Assert.Equal(400, (await again.ReadIdsAsync()).Count);
            }
        }));

        await Task.WhenAll(readers);
        await Eventually.IsCompressedAsync(Folder);
        Assert.Equal(400, (await again.ReadIdsAsync()).Count);
    }

    [Fact]
    public async Task Files_are_for_the_owner_alone()
    {
        await using (var log = await OpenAsync())
        {
            await AppendAsync(log, SampleBatches.Singles(1, 100));
            await Eventually.IsCompressedAsync(Folder);
        }

        if (OperatingSystem.IsWindows())
        {
            return;
        }

        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(Folder.Log));
        foreach (var file in Directory.GetFiles(Folder.Log))
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        }
    }

    [Fact]
    public async Task A_second_log_on_the_same_folder_is_refused()
    {
        await using var log = await OpenAsync();

        await Assert.ThrowsAnyAsync<IOException>(OpenAsync);

        Assert.Equal(1, await log.AppendAsync(SampleBatches.Of("1"), Cancellation));
    }

    [Fact]
    public async Task Beyond_the_queue_a_call_fails_at_once_and_later_ones_succeed()
    {
        using var stuck = new ManualResetEventSlim();
        var disk = new SteppedDisk
        {
            Before = (step, path) =>
            {
                if (step == DiskStep.Flush && path.EndsWith(".log", StringComparison.Ordinal))
                {
                    stuck.Wait(Cancellation);
                }
            },
        };
        Options = new LocalEventLogOptions { MaxQueueBytes = 5000, Disk = disk };
        await using var log = await OpenAsync();
        var accepted = new List<Task<long>>();
        var refused = 0;
        foreach (var batch in SampleBatches.Singles(1, 100))
        {
            var append = log.AppendAsync(batch, Cancellation).AsTask();
            if (append.IsFaulted)
            {
                await Assert.ThrowsAsync<LogUnavailableException>(() => append);
                refused++;
            }
            else
            {
                accepted.Add(append);
            }
        }

        stuck.Set();
        await Task.WhenAll(accepted);

        Assert.InRange(refused, 50, 99);
        Assert.Equal(accepted.Count, log.DurableSequence);
        await log.AppendAsync(SampleBatches.Of("later"), Cancellation);
    }

    [Fact]
    public async Task Callers_of_one_group_share_one_flush()
    {
        var flushes = 0;
        using var stuck = new ManualResetEventSlim();
        Options = new LocalEventLogOptions
        {
            Disk = new SteppedDisk
            {
                Before = (step, path) =>
                {
                    if (step == DiskStep.Flush && path.EndsWith(".log", StringComparison.Ordinal))
                    {
                        flushes++;
                        stuck.Wait(Cancellation);
                    }
                },
            },
        };
        await using var log = await OpenAsync();
        var first = log.AppendAsync(SampleBatches.Of("first"), Cancellation).AsTask();
        await Eventually.IsTrueAsync(() => Volatile.Read(ref flushes) == 1);

        var others = SampleBatches.Singles(1, 500).Select(batch => log.AppendAsync(batch, Cancellation).AsTask()).ToList();
        stuck.Set();
        await Task.WhenAll([first, .. others]);

        Assert.Equal(2, flushes);
    }

    [Fact]
    public async Task The_mark_is_flushed_once_a_second_and_when_the_log_closes()
    {
        var flushes = 0;
        Options = new LocalEventLogOptions
        {
            Disk = new SteppedDisk
            {
                Before = (step, path) => flushes += step == DiskStep.Flush && path.EndsWith("mark", StringComparison.Ordinal) ? 1 : 0,
            },
        };
        var time = new FakeTimeProvider();
        var log = await LocalEventLog.OpenAsync(Folder.Path, Options, time, NullLogger.Instance, Cancellation);
        await AppendAsync(log, SampleBatches.Singles(1, 10));
        Assert.Equal(0, flushes);

        time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(1, flushes);
        time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(1, flushes);

        await AppendAsync(log, SampleBatches.Singles(11, 1));
        await log.DisposeAsync();
        Assert.Equal(2, flushes);
    }

    private static async Task AppendAsync(IEventLog log, IEnumerable<EventBatch> batches)
    {
        foreach (var batch in batches)
        {
            await log.AppendAsync(batch, Cancellation);
        }
    }
}
