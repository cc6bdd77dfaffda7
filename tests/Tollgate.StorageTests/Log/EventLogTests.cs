using System.Collections.Concurrent;
using CsCheck;
using Tollgate.Storage.Log;
using Xunit;

namespace Tollgate.StorageTests.Log;

/// <summary>What every engine of the event log must do.</summary>
public abstract class EventLogTests : IDisposable
{
    internal TemporaryFolder Folder { get; } = TemporaryFolder.OnDisk();

    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        Folder.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Opens the log of this test; after a dispose, the same one again.</summary>
    protected abstract Task<IEventLog> OpenAsync();

    [Fact]
    public async Task A_new_log_is_empty()
    {
        await using var log = await OpenAsync();

        Assert.Equal(0, log.DurableSequence);
        Assert.Empty(await log.ReadAllAsync());
    }

    [Fact]
    public async Task What_was_appended_is_read_back_as_it_was_also_after_a_restart()
    {
        await SampleBatches.Any.Array[1, 12].SampleAsync(
            async batches =>
            {
                var before = new List<SequencedBatch>();
                await using (var log = await OpenAsync())
                {
                    var start = log.DurableSequence;
                    foreach (var batch in batches)
                    {
                        before.Add(new SequencedBatch(await log.AppendAsync(batch, Cancellation), batch));
                    }

                    AssertSame(before, await log.ReadAllAsync(start));
                }

                await using (var log = await OpenAsync())
                {
                    Assert.Equal(before[^1].LastSequence, log.DurableSequence);
                    AssertSame(before, await log.ReadAllAsync(before[0].FirstSequence - 1));
                }
            },
            iter: 40,
            threads: 1);
    }

    [Fact]
    public async Task Numbers_have_no_holes_and_each_caller_gets_its_own()
    {
        await using var log = await OpenAsync();
        var mine = new ConcurrentDictionary<long, string>();
        await Parallel.ForEachAsync(Enumerable.Range(0, 400), new ParallelOptions { MaxDegreeOfParallelism = 32 }, async (number, _) =>
        {
            var first = await log.AppendAsync(SampleBatches.Of($"{number}-a", $"{number}-b"), Cancellation);
            Assert.True(log.DurableSequence >= first + 1);
            mine[first] = $"{number}-a";
            mine[first + 1] = $"{number}-b";
        });

        var ids = await log.ReadIdsAsync();

        Assert.Equal(800, ids.Count);
        Assert.All(mine, pair => Assert.Equal(pair.Value, ids[(int)pair.Key - 1]));
    }

    [Fact]
    public async Task Reading_begins_with_the_batch_that_holds_the_next_event()
    {
        await using var log = await OpenAsync();
        await log.AppendAsync(SampleBatches.Of("1", "2", "3"), Cancellation);
        await log.AppendAsync(SampleBatches.Of("4", "5"), Cancellation);

        Assert.Equal([1, 4], (await log.ReadAllAsync(0)).Select(batch => batch.FirstSequence));
        Assert.Equal([1, 4], (await log.ReadAllAsync(2)).Select(batch => batch.FirstSequence));
        Assert.Equal([4], (await log.ReadAllAsync(3)).Select(batch => batch.FirstSequence));
        Assert.Equal([4], (await log.ReadAllAsync(4)).Select(batch => batch.FirstSequence));
        Assert.Empty(await log.ReadAllAsync(5));
        Assert.Empty(await log.ReadAllAsync(500));
    }

    [Fact]
    public async Task Reading_goes_on_to_what_becomes_durable_meanwhile()
    {
        await using var log = await OpenAsync();
        await log.AppendAsync(SampleBatches.Of("1"), Cancellation);

        var seen = new List<long>();
        await foreach (var batch in log.ReadAsync(0, Cancellation))
        {
            seen.Add(batch.FirstSequence);
            if (seen.Count < 20)
            {
                await log.AppendAsync(SampleBatches.Of($"{seen.Count}"), Cancellation);
            }
        }

        Assert.Equal(Enumerable.Range(1, 20).Select(number => (long)number), seen);
    }

    [Fact]
    public async Task Readers_beside_writers_see_every_event_once_and_in_order()
    {
        await using var log = await OpenAsync();
        const int Total = 600;
        var writing = Parallel.ForEachAsync(
            SampleBatches.Singles(1, Total),
            new ParallelOptions { MaxDegreeOfParallelism = 8 },
            async (batch, _) => await log.AppendAsync(batch, Cancellation));
        var readers = Enumerable.Range(0, 3).Select(async _ =>
        {
            long last = 0;
            while (last < Total)
            {
                await log.WaitBeyondAsync(last, Cancellation);
                await foreach (var batch in log.ReadAsync(last, Cancellation))
                {
                    Assert.Equal(last + 1, batch.FirstSequence);
                    last = batch.LastSequence;
                }
            }
        });

        await Task.WhenAll([writing, .. readers]);
    }

    [Fact]
    public async Task Waiting_ends_when_the_log_grows_beyond_the_number()
    {
        await using var log = await OpenAsync();
        await log.AppendAsync(SampleBatches.Of("1"), Cancellation);

        await log.WaitBeyondAsync(0, Cancellation);
        var waiting = log.WaitBeyondAsync(2, Cancellation);
        await log.AppendAsync(SampleBatches.Of("2"), Cancellation);
        Assert.False(waiting.IsCompleted);
        await log.AppendAsync(SampleBatches.Of("3"), Cancellation);

        await waiting;
    }

    [Fact]
    public async Task Waiting_can_be_given_up()
    {
        await using var log = await OpenAsync();
        using var givingUp = new CancellationTokenSource();
        var waiting = log.WaitBeyondAsync(0, givingUp.Token);

        await givingUp.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }

    [Fact]
    public async Task Closing_makes_durable_what_was_queued()
    {
        var log = await OpenAsync();
        var appends = SampleBatches.Singles(1, 50).Select(batch => log.AppendAsync(batch, Cancellation).AsTask()).ToList();

        await log.DisposeAsync();

        await Task.WhenAll(appends);
        await Assert.ThrowsAsync<ObjectDisposedException>(
            async () => await log.AppendAsync(SampleBatches.Of("late"), Cancellation));
        await using var again = await OpenAsync();
        Assert.Equal(50, (await again.ReadIdsAsync()).Count);
    }

    [Fact]
    public async Task Those_who_wait_hear_that_the_log_was_closed()
    {
        var log = await OpenAsync();
        var waiting = log.WaitBeyondAsync(0, Cancellation);

        await log.DisposeAsync();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => waiting);
    }

    [Fact]
    public async Task A_batch_that_would_not_come_back_unchanged_is_refused()
    {
        await using var log = await OpenAsync();
        var good = SampleBatches.Event("good");
        EventBatch[] bad =
        [
            SampleBatches.With(),
            SampleBatches.With(good with { Properties = "half a pair: \ud83d" }),
            SampleBatches.With(good with { Timestamp = good.Timestamp.AddTicks(1) }),
            SampleBatches.With(good with { Timestamp = good.Timestamp.ToOffset(TimeSpan.FromHours(1)) }),
            SampleBatches.With(good) with { IngestedAt = good.Timestamp.AddTicks(9) },
            SampleBatches.With(good with { Properties = new string('x', 40_000_000) }),
        ];
        foreach (var batch in bad)
        {
            await Assert.ThrowsAnyAsync<ArgumentException>(async () => await log.AppendAsync(batch, Cancellation));
        }

        Assert.Equal(1, await log.AppendAsync(SampleBatches.With(good), Cancellation));
    }

    [Fact]
    public async Task A_call_that_is_cancelled_before_it_begins_stores_nothing()
    {
        await using var log = await OpenAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await log.AppendAsync(SampleBatches.Of("1"), new CancellationToken(canceled: true)));

        Assert.Equal(0, log.DurableSequence);
    }

    private static void AssertSame(List<SequencedBatch> expected, List<SequencedBatch> actual)
    {
        Assert.Equal(expected.Select(batch => batch.FirstSequence), actual.Select(batch => batch.FirstSequence));
        for (var i = 0; i < expected.Count; i++)
        {
            SampleBatches.AssertSame(expected[i].Batch, actual[i].Batch);
        }
    }
}
