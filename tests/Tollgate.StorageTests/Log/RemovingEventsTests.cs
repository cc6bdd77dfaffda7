using System.Globalization;
using System.Text;
using CsCheck;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Tollgate.Storage.Log;
using Xunit;

namespace Tollgate.StorageTests.Log;

/// <summary>Events whose content goes for good: nothing of it is left in a file, nothing else changes, and their ids stay taken.</summary>
public sealed class RemovingEventsTests : IDisposable
{
    private readonly TemporaryFolder _folder = TemporaryFolder.InMemory();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_is_removed_is_in_no_file_and_everything_else_is_as_it_was(bool compress)
    {
        var options = new LocalEventLogOptions { SegmentBytes = 4096, Compress = compress };
        List<SequencedBatch> before;
        await using (var log = await OpenAsync(options))
        {
            await FillAsync(log, 300);
            before = await log.ReadAllAsync();

            Assert.Equal(100, await log.RemoveAsync(log.DurableSequence, (_, each) => each.ExternalCustomerId == "gone", Cancellation));
            Assert.Equal(0, await log.RemoveAsync(log.DurableSequence, (_, each) => each.ExternalCustomerId == "gone", Cancellation));

            await AssertRestAsync(log, before);
            Assert.Equal(301, await log.AppendAsync(SampleBatches.Of("301"), Cancellation));
            if (compress)
            {
                // Otherwise a file may be replaced while it is looked for.
                await Eventually.IsCompressedAsync(_folder);
            }

            AssertInNoFile("secret-of-the-gone");
        }

        await using var again = await OpenAsync(options);
        Assert.Equal(301, again.DurableSequence);
        await AssertRestAsync(again, before);
        AssertInNoFile("secret-of-the-gone");
        Assert.Equal(302, await again.AppendAsync(SampleBatches.Of("302"), Cancellation));
    }

    [Fact]
    public async Task Events_beyond_the_last_one_that_is_meant_stay()
    {
        await using var log = await OpenAsync(new LocalEventLogOptions { SegmentBytes = 4096 });
        await log.AppendAsync(SampleBatches.Of("1", "2", "3", "4"), Cancellation);
        await log.AppendAsync(SampleBatches.Of("5"), Cancellation);

        Assert.Equal(2, await log.RemoveAsync(2, (_, _) => true, Cancellation));

        var batches = await log.ReadAllAsync();
        Assert.Equal(["", "", "3", "4", "5"], batches.SelectMany(batch => batch.Batch.Events).Select(each => each.EventId));
        Assert.Equal("acct_1", batches[0].Batch.Provenance.AccountId);
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => log.RemoveAsync(6, (_, _) => true, Cancellation));
    }

    [Fact]
    public async Task A_batch_of_which_nothing_is_left_does_not_say_any_more_who_sent_it()
    {
        await using var log = await OpenAsync(new LocalEventLogOptions());
        await log.AppendAsync(SampleBatches.Of("1", "2"), Cancellation);

        await log.RemoveAsync(2, (_, _) => true, Cancellation);

        var provenance = Assert.Single(await log.ReadAllAsync()).Batch.Provenance;
        Assert.Equal(new EventProvenance("tenant_1", "env_1", "", ByServiceAccount: true, null, "", ""), provenance);
        AssertInNoFile("192.0.2.7");
    }

    [Fact]
    public async Task The_id_of_a_removed_event_is_taken_also_when_the_index_is_made_anew()
    {
        await using var log = await OpenAsync(new LocalEventLogOptions());
        await log.AppendAsync(SampleBatches.Of("1", "2"), Cancellation);
        await log.RemoveAsync(1, (_, _) => true, Cancellation);

        await using var index = await EventIdIndex.OpenAsync(
            _folder.Path, log, new EventIdIndexOptions(), new FakeTimeProvider(), NullLogger.Instance, Cancellation);
        await using var intake = new EventIntake(log, index);

        var outcomes = await intake.AcceptAsync(
            SampleBatches.With(SampleBatches.Event("1"), SampleBatches.Event("2"), SampleBatches.Event("1", digest: 7)), IntakeMode.Partial, Cancellation);
        Assert.Equal([IntakeResult.Duplicate, IntakeResult.Duplicate, IntakeResult.Conflict], outcomes.Select(outcome => outcome.Result));
        Assert.Equal(2, log.DurableSequence);
    }

    [Fact]
    public async Task Readers_and_writers_go_on_while_events_are_removed()
    {
        await using var log = await OpenAsync(new LocalEventLogOptions { SegmentBytes = 4096 });
        await FillAsync(log, 600);
        using var done = new CancellationTokenSource();
        var readers = Enumerable.Range(0, 4).Select(_ => Task.Run(ReadAgainAndAgainAsync, Cancellation)).ToList();
        var writer = Task.Run(
            async () =>
            {
                for (var number = 601; number <= 900; number++)
                {
                    Assert.Equal(number, await log.AppendAsync(SampleBatches.Singles(number, 1).Single(), Cancellation));
                }
            },
            Cancellation);

        for (var customer = 0; customer < 6; customer++)
        {
            var digit = (char)('0' + customer);
            await log.RemoveAsync(600, (_, each) => each.EventId.EndsWith(digit), Cancellation);
        }

        await writer;
        await done.CancelAsync();
        await Task.WhenAll(readers);
        Assert.Equal(360, (await log.ReadAllAsync()).SelectMany(batch => batch.Batch.Events).Count(each => each.RemovedKey is not null));

        async Task ReadAgainAndAgainAsync()
        {
            while (!done.IsCancellationRequested)
            {
                Assert.True((await log.ReadAllAsync()).SelectMany(batch => batch.Batch.Events).Count() >= 600);
            }
        }
    }

    [Fact]
    public void A_kill_at_any_step_leaves_a_log_on_which_the_removal_can_be_ended()
    {
        Gen.Select(Gen.Int[1, 120], Gen.Bool).Sample(
            pair => KillAndGoOnAsync(pair.Item1, pair.Item2).GetAwaiter().GetResult(),
            iter: 80,
            threads: 1);
    }

    [Fact]
    public void Any_batch_comes_back_without_what_was_removed()
    {
        Gen.Select(SampleBatches.Any, Gen.Int[0, 31]).Sample(
            pair => RemoveSomeAsync(pair.Item1, pair.Item2).GetAwaiter().GetResult(),
            iter: 300,
            threads: 1);
    }

    /// <summary>Removes the events whose bit is set.</summary>
    private static async Task RemoveSomeAsync(EventBatch batch, int mask)
    {
        // As every event that is accepted: with a name, a customer, an id and an object. The digest says which one it is.
        var events = batch.Events.Select((each, index) => each with
        {
            EventId = "i" + each.EventId,
            EventName = "n" + each.EventName,
            ExternalCustomerId = "c" + each.ExternalCustomerId,
            Properties = "{}" + each.Properties,
            ContentDigest = (UInt128)index,
        }).ToList();
        using var folder = TemporaryFolder.InMemory();
        await using var log = await OpenAsync(new LocalEventLogOptions(), folder);
        await log.AppendAsync(batch with { Events = events }, Cancellation);

        await log.RemoveAsync(events.Count, (_, each) => IsSet(each), Cancellation);

        Assert.Equal(
            events.Select(each => IsSet(each)
                ? LoggedEvent.WithoutContent(EventIdIndex.KeyOf(batch.Provenance.EnvironmentId, each.EventId), each.ContentDigest)
                : each),
            Assert.Single(await log.ReadAllAsync()).Batch.Events);

        bool IsSet(LoggedEvent each) => (mask >> (int)each.ContentDigest & 1) == 1;
    }

    private static async Task KillAndGoOnAsync(int steps, bool compress)
    {
        using var folder = TemporaryFolder.InMemory();
        var options = new LocalEventLogOptions { SegmentBytes = 4096, Compress = compress };
        await using (var log = await OpenAsync(options, folder))
        {
            await FillAsync(log, 120);
        }

        TemporaryFolder? killed = null;
        var disk = new SteppedDisk();
        var left = steps;
        disk.Before = (_, _) => killed ??= --left == 0 ? folder.Copy() : null;
        await using (var log = await OpenAsync(options with { Disk = disk }, folder))
        {
            await log.RemoveAsync(120, (_, each) => each.ExternalCustomerId == "gone", Cancellation);
        }

        using var after = killed ?? folder.Copy();
        await using (var again = await OpenAsync(options, after))
        {
            Assert.Equal(120, again.DurableSequence);
            await again.RemoveAsync(120, (_, each) => each.ExternalCustomerId == "gone", Cancellation);
            Assert.Equal(40, (await again.ReadAllAsync()).SelectMany(batch => batch.Batch.Events).Count(each => each.RemovedKey is not null));
        }

        // Now that nothing packs segments any more.
        AssertInNoFile("secret-of-the-gone", after);
    }

    private static async Task FillAsync(LocalEventLog log, int count)
    {
        for (var number = 1; number <= count; number++)
        {
            var each = SampleBatches.Event(number.ToString(CultureInfo.InvariantCulture));
            await log.AppendAsync(
                SampleBatches.With(number % 3 == 0
                    ? each with { ExternalCustomerId = "gone", Properties = $$"""{"text":"secret-of-the-gone {{number}}"}""" }
                    : each),
                Cancellation);
        }
    }

    private static async Task AssertRestAsync(LocalEventLog log, List<SequencedBatch> before)
    {
        var after = await log.ReadAllAsync();
        foreach (var (was, now) in before.Zip(after))
        {
            Assert.Equal(was.FirstSequence, now.FirstSequence);
            var each = Assert.Single(was.Batch.Events);
            if (each.ExternalCustomerId == "gone")
            {
                var key = EventIdIndex.KeyOf(was.Batch.Provenance.EnvironmentId, each.EventId);
                Assert.Equal(LoggedEvent.WithoutContent(key, each.ContentDigest), Assert.Single(now.Batch.Events));
            }
            else
            {
                SampleBatches.AssertSame(was.Batch, now.Batch);
            }
        }
    }

    private void AssertInNoFile(string text) => AssertInNoFile(text, _folder);

    private static void AssertInNoFile(string text, TemporaryFolder folder)
    {
        foreach (var name in folder.Segments)
        {
            var content = TemporaryFolder.Read(Path.Combine(folder.Log, name));
            if (name.EndsWith(".zst", StringComparison.Ordinal))
            {
                using var plain = new MemoryStream();
                using var decompressed = new ZstdSharp.DecompressionStream(new MemoryStream(content));
                decompressed.CopyTo(plain);
                content = plain.ToArray();
            }

            Assert.False(content.AsSpan().IndexOf(Encoding.UTF8.GetBytes(text)) >= 0, $"{name} holds it.");
        }
    }

    private Task<LocalEventLog> OpenAsync(LocalEventLogOptions options) => OpenAsync(options, _folder);

    private static Task<LocalEventLog> OpenAsync(LocalEventLogOptions options, TemporaryFolder folder) =>
        LocalEventLog.OpenAsync(folder.Path, options, new FakeTimeProvider(), NullLogger.Instance, Cancellation);
}
