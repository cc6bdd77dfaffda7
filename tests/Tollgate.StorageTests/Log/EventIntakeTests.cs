using System.Collections.Concurrent;
using CsCheck;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Tollgate.Storage.Log;
using Xunit;

namespace Tollgate.StorageTests.Log;

/// <summary>Each id is stored once, whoever sends it when, and everybody is told the truth about it.</summary>
public sealed class EventIntakeTests : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = TemporaryFolder.InMemory();
    private readonly SteppedDisk _disk = new();
    private LocalEventLog? _openLog;
    private EventIdIndex? _openIndex;
    private EventIntake? _openIntake;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private LocalEventLog Log => _openLog ?? throw new InvalidOperationException("Nothing is open.");

    private EventIntake Intake => _openIntake ?? throw new InvalidOperationException("Nothing is open.");

    public ValueTask InitializeAsync() => OpenAsync();

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_new_event_is_accepted_and_its_repetition_is_a_duplicate_also_after_a_restart()
    {
        Assert.Equal([Accepted(1), Accepted(2)], await AcceptAsync(SampleBatches.Of("a", "b")));
        Assert.Equal([Duplicate(2), Accepted(3), Duplicate(1)], await AcceptAsync(SampleBatches.Of("b", "c", "a")));

        await CloseAsync();
        await OpenAsync();

        Assert.Equal([Duplicate(1), Duplicate(2), Duplicate(3)], await AcceptAsync(SampleBatches.Of("a", "b", "c")));
        Assert.Equal(["a", "b", "c"], await Log.ReadIdsAsync());
    }

    [Fact]
    public async Task A_different_event_under_a_known_id_conflicts_and_the_first_one_stays()
    {
        await AcceptAsync(SampleBatches.With(SampleBatches.Event("a", digest: 1)));

        Assert.Equal([Conflict(1)], await AcceptAsync(SampleBatches.With(SampleBatches.Event("a", digest: 2))));

        Assert.Equal([Duplicate(1)], await AcceptAsync(SampleBatches.With(SampleBatches.Event("a", digest: 1))));
        Assert.Equal(["a"], await Log.ReadIdsAsync());
    }

    [Fact]
    public async Task The_same_id_in_another_environment_is_another_event()
    {
        await AcceptAsync(SampleBatches.Of("a"));
        var batch = SampleBatches.Of("a");

        Assert.Equal([Accepted(2)], await AcceptAsync(batch with { Provenance = batch.Provenance with { EnvironmentId = "env_2" } }));
    }

    [Fact]
    public async Task Repetitions_inside_a_batch_are_told_apart()
    {
        var batch = SampleBatches.With(
            SampleBatches.Event("a", digest: 1),
            SampleBatches.Event("b", digest: 1),
            SampleBatches.Event("a", digest: 1),
            SampleBatches.Event("a", digest: 2));

        Assert.Equal([Accepted(1), Accepted(2), Duplicate(1), Conflict(1)], await AcceptAsync(batch, IntakeMode.Partial));

        Assert.Equal([Duplicate(1), Duplicate(2), Duplicate(1), Conflict(1)], await AcceptAsync(batch, IntakeMode.Partial));
        Assert.Equal(["a", "b"], await Log.ReadIdsAsync());
    }

    [Fact]
    public async Task A_conflict_withholds_the_whole_batch_or_only_itself()
    {
        await AcceptAsync(SampleBatches.With(SampleBatches.Event("old", digest: 1)));
        var batch = SampleBatches.With(
            SampleBatches.Event("new"),
            SampleBatches.Event("old", digest: 2),
            SampleBatches.Event("new"),
            SampleBatches.Event("old", digest: 1));

        Assert.Equal([Withheld, Conflict(1), Withheld, Duplicate(1)], await AcceptAsync(batch));
        Assert.Equal(["old"], await Log.ReadIdsAsync());

        Assert.Equal([Accepted(2), Conflict(1), Duplicate(2), Duplicate(1)], await AcceptAsync(batch, IntakeMode.Partial));
        Assert.Equal(["old", "new"], await Log.ReadIdsAsync());
    }

    [Fact]
    public async Task A_conflict_between_two_new_events_of_a_batch_withholds_both()
    {
        var batch = SampleBatches.With(SampleBatches.Event("a", digest: 1), SampleBatches.Event("a", digest: 2));

        Assert.Equal([Withheld, Conflict(0)], await AcceptAsync(batch));

        Assert.Equal(0, Log.DurableSequence);
    }

    [Fact]
    public async Task Of_many_who_send_one_id_at_once_one_is_accepted()
    {
        for (var round = 0; round < 20; round++)
        {
            var batch = SampleBatches.Of($"{round}");
            var outcomes = await Task.WhenAll(Enumerable.Range(0, 64).Select(_ => Task.Run(() => AcceptAsync(batch))));

            Assert.Equal([Accepted(round + 1), .. Enumerable.Repeat(Duplicate(round + 1), 63)], outcomes.Select(outcome => outcome[0]).Order(ByResult));
        }

        Assert.Equal(20, Log.DurableSequence);
    }

    [Fact]
    public async Task A_duplicate_is_answered_only_when_the_first_copy_is_durable()
    {
        using var stuck = new ManualResetEventSlim();
        Hold(stuck);
        var first = AcceptAsync(SampleBatches.Of("a"));
        var second = AcceptAsync(SampleBatches.Of("a", "b"));
        var conflicting = AcceptAsync(SampleBatches.With(SampleBatches.Event("a", digest: 9)));

        await Task.Delay(50, Cancellation);
        Assert.False(first.IsCompleted || second.IsCompleted || conflicting.IsCompleted);

        stuck.Set();
        Assert.Equal([Accepted(1)], await first);
        Assert.Equal([Duplicate(1), Accepted(2)], await second);
        Assert.Equal([Conflict(1)], await conflicting);
    }

    [Fact]
    public async Task When_the_first_copy_fails_the_next_one_takes_its_place()
    {
        using var stuck = new ManualResetEventSlim();
        var failures = 0;
        _disk.Before = (step, path) =>
        {
            if (step == DiskStep.Flush && path.EndsWith(".log", StringComparison.Ordinal) && failures++ == 0)
            {
                stuck.Wait(Cancellation);
                throw new IOException("Input/output error");
            }
        };
        var first = AcceptAsync(SampleBatches.With(SampleBatches.Event("a", digest: 1)));
        var second = AcceptAsync(SampleBatches.With(SampleBatches.Event("a", digest: 2)));
        stuck.Set();

        await Assert.ThrowsAsync<LogUnavailableException>(() => first);
        Assert.Equal([Accepted(1)], await second);
        Assert.Equal([Conflict(1)], await AcceptAsync(SampleBatches.With(SampleBatches.Event("a", digest: 1))));
    }

    [Fact]
    public async Task A_caller_that_goes_away_leaves_the_books_in_order()
    {
        using var stuck = new ManualResetEventSlim();
        Hold(stuck);
        using var leaving = new CancellationTokenSource();
        var first = Intake.AcceptAsync(SampleBatches.Of("a"), IntakeMode.WholeBatch, leaving.Token);
        var waiting = Intake.AcceptAsync(SampleBatches.Of("a"), IntakeMode.WholeBatch, leaving.Token);

        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        stuck.Set();

        Assert.Equal([Duplicate(1), Accepted(2)], await AcceptAsync(SampleBatches.Of("a", "b")));
        Assert.Equal(["a", "b"], await Log.ReadIdsAsync());
    }

    [Fact]
    public async Task Closing_waits_for_what_is_under_way()
    {
        using var stuck = new ManualResetEventSlim();
        Hold(stuck);
        var first = AcceptAsync(SampleBatches.Of("a"));

        var closing = Intake.DisposeAsync().AsTask();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => AcceptAsync(SampleBatches.Of("b")));
        Assert.False(closing.IsCompleted);
        stuck.Set();

        await closing;
        Assert.Equal([Accepted(1)], await first);
    }

    [Fact]
    public async Task A_batch_that_the_log_refuses_leaves_its_ids_free()
    {
        var good = SampleBatches.Event("a");
        var bad = SampleBatches.With(good with { Timestamp = good.Timestamp.AddTicks(1) });

        await Assert.ThrowsAnyAsync<ArgumentException>(() => AcceptAsync(bad));

        Assert.Equal([Accepted(1)], await AcceptAsync(SampleBatches.With(good)));
    }

    [Fact]
    public async Task An_index_that_lags_behind_the_log_is_not_trusted()
    {
        await Log.AppendAsync(SampleBatches.Of("past the intake"), Cancellation);

        Assert.Throws<ArgumentException>(() => new EventIntake(Log, _openIndex!)); // Opened before each test.
    }

    [Fact]
    public async Task No_events_are_taken_while_the_index_can_not_be_written()
    {
        await CloseAsync();
        var refuse = false;
        await OpenAsync(new EventIdIndexOptions
        {
            FlushEvents = 10,
            MaxWaitingTables = 2,
            Disk = new SteppedDisk { Before = (_, _) => _ = refuse ? throw new IOException("No space left on device", 28) : 0 },
        });
        refuse = true;
        foreach (var batch in SampleBatches.Singles(1, 20))
        {
            await AcceptAsync(batch);
        }

        await Assert.ThrowsAsync<LogUnavailableException>(() => AcceptAsync(SampleBatches.Of("21")));

        // What is known is still answered.
        Assert.Equal([Duplicate(7)], await AcceptAsync(SampleBatches.Of("7")));
        refuse = false;
    }

    [Fact]
    public async Task Whatever_many_callers_send_and_whatever_fails_each_id_is_stored_once_and_each_answer_is_true()
    {
        var events = Gen.Select(Gen.Int[0, 25], Gen.ULong[1, 2]).Array[1, 8];
        var sample = 0;
        await Gen.Select(Gen.Select(events, Gen.Bool).Array[2, 40], Gen.ULong, Gen.Int[3, 20]).SampleAsync(
            async (batches, seed, oneIn) =>
            {
                var chance = new Coin(seed);
                _disk.Before = (step, path) =>
                {
                    if (step is DiskStep.Flush or DiskStep.Write && path.EndsWith(".log", StringComparison.Ordinal) && chance.Next(oneIn) == 0)
                    {
                        throw new IOException("Input/output error");
                    }
                };

                // Ids of their own for each sample; the log goes on.
                var prefix = $"{++sample}-";
                var answers = new ConcurrentBag<(LoggedEvent Event, IntakeOutcome Outcome, IntakeMode Mode)>();
                await Parallel.ForEachAsync(batches, new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (sent, _) =>
                {
                    var (content, partial) = sent;
                    var batch = SampleBatches.With([.. content.Select(pair => SampleBatches.Event($"{prefix}{pair.Item1}", pair.Item2))]);
                    var mode = partial ? IntakeMode.Partial : IntakeMode.WholeBatch;
                    var outcomes = await AcceptUntilAnsweredAsync(batch, mode);
                    Assert.Equal(batch.Events.Count, outcomes.Count);
                    for (var i = 0; i < outcomes.Count; i++)
                    {
                        answers.Add((batch.Events[i], outcomes[i], mode));
                    }
                });
                _disk.Before = null;
                await AssertTrueAsync(answers, prefix);
                await CloseAsync();
                await OpenAsync();
            },
            iter: 60,
            threads: 1);
    }

    private static IntakeOutcome Withheld => new(IntakeResult.Withheld, 0);

    private static Comparer<IntakeOutcome> ByResult { get; } =
        Comparer<IntakeOutcome>.Create((left, right) => left.Result.CompareTo(right.Result));

    private static IntakeOutcome Accepted(long sequence) => new(IntakeResult.Accepted, sequence);

    private static IntakeOutcome Duplicate(long sequence) => new(IntakeResult.Duplicate, sequence);

    private static IntakeOutcome Conflict(long sequence) => new(IntakeResult.Conflict, sequence);

    private async Task<IReadOnlyList<IntakeOutcome>> AcceptUntilAnsweredAsync(EventBatch batch, IntakeMode mode)
    {
        while (true)
        {
            try
            {
                return await AcceptAsync(batch, mode);
            }
            catch (LogUnavailableException)
            {
                continue;
            }
        }
    }

    private async Task AssertTrueAsync(IEnumerable<(LoggedEvent Event, IntakeOutcome Outcome, IntakeMode Mode)> answers, string prefix)
    {
        var stored = (await Log.ReadAllAsync())
            .SelectMany(batch => batch.Batch.Events.Select((each, place) => (Sequence: batch.FirstSequence + place, Event: each)))
            .ToDictionary(pair => pair.Sequence, pair => pair.Event);
        Assert.Equal(stored.Count, stored.Values.Select(each => each.EventId).Distinct().Count());
        Assert.Equal(Log.DurableSequence, _openIndex?.CoveredSequence);
        var accepted = new HashSet<long>();
        foreach (var (sent, outcome, mode) in answers)
        {
            var there = stored.GetValueOrDefault(outcome.Sequence);
            switch (outcome.Result)
            {
                case IntakeResult.Accepted:
                    Assert.True(accepted.Add(outcome.Sequence));
                    Assert.Equal(sent, there);
                    break;
                case IntakeResult.Duplicate:
                    Assert.Equal(sent, there);
                    break;
                case IntakeResult.Conflict when outcome.Sequence > 0:
                    Assert.Equal(sent.EventId, there?.EventId);
                    Assert.NotEqual(sent.ContentDigest, there?.ContentDigest);
                    break;
                default:
                    Assert.Equal(IntakeMode.WholeBatch, mode);
                    Assert.Equal(0, outcome.Sequence);
                    break;
            }
        }

        Assert.Equal(stored.Values.Count(each => each.EventId.StartsWith(prefix, StringComparison.Ordinal)), accepted.Count);
    }

    private Task<IReadOnlyList<IntakeOutcome>> AcceptAsync(EventBatch batch, IntakeMode mode = IntakeMode.WholeBatch) =>
        Intake.AcceptAsync(batch, mode, Cancellation);

    private void Hold(ManualResetEventSlim until) => _disk.Before = (step, path) =>
    {
        if (step == DiskStep.Flush && path.EndsWith(".log", StringComparison.Ordinal))
        {
            until.Wait(Cancellation);
        }
    };

    private ValueTask OpenAsync() => OpenAsync(new EventIdIndexOptions { FlushEvents = 30, Disk = new SteppedDisk() });

    private async ValueTask OpenAsync(EventIdIndexOptions options)
    {
        _openLog = await LocalEventLog.OpenAsync(
            _folder.Path,
            new LocalEventLogOptions { SegmentBytes = 20_000, Disk = _disk },
            new FakeTimeProvider(),
            NullLogger.Instance,
            Cancellation);
        _openIndex = await EventIdIndex.OpenAsync(_folder.Path, Log, options, new FakeTimeProvider(), NullLogger.Instance, Cancellation);
        _openIntake = new EventIntake(Log, _openIndex);
    }

    private async ValueTask CloseAsync()
    {
        if (_openIntake is not null)
        {
            await _openIntake.DisposeAsync();
        }

        if (_openIndex is not null)
        {
            await _openIndex.DisposeAsync();
        }

        if (_openLog is not null)
        {
            await _openLog.DisposeAsync();
        }
    }
}
