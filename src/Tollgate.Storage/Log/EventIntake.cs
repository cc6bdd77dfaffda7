using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace Tollgate.Storage.Log;

/// <summary>What happens to the new events of a batch in which another event conflicts.</summary>
public enum IntakeMode
{
    /// <summary>Nothing of the batch is stored.</summary>
    WholeBatch,

    /// <summary>The others are stored.</summary>
    Partial,
}

/// <summary>What became of one event.</summary>
public enum IntakeResult
{
    /// <summary>It is durable, under a number of its own.</summary>
    Accepted,

    /// <summary>The same event was durable before; nothing was stored.</summary>
    Duplicate,

    /// <summary>A different event has this id; that one stays, this one was not stored.</summary>
    Conflict,

    /// <summary>Nothing is wrong with it, but it was not stored, because another event of its batch conflicts.</summary>
    Withheld,
}

/// <summary>What became of one event.</summary>
/// <param name="Result">Whether it was stored.</param>
/// <param name="Sequence">
/// The number of the stored event with this id: its own, or that of the one that was there before. 0 when none is stored: the event was
/// withheld, or conflicts with one of the same batch that was not stored either.
/// </param>
public readonly record struct IntakeOutcome(IntakeResult Result, long Sequence);

/// <summary>
/// The one way for events into the log: each id of an environment is stored once, for ever, whoever sends it at the same time. Knows
/// all stored ids from the <see cref="EventIdIndex"/> and those on their way to the log itself.
/// </summary>
/// <remarks>Nobody else may append to the log. All members may be called concurrently.</remarks>
public sealed class EventIntake : IAsyncDisposable
{
    private readonly IEventLog _log;
    private readonly EventIdIndex _index;
    private readonly Lock _gate = new();

    // The ids of batches that are being appended or whose numbers wait for those of an earlier batch.
    private readonly Dictionary<UInt128, InFlight> _inFlight = [];

    // Batches that are durable while an earlier one has not said so yet, by their first number. The index takes events in order.
    private readonly Dictionary<long, Departure> _durable = [];
    private TaskCompletionSource? _drained;
    private int _departures;
    private bool _disposed;

    /// <summary>Takes over the log and its index, which must have caught up with it.</summary>
    public EventIntake(IEventLog log, EventIdIndex index)
    {
        if (index.CoveredSequence != log.DurableSequence)
        {
            throw new ArgumentException(
                $"The index covers {index.CoveredSequence} events, the log has {log.DurableSequence}.", nameof(index));
        }

        _log = log;
        _index = index;
    }

    /// <summary>
    /// Stores the events that are new and says of each what became of it, in the batch's order. What is new is appended as one batch,
    /// whole or not at all, and is durable when this returns; so is whatever is called a duplicate. When it throws, nothing of this
    /// call was stored, unless the token ended it: then the outcome is open, as after a lost answer, and sending again is safe.
    /// </summary>
    /// <exception cref="LogUnavailableException">Nothing can be made durable now; trying again later may succeed.</exception>
    /// <exception cref="ArgumentException">The batch holds what the log could not give back unchanged.</exception>
    public async Task<IReadOnlyList<IntakeOutcome>> AcceptAsync(EventBatch batch, IntakeMode mode, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var arrival = new Arrival(batch, mode).Prepare();
        while (true)
        {
            Departure? departure;
            lock (_gate)
            {
                ObjectDisposedException.ThrowIf(_disposed, this);
                departure = TryClassify(arrival) ? Depart(arrival) : null;
            }

            if (departure is not null)
            {
                // A caller that goes away leaves this task behind; it ends by itself.
                if (await AppendAsync(departure).WaitAsync(cancellationToken) is { } failure)
                {
                    ExceptionDispatchInfo.Throw(failure);
                }

                return arrival.Outcomes(departure.FirstSequence);
            }

            if (arrival.Awaited.Count == 0)
            {
                return arrival.Outcomes(firstSequence: 0);
            }

            // Held without keeping anything from anybody: no two calls can wait for each other.
            foreach (var settled in arrival.Awaited)
            {
                await settled.WaitAsync(cancellationToken);
            }
        }
    }

    /// <summary>
    /// What <see cref="AcceptAsync"/> would answer now, with no sequence numbers; appends nothing and reserves nothing, so that it may be
    /// another answer in a moment.
    /// </summary>
    public async Task<IReadOnlyList<IntakeOutcome>> PreviewAsync(EventBatch batch, IntakeMode mode, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var arrival = new Arrival(batch, mode).Prepare();
        while (true)
        {
            lock (_gate)
            {
                ObjectDisposedException.ThrowIf(_disposed, this);
                if (TryClassify(arrival))
                {
                    return arrival.Preview();
                }
            }

            foreach (var settled in arrival.Awaited)
            {
                await settled.WaitAsync(cancellationToken);
            }
        }
    }

    /// <summary>Refuses new calls and waits until each append that is under way is in the index.</summary>
    public async ValueTask DisposeAsync()
    {
        Task drained;
        lock (_gate)
        {
            _disposed = true;
            if (_departures == 0)
            {
                return;
            }

            _drained ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            drained = _drained.Task;
        }

        await drained;
    }

    /// <summary>
    /// Finds out about each id, unless one is on its way in another call, whose end decides. Reads, but changes nothing else.
    /// </summary>
    private bool TryClassify(Arrival arrival)
    {
        arrival.Awaited.Clear();
        for (var i = 0; i < arrival.Keys.Length; i++)
        {
            if (arrival.IsRepeat(i))
            {
                continue;
            }

            var stored = default(IndexedEvent);
            if (!_inFlight.TryGetValue(arrival.Keys[i], out var inFlight))
            {
                _index.TryFind(arrival.Keys[i], out stored);
            }
            else if (inFlight.Departure.FirstSequence > 0)
            {
                stored = new IndexedEvent(inFlight.Departure.FirstSequence + inFlight.Position, inFlight.ContentDigest);
            }
            else
            {
                arrival.Awaited.Add(inFlight.Departure.WhenSettled());
            }

            arrival.Stored[i] = stored;
        }

        return arrival.Awaited.Count == 0;
    }

    /// <summary>Reserves the ids of the new events; null when there is nothing to append.</summary>
    private Departure? Depart(Arrival arrival)
    {
        var departure = arrival.ToDeparture();
        if (departure is null)
        {
            return null;
        }

        if (_index.IsBehind)
        {
            throw new LogUnavailableException("The id index can't be written.");
        }

        for (var position = 0; position < departure.Keys.Length; position++)
        {
            _inFlight.Add(
                departure.Keys[position], new InFlight(departure, position, departure.Batch.Events[position].ContentDigest));
        }

        _departures++;
        return departure;
    }

    /// <summary>
    /// Appends and keeps the books, whether or not the caller still waits: an event that is in the log must get into the index.
    /// Answers what went wrong; never fails itself, since perhaps nobody looks.
    /// </summary>
    private async Task<Exception?> AppendAsync(Departure departure)
    {
        Exception? failure = null;
        try
        {
            var firstSequence = await _log.AppendAsync(departure.Batch, CancellationToken.None);
            lock (_gate)
            {
                departure.FirstSequence = firstSequence;
                _durable.Add(firstSequence, departure);
                IndexInOrder();
            }
        }

        // Whatever it is goes to the caller, and the ids must be free for the next attempt.
#pragma warning disable CA1031
        catch (Exception exception)
#pragma warning restore CA1031
        {
            failure = exception;
        }

        lock (_gate)
        {
            if (failure is not null)
            {
                Forget(departure);
            }

            if (--_departures == 0)
            {
                _drained?.TrySetResult();
            }

            departure.Settle();
        }

        return failure;
    }

    private void IndexInOrder()
    {
        while (_durable.Remove(_index.CoveredSequence + 1, out var next))
        {
            for (var position = 0; position < next.Keys.Length; position++)
            {
                _index.Add(next.Keys[position], new IndexedEvent(next.FirstSequence + position, next.Batch.Events[position].ContentDigest));
            }

            Forget(next);
        }
    }

    private void Forget(Departure departure)
    {
        foreach (var key in departure.Keys)
        {
            _inFlight.Remove(key);
        }
    }

    private readonly record struct InFlight(Departure Departure, int Position, UInt128 ContentDigest);

    /// <summary>A call's events and what is known about their ids.</summary>
    private sealed class Arrival(EventBatch batch, IntakeMode mode)
    {
        // For each event the first one of the batch with the same id: mostly itself.
        private readonly int[] _firsts = new int[batch.Events.Count];

        /// <summary>The ends of other calls that this one waits for.</summary>
        public HashSet<Task> Awaited { get; } = [];

        public UInt128[] Keys { get; } = new UInt128[batch.Events.Count];

        /// <summary>For the first of each id, the event that is stored under it; with number 0 when there is none.</summary>
        public IndexedEvent[] Stored { get; } = new IndexedEvent[batch.Events.Count];

        /// <summary>Computes the keys: the costly part, which needs no lock.</summary>
        public Arrival Prepare()
        {
            if (Keys.Length == 1)
            {
                Keys[0] = EventIdIndex.KeyOf(batch.Provenance.EnvironmentId, batch.Events[0].EventId);
                return this;
            }

            var firsts = new Dictionary<UInt128, int>(Keys.Length);
            for (var i = 0; i < Keys.Length; i++)
            {
                Keys[i] = EventIdIndex.KeyOf(batch.Provenance.EnvironmentId, batch.Events[i].EventId);
                ref var first = ref CollectionsMarshal.GetValueRefOrAddDefault(firsts, Keys[i], out var exists);
                first = exists ? first : i;
                _firsts[i] = first;
            }

            return this;
        }

        public bool IsRepeat(int i) => _firsts[i] != i;

        /// <summary>The new events on their way; null when there are none or the batch must not be stored.</summary>
        public Departure? ToDeparture()
        {
            var isNew = new bool[Keys.Length];
            var count = 0;
            for (var i = 0; i < Keys.Length; i++)
            {
                if (mode == IntakeMode.WholeBatch && Conflicts(i))
                {
                    return null;
                }

                isNew[i] = !IsRepeat(i) && Stored[i].Sequence == 0;
                count += isNew[i] ? 1 : 0;
            }

            if (count == 0)
            {
                return null;
            }

            return count == Keys.Length
                ? new Departure(batch, Keys)
                : new Departure(
                    batch with { Events = [.. batch.Events.Where((_, i) => isNew[i])] }, [.. Keys.Where((_, i) => isNew[i])]);
        }

        /// <summary>The answer, given the number of the first new event; 0 when none was stored.</summary>
        public IntakeOutcome[] Outcomes(long firstSequence)
        {
            var outcomes = new IntakeOutcome[Keys.Length];
            var sequences = new long[Keys.Length];
            var next = firstSequence;
            for (var i = 0; i < Keys.Length; i++)
            {
                var first = _firsts[i];
                var isNew = first == i && Stored[i].Sequence == 0;
                sequences[i] = first != i ? sequences[first]
                    : Stored[i].Sequence > 0 ? Stored[i].Sequence
                    : firstSequence == 0 ? 0 : next++;
                var result = Conflicts(i) ? IntakeResult.Conflict
                    : sequences[i] == 0 ? IntakeResult.Withheld
                    : isNew ? IntakeResult.Accepted : IntakeResult.Duplicate;
                outcomes[i] = new IntakeOutcome(result, sequences[i]);
            }

            return outcomes;
        }

        /// <summary>The answer if what is new were stored now.</summary>
        public IntakeOutcome[] Preview()
        {
            var withheld = mode == IntakeMode.WholeBatch && Enumerable.Range(0, Keys.Length).Any(Conflicts);
            var outcomes = new IntakeOutcome[Keys.Length];
            for (var i = 0; i < Keys.Length; i++)
            {
                var result = Conflicts(i) ? IntakeResult.Conflict
                    : Stored[_firsts[i]].Sequence > 0 ? IntakeResult.Duplicate
                    : withheld ? IntakeResult.Withheld
                    : IsRepeat(i) ? IntakeResult.Duplicate : IntakeResult.Accepted;
                outcomes[i] = new IntakeOutcome(result, 0);
            }

            return outcomes;
        }

        private bool Conflicts(int i)
        {
            var first = _firsts[i];
            var digest = Stored[first].Sequence > 0 ? Stored[first].ContentDigest : batch.Events[first].ContentDigest;
            return batch.Events[i].ContentDigest != digest;
        }
    }

    /// <summary>New events on their way to the log.</summary>
    private sealed class Departure(EventBatch batch, UInt128[] keys)
    {
        private TaskCompletionSource? _settled;

        public EventBatch Batch => batch;

        public UInt128[] Keys => keys;

        /// <summary>The number of the first event once it is durable; 0 before. Guarded by the intake's lock.</summary>
        public long FirstSequence { get; set; }

        /// <summary>Completes when it is known whether the events are durable. Under the intake's lock.</summary>
        public Task WhenSettled()
        {
            // Those who wait go on elsewhere, not under the lock.
            _settled ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _settled.Task;
        }

        /// <summary>Lets those go on who wait. Under the intake's lock.</summary>
        public void Settle() => _settled?.TrySetResult();
    }
}
