using Microsoft.EntityFrameworkCore;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Audit;
using Tollgate.Server.Events;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;
using Tollgate.Storage.Events;
using Tollgate.Storage.Log;

namespace Tollgate.Server.Corrections;

/// <summary>
/// Removes events for good: what an administrator erases, and what is older than its environment keeps events. A removal counts from the
/// moment it is in the control database; whatever ends the server after that, the next start ends the removal.
/// </summary>
internal sealed partial class EventRemovals(
    ControlStore control,
    ControlChanges changes,
    EventCorrector corrector,
    IEventStore store,
    IEventLog log,
    EventReader events,
    Ids ids,
    TimeProvider time,
    ILogger<EventRemovals> logger)
    : BackgroundService
{
    private readonly SemaphoreSlim _one = new(1, 1);
    private TaskCompletionSource _woken = NewSignal();

    /// <summary>Writes down the sums that stay. Before the removal counts, and in the turn of <see cref="EventCorrector"/>.</summary>
    public async Task SaveSumsAsync(RemovalRow row, CancellationToken cancellationToken)
    {
        if (row.KeepSums)
        {
            await store.SaveSumsAsync(corrector.Of(row), cancellationToken);
        }
    }

    /// <summary>Takes what is to be removed out of every query, and has the rest done. In the turn of <see cref="EventCorrector"/>.</summary>
    public async Task BeginAsync()
    {
        try
        {
            await corrector.ApplyAsync(CancellationToken.None);
        }
        finally
        {
            // What did not work now is tried again.
            Volatile.Read(ref _woken).TrySetResult();
        }
    }

    /// <summary>Begins the removals that are due, and ends all that are begun.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        try
        {
            await RunAloneAsync(cancellationToken);
        }
        finally
        {
            _one.Release();
        }
    }

    public override void Dispose()
    {
        base.Dispose();
        _one.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        while (!stoppingToken.IsCancellationRequested)
        {
            // Who wakes it before this line is served by what follows it.
            var woken = NewSignal();
            Volatile.Write(ref _woken, woken);
            try
            {
                await RunAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            // CA1031: whatever it is, what has begun is in the database, and the next attempt may end it.
#pragma warning disable CA1031
            catch (Exception exception)
#pragma warning restore CA1031
            {
                LogNotEnded(logger, exception);
            }

            await woken.Task.WaitAsync(Limits.RemovalsLookedFor, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task RunAloneAsync(CancellationToken cancellationToken)
    {
        await using var db = control.CreateContext();
        var environments = await db.Environments.AsNoTracking().Where(row => row.EventRetentionDays != null).ToListAsync(cancellationToken);
        foreach (var environment in environments)
        {
            await BeginRetentionAsync(environment, cancellationToken);
        }

        var begun = await db.EventRemovals.AsNoTracking().Where(row => row.CompletedAt == null).OrderBy(row => row.Id).ToListAsync(cancellationToken);
        foreach (var row in begun)
        {
            await EndAsync(db, row, cancellationToken);
        }
    }

    /// <summary>Answers whether there is anything to remove.</summary>
    private Task<bool> BeginRetentionAsync(TenantEnvironment environment, CancellationToken cancellationToken) => corrector.InTurnAsync(
        async upTo =>
        {
            var now = Rfc3339.ToMicroseconds(time.GetUtcNow());
            if (EventRetention.BeforeAt(environment.EventRetentionDays, now) is not { } before
                || await EventRetention.CountAsync(events, EventReaches.ReachOf(environment), before, cancellationToken) is not (> 0 and var count))
            {
                return false;
            }

            var row = new RemovalRow
            {
                Id = ids.Removal(),
                TenantId = environment.TenantId,
                EnvironmentId = environment.Id,
                Kind = RemovalKinds.Retention,
                BeforeTime = before,
                UpToSequence = upTo,
                KeepSums = true,
                Events = count,
                CreatedAt = now,
            };
            await SaveSumsAsync(row, cancellationToken);
            await using (var change = await changes.BeginAsync(environment.TenantId, AuditActor.System, cancellationToken))
            {
                change.Db.EventRemovals.Add(row);
                change.Record("event.retention", "environment", environment.Id, after: row.ToResponse(), severity: AuditSeverities.Notice);
                await change.SaveAsync(cancellationToken);
            }

            await corrector.ApplyAsync(CancellationToken.None);
            return true;
        },
        cancellationToken);

    private async Task EndAsync(ControlDb db, RemovalRow row, CancellationToken cancellationToken)
    {
        var removal = corrector.Of(row);
        await corrector.InTurnAsync(
            async _ =>
            {
                await corrector.ApplyAsync(cancellationToken);
                if (row.Kind == RemovalKinds.Erasure)
                {
                    await ForgetCustomerAsync(db, row, removal, cancellationToken);
                }

                return true;
            },
            cancellationToken);
        var removed = await log.RemoveAsync(row.UpToSequence, removal.Takes, cancellationToken);
        await using (var change = await changes.BeginAsync(row.TenantId, AuditActor.System, cancellationToken))
        {
            var ended = await change.Db.EventRemovals.SingleAsync(each => each.Id == row.Id, cancellationToken);
            ended.CompletedAt = change.Now;
            ended.ExternalCustomerId = null;
            change.Record("event.removal.complete", "environment", row.EnvironmentId, after: ended.ToResponse(), severity: AuditSeverities.Notice);
            await change.SaveAsync(cancellationToken);
        }

        // The store forgets the name as well.
        await corrector.ApplyAsync(cancellationToken);
        LogEnded(logger, row.Id, removed);
    }

    /// <summary>Takes the customer out of what earlier removals kept.</summary>
    private async Task ForgetCustomerAsync(ControlDb db, RemovalRow row, EventRemoval removal, CancellationToken cancellationToken)
    {
        var earlier = await db.EventRemovals.AsNoTracking()
            .Where(each => each.EnvironmentId == row.EnvironmentId && each.KeepSums && each.Id != row.Id)
            .ToListAsync(cancellationToken);
        foreach (var each in earlier)
        {
            await store.RewriteSumsAsync(corrector.Of(each).SumsFile!, removal, cancellationToken);
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    [LoggerMessage(6007, LogLevel.Information, "The removal {Id} is complete: {Events} events are out of the log")]
    private static partial void LogEnded(ILogger logger, string id, long events);

    [LoggerMessage(6008, LogLevel.Error, "Events that are to be removed are not out of every file yet; it is tried again")]
    private static partial void LogNotEnded(ILogger logger, Exception exception);
}
