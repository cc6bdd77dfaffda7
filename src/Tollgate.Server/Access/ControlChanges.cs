using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.Extensions.Options;
using Tollgate.Contracts;
using Tollgate.Server.Audit;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Access;

/// <summary>
/// The one way to change control data: one change at a time, each judged again inside, in one transaction with its audit record
/// (decision 9), and in the <see cref="AccessDirectory"/> before its answer is sent.
/// </summary>
internal sealed class ControlChanges(
    ControlStore store, AccessDirectory directory, AccessGate gate, AuditTrail audit, IOptions<JsonOptions> json, TimeProvider time)
    : IDisposable
{
    private readonly SemaphoreSlim _oneAtATime = new(1, 1);

    /// <summary>Begins a change for the caller of this request. Dispose it; unless it was saved nothing has happened.</summary>
    /// <exception cref="ProblemException">What let the caller in holds no longer.</exception>
    /// <exception cref="AnsweredBeforeException">The request is one that was carried out, repeated with its <c>Idempotency-Key</c>.</exception>
    public async Task<ControlChange> BeginAsync(HttpContext context, CancellationToken cancellationToken)
    {
        await _oneAtATime.WaitAsync(cancellationToken);
        try
        {
            // Whoever was demoted, disabled or revoked while this request was on its way changes nothing any more.
            var (again, problem) = gate.JudgeAgain(context);
            if (problem is not null)
            {
                throw new ProblemException(problem);
            }

            var repeatable = IdempotentRequest.Of(context, again!, gate);
            return await OpenAsync(again!.TenantId, AuditActor.Of(again, context), again, repeatable, cancellationToken);
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
            return await OpenAsync(tenantId, actor, caller: null, repeatable: null, cancellationToken);
        }
        catch
        {
            _oneAtATime.Release();
            throw;
        }
    }

    /// <summary>Writes records of what changed nothing, in one transaction; <paramref name="take"/> is asked for them when it is their turn.</summary>
    /// <exception cref="AuditUnavailableException">They can't be written.</exception>
    public async Task RecordAsync(Func<IReadOnlyList<(string TenantId, AuditEntry Entry)>> take, CancellationToken cancellationToken)
    {
        await _oneAtATime.WaitAsync(cancellationToken);
        try
        {
            await using var db = store.CreateContext();
            await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
            foreach (var tenant in take().GroupBy(record => record.TenantId, record => record.Entry))
            {
                await audit.AppendAsync(db, tenant.Key, tenant, cancellationToken);
            }

            await transaction.CommitAsync(CancellationToken.None);
        }
        finally
        {
            _oneAtATime.Release();
        }
    }

    /// <summary>Does something between two changes. Never from inside of one.</summary>
    public async Task InTurnAsync(Func<Task> action, CancellationToken cancellationToken)
    {
        await _oneAtATime.WaitAsync(cancellationToken);
        try
        {
            await action();
        }
        finally
        {
            _oneAtATime.Release();
        }
    }

    /// <summary>
    /// Ends a request that was carried out before and is repeated with its <c>Idempotency-Key</c>: for routes that ask for a proof which works
    /// once, ahead of asking for it.
    /// </summary>
    /// <exception cref="AnsweredBeforeException">It was.</exception>
    public async Task AnswerRepeatedAsync(HttpContext context, Caller caller, CancellationToken cancellationToken)
    {
        await using var db = store.CreateContext();
        if (IdempotentRequest.Of(context, caller, gate) is { } repeatable
            && await repeatable.FindAnswerAsync(db, time.GetUtcNow(), cancellationToken) is { } answer)
        {
            throw new AnsweredBeforeException(answer);
        }
    }

    public void Dispose() => _oneAtATime.Dispose();

    private async Task<ControlChange> OpenAsync(
        string tenantId, AuditActor actor, Caller? caller, IdempotentRequest? repeatable, CancellationToken cancellationToken)
    {
        var db = store.CreateContext();
        try
        {
            var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
            // A request that is repeated while the first is under way has waited for the lock until that one ended, so this sees its answer.
            if (repeatable is not null && await repeatable.FindAnswerAsync(db, time.GetUtcNow(), cancellationToken) is { } answer)
            {
                throw new AnsweredBeforeException(answer);
            }

            return new ControlChange(
                db, transaction, tenantId, actor, caller, repeatable, directory, audit, json.Value, time, () => _oneAtATime.Release());
        }
        catch
        {
            // Ends the transaction, too.
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
    IdempotentRequest? repeatable,
    AccessDirectory directory,
    AuditTrail audit,
    JsonOptions json,
    TimeProvider time,
    Action release)
    : IAsyncDisposable
{
    private readonly List<Action<AccessDirectory>> _published = [];
    private readonly List<AuditEntry> _entries = [];
    private readonly HashSet<AccountState> _losing = [];
    private List<Task> _stored = [];

    public ControlDb Db => db;

    /// <summary>The account that does it; null for the server itself.</summary>
    public string? ActorId => actor.Id;

    /// <summary>The caller as judged inside the change: use this one for every decision.</summary>
    public Caller Caller => caller!;

    /// <summary>The one moment of everything in this change.</summary>
    public DateTimeOffset Now { get; } = Rfc3339.ToMicroseconds(time.GetUtcNow());

    /// <summary>What the audit log will say. At least one entry for every change.</summary>
    public void Record(
        string action, string targetType, string targetId, object? before = null, object? after = null, string severity = AuditSeverities.Info) =>
        _entries.Add(new AuditEntry(actor, Now, action, targetType, targetId, before, after, severity));

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

    /// <summary>Makes the change durable and visible; after this no request is judged by what held before. A POST saves with its answer.</summary>
    public Task SaveAsync(CancellationToken cancellationToken) => repeatable is null
        ? CommitAsync(answer: null, cancellationToken)
        : throw new InvalidOperationException("A POST saves its change together with its answer, or the client could not repeat it.");

    /// <summary>As the other, for a POST: what it answers is kept with the change when the client may repeat the request.</summary>
    public async Task<Created<T>> SaveAsync<T>(Created<T> answer, CancellationToken cancellationToken)
    {
        await CommitAsync(Answer(answer.StatusCode, answer.Location, answer.Value), cancellationToken);
        return answer;
    }

    /// <inheritdoc cref="SaveAsync{T}(Created{T}, CancellationToken)"/>
    public async Task<Ok<T>> SaveAsync<T>(Ok<T> answer, CancellationToken cancellationToken)
    {
        await CommitAsync(Answer(answer.StatusCode, null, answer.Value), cancellationToken);
        return answer;
    }

    /// <inheritdoc cref="SaveAsync{T}(Created{T}, CancellationToken)"/>
    public async Task<NoContent> SaveAsync(NoContent answer, CancellationToken cancellationToken)
    {
        await CommitAsync(new RepeatedAnswer(answer.StatusCode, null, null), cancellationToken);
        return answer;
    }

    private RepeatedAnswer? Answer<T>(int status, string? location, T? value) =>
        repeatable is null ? null : new RepeatedAnswer(status, location, JsonSerializer.Serialize(value, json.SerializerOptions));

    private async Task CommitAsync(RepeatedAnswer? answer, CancellationToken cancellationToken)
    {
        if (repeatable is not null && answer is not null)
        {
            await repeatable.KeepAsync(db, tenantId, answer, Now, cancellationToken);
        }

        if (_entries.Count == 0)
        {
            throw new InvalidOperationException("A change without an audit record must not exist.");
        }

        // The change first, so that what fails afterwards is the audit record and nothing else.
        await db.SaveChangesAsync(cancellationToken);
        await audit.AppendAsync(db, tenantId, _entries, cancellationToken);
        // Past this point there is no way back: a client that goes away must not leave the directory behind the database.
        await transaction.CommitAsync(CancellationToken.None);
        foreach (var change in _published)
        {
            change(directory);
        }

        _stored = [.. _losing.Select(account => account.StoredAsync())];
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

        // Ahead of the answer, and behind the lock: what one account still has to store keeps no other change waiting.
        try
        {
            await Task.WhenAll(_stored).WaitAsync(Limits.StoringWaited, time);
        }
        catch (TimeoutException)
        {
            // The disk hangs. The credential is dead all the same, and its owner is told so.
        }
    }
}
