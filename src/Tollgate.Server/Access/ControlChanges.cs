using Microsoft.EntityFrameworkCore.Storage;
using Tollgate.Server.Audit;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Access;

/// <summary>
/// The one way to change control data: one change at a time, each judged again inside, in one transaction with its audit record
/// (decision 9), and in the <see cref="AccessDirectory"/> before its answer is sent.
/// </summary>
internal sealed class ControlChanges(
    ControlStore store, AccessDirectory directory, AccessGate gate, AuditTrail audit, TimeProvider time)
    : IDisposable
{
    private readonly SemaphoreSlim _oneAtATime = new(1, 1);

    /// <summary>Begins a change for the caller of this request. Dispose it; unless it was saved nothing has happened.</summary>
    /// <exception cref="ProblemException">What let the caller in holds no longer.</exception>
    public async Task<ControlChange> BeginAsync(HttpContext context, CancellationToken cancellationToken)
    {
        if (context.Request.Headers.ContainsKey("Idempotency-Key"))
        {
            // A client that trusts the header would create things twice when it repeats a request.
            throw new ProblemException(Problem.Invalid(
                "Idempotency-Key", "is not kept by this version: leave the header out, and look for the object before you repeat a request."));
        }

        await _oneAtATime.WaitAsync(cancellationToken);
        try
        {
            // Whoever was demoted, disabled or revoked while this request was on its way changes nothing any more.
            var (again, problem) = gate.JudgeAgain(context);
            if (problem is not null)
            {
                throw new ProblemException(problem);
            }

            return await OpenAsync(again!.TenantId, AuditActor.Of(again, context), again, cancellationToken);
        }
        catch
        {
            _oneAtATime.Release();
            throw;
        }
    }

    /// <summary>Begins a change that no caller asked for, or one whose caller has no credential yet (a login).</summary>
    public async Task<ControlChange> BeginAsync(string tenantId, AuditActor actor, CancellationToken cancellationToken)
    {
        await _oneAtATime.WaitAsync(cancellationToken);
        try
        {
            return await OpenAsync(tenantId, actor, caller: null, cancellationToken);
        }
        catch
        {
            _oneAtATime.Release();
            throw;
        }
    }

    public void Dispose() => _oneAtATime.Dispose();

    private async Task<ControlChange> OpenAsync(string tenantId, AuditActor actor, Caller? caller, CancellationToken cancellationToken)
    {
        var db = store.CreateContext();
        try
        {
            var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
            return new ControlChange(db, transaction, tenantId, actor, caller, directory, audit, time, () => _oneAtATime.Release());
        }
        catch
        {
            await db.DisposeAsync();
            throw;
        }
    }
}

/// <summary>A change under way. Nothing else changes control data meanwhile.</summary>
internal sealed class ControlChange(
    ControlDb db,
    IDbContextTransaction transaction,
    string tenantId,
    AuditActor actor,
    Caller? caller,
    AccessDirectory directory,
    AuditTrail audit,
    TimeProvider time,
    Action release)
    : IAsyncDisposable
{
    private readonly List<Action<AccessDirectory>> _published = [];
    private readonly List<AuditEntry> _entries = [];
    private readonly HashSet<AccountState> _losing = [];

    public ControlDb Db => db;

    /// <summary>The account that does it; null for the server itself.</summary>
    public string? ActorId => actor.Id;

    /// <summary>The caller as judged inside the change: use this one for every decision.</summary>
    public Caller Caller => caller!;

    /// <summary>The one moment of everything in this change.</summary>
    public DateTimeOffset Now { get; } = Contracts.Rfc3339.ToMicroseconds(time.GetUtcNow());

    /// <summary>What the audit log will say. At least one entry for every change.</summary>
    public void Record(string action, string targetType, string targetId, object? before = null, object? after = null) =>
        _entries.Add(new AuditEntry(action, targetType, targetId, before, after));

    /// <summary>
    /// That the change takes something away from an account: the answer waits until what was let in before has stored what it had to, so
    /// that nothing of it comes later.
    /// </summary>
    public void TakesFrom(AccountState? account)
    {
        if (account is not null)
        {
            _losing.Add(account);
        }
    }

    /// <summary>What requests see of the change once it is committed.</summary>
    public void Publish(Action<AccessDirectory> change) => _published.Add(change);

    /// <summary>Makes the change durable and visible; after this no request is judged by what held before.</summary>
    public async Task SaveAsync(CancellationToken cancellationToken)
    {
        if (_entries.Count == 0)
        {
            throw new InvalidOperationException("A change without an audit record must not exist.");
        }

        await audit.AppendAsync(db, tenantId, actor, Now, _entries, cancellationToken);
        await db.SaveChangesAsync(cancellationToken);
        // Past this point there is no way back: a client that goes away must not leave the directory behind the database.
        await transaction.CommitAsync(CancellationToken.None);
        foreach (var change in _published)
        {
            change(directory);
        }

        await Task.WhenAll(_losing.Select(account => account.StoredAsync()));
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            await transaction.DisposeAsync();
            await db.DisposeAsync();
        }
        finally
        {
            release();
        }
    }
}
