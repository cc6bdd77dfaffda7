using System.Collections.Concurrent;
using Tollgate.Storage.Events;
using Tollgate.Storage.Log;

namespace Tollgate.Server.Events;

/// <summary>
/// Carries events from the log into the event store, at its own pace and in batches as large as what has gathered. What it has not
/// carried yet when the server stops or dies, it carries after the next start: the store knows how far it has come.
/// </summary>
internal sealed partial class EventWriter(IEventLog log, IEventStore store, TimeProvider time, ILogger<EventWriter> logger)
    : BackgroundService
{
    // A transaction costs the same for one event as for thousands; this many take about a second and some tens of megabytes.
    private const int MaxEventsAtOnce = 50_000;

    // For a text of a property or an id counts what it takes in memory.
    private const long MaxBytesAtOnce = 32 * 1024 * 1024;

    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();

    // By environment the newest event that was carried since the start; whoever follows one is not woken to read for the others.
    private readonly ConcurrentDictionary<EventScope, long> _newest = new();

    private TaskCompletionSource _advanced = NewSignal();
    private TaskCompletionSource _woken = NewSignal();

    /// <summary>Completes when the store holds the event with this number and all before it.</summary>
    public async Task WaitForAsync(long sequence, CancellationToken cancellationToken)
    {
        while (true)
        {
            // First the signal, then the look: what happens in between is not missed.
            Task advanced;
            lock (_gate)
            {
                advanced = _advanced.Task;
            }

            if (store.AppliedSequence >= sequence)
            {
                return;
            }

            await advanced.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Completes when an event of the tenant and environment that comes behind this number is in the store, or about to be.</summary>
    public async Task WaitForNewAsync(EventScope scope, long sequence, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task advanced;
            lock (_gate)
            {
                advanced = _advanced.Task;
            }

            if (_newest.GetValueOrDefault(scope) > sequence)
            {
                return;
            }

            await advanced.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Tells that the store may have begun anew, so that it is filled without waiting for the next event.</summary>
    public void Wake() => Volatile.Read(ref _woken).TrySetResult();

    /// <summary>Carries over everything that is durable now.</summary>
    public async Task CatchUpAsync(CancellationToken cancellationToken)
    {
        var batches = new List<SequencedBatch>();
        while (store.AppliedSequence < log.DurableSequence)
        {
            var (events, bytes) = (0, 0L);
            await foreach (var batch in log.ReadAsync(store.AppliedSequence, cancellationToken))
            {
                batches.Add(batch);
                events += batch.Batch.Events.Count;
                bytes += batch.Batch.Events.Sum(SizeOf);
                if (events >= MaxEventsAtOnce || bytes >= MaxBytesAtOnce)
                {
                    await ApplyAsync(batches, cancellationToken);
                    (events, bytes) = (0, 0);
                }
            }

            await ApplyAsync(batches, cancellationToken);
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // The host starts its services one after the other; reading the log must not hold up the next one.
        await Task.Yield();
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await CatchUpAndWaitAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (EventStoreResetException exception)
            {
                LogReset(logger, exception, store.AppliedSequence);
                await PauseAsync(stoppingToken);
            }
            // CA1031: whatever it is, the events are safe in the log, and the next attempt may succeed.
#pragma warning disable CA1031
            catch (Exception exception)
#pragma warning restore CA1031
            {
                LogNotCarried(logger, exception, store.AppliedSequence + 1);
                await PauseAsync(stoppingToken);
            }
        }
    }

    private async Task CatchUpAndWaitAsync(CancellationToken stoppingToken)
    {
        // Who wakes the writer before this line is served by what follows it.
        var woken = NewSignal();
        Volatile.Write(ref _woken, woken);
        await CatchUpAsync(stoppingToken);
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
        var first = await Task.WhenAny(log.WaitBeyondAsync(store.AppliedSequence, waiting.Token), woken.Task);
        await waiting.CancelAsync();
        await first;
    }

    // A disk that damages every file must not fill itself with what was set aside.
    private async Task PauseAsync(CancellationToken stoppingToken) =>
        await Task.Delay(RetryDelay, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    private async Task ApplyAsync(List<SequencedBatch> batches, CancellationToken cancellationToken)
    {
        try
        {
            if (batches.Count > 0)
            {
                foreach (var batch in batches)
                {
                    var scope = new EventScope(batch.Batch.Provenance.TenantId, batch.Batch.Provenance.EnvironmentId);
                    _newest[scope] = Math.Max(batch.LastSequence, _newest.GetValueOrDefault(scope));
                }

                await store.ApplyAsync(batches, cancellationToken);
            }
        }
        finally
        {
            batches.Clear();
        }

        TaskCompletionSource before;
        lock (_gate)
        {
            (before, _advanced) = (_advanced, NewSignal());
        }

        before.SetResult();
    }

    private static long SizeOf(LoggedEvent logged) =>
        256 + (2L * (logged.Properties.Length + logged.EventId.Length + logged.EventName.Length + logged.ExternalCustomerId.Length));

    // Those who wait go on elsewhere, not on the thread that carries.
    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    [LoggerMessage(6001, LogLevel.Error, "Events from number {Sequence} on can't be put where they are read; they are safe in the log")]
    private static partial void LogNotCarried(ILogger logger, Exception exception, long sequence);

    [LoggerMessage(6002, LogLevel.Error, "The event store was made anew and is filled from the log, from event {Sequence} on")]
    private static partial void LogReset(ILogger logger, Exception exception, long sequence);
}
