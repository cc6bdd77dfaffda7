using Microsoft.EntityFrameworkCore;
using Tollgate.Server.Events;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;
using Tollgate.Storage.Events;
using Tollgate.Storage.Log;

namespace Tollgate.Server.Corrections;

/// <summary>
/// Holds the event store to what the control database says about events: quarantines and removals. The database is the truth; the store
/// can be made anew at any time and is told again.
/// </summary>
internal sealed class EventCorrector(ControlStore control, IEventStore store, IEventLog log, EventWriter writer, DataFolder folder, TimeProvider time)
    : IDisposable
{
    private const string SumsFolder = "sums";

    private readonly SemaphoreSlim _one = new(1, 1);

    /// <summary>
    /// Runs <paramref name="correct"/> while nobody else corrects events, with the number of the last event that it may be about: all up to
    /// there are in the store.
    /// </summary>
    /// <exception cref="ProblemException">503: the store is too far behind.</exception>
    public async Task<T> InTurnAsync<T>(Func<long, Task<T>> correct, CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        try
        {
            var upTo = log.DurableSequence;
            await writer.WaitForAsync(upTo, cancellationToken).WaitAsync(Limits.ReadYourWrites, time, cancellationToken);
            return await correct(upTo);
        }
        catch (TimeoutException)
        {
            throw new ProblemException(Problem.Unavailable("Not all accepted events can be read yet.") with
            {
                Detail = "They are stored, and on their way to where they are read. Ask again; nothing was changed.",
            });
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>As <see cref="ApplyAsync(CancellationToken)"/>, at the start of the server.</summary>
    /// <exception cref="SumsFileDamagedException">A file of sums is missing or damaged.</exception>
    public async Task BeginAsync(CancellationToken cancellationToken)
    {
        await using var db = control.CreateContext();
        var corrections = await ReadAsync(db, folder.FullName, cancellationToken);
        corrections.VerifySums();
        await ApplyAsync(store, corrections, cancellationToken);
    }

    /// <summary>Tells the store what the database says now.</summary>
    public async Task ApplyAsync(CancellationToken cancellationToken)
    {
        await using var db = control.CreateContext();
        await ApplyAsync(store, await ReadAsync(db, folder.FullName, cancellationToken), cancellationToken);
    }

    /// <summary>Tells a store; one that begins anew on the way is told again.</summary>
    public static async Task ApplyAsync(IEventStore store, EventCorrections corrections, CancellationToken cancellationToken)
    {
        try
        {
            await store.CorrectAsync(corrections, cancellationToken);
        }
        catch (EventStoreResetException)
        {
            await store.CorrectAsync(corrections, cancellationToken);
        }
    }

    /// <summary>What the database says.</summary>
    public static async Task<EventCorrections> ReadAsync(ControlDb db, string folder, CancellationToken cancellationToken)
    {
        var quarantines = await db.EventQuarantines.AsNoTracking().Where(row => row.ReleasedAt == null).OrderBy(row => row.Id).ToListAsync(cancellationToken);
        var removals = await db.EventRemovals.AsNoTracking().OrderBy(row => row.Id).ToListAsync(cancellationToken);
        return new EventCorrections([.. quarantines.Select(Of)], [.. removals.Select(row => Of(row, folder))]);
    }

    public static EventQuarantine Of(QuarantineRow row) => new()
    {
        Id = row.Id,
        Scope = new EventScope(row.TenantId, row.EnvironmentId),
        ApiKeyId = row.ApiKeyId,
        Start = row.StartTime,
        End = row.EndTime,
        UpToSequence = row.UpToSequence,
    };

    public EventRemoval Of(RemovalRow row) => Of(row, folder.FullName);

    public void Dispose() => _one.Dispose();

    private static EventRemoval Of(RemovalRow row, string folder) => new()
    {
        Id = row.Id,
        Scope = new EventScope(row.TenantId, row.EnvironmentId),
        ExternalCustomerId = row.ExternalCustomerId,
        Before = row.BeforeTime,
        UpToSequence = row.UpToSequence,
        SumsFile = row.KeepSums ? Path.Combine(folder, SumsFolder, row.Id + ".sums") : null,
    };
}
