using System.Net;
using Microsoft.EntityFrameworkCore;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Access;

/// <summary>
/// Writes down what was let in and refused, off the request path: every few seconds, at the end, and before something is read from what
/// was written. What happened since the last writing is lost with the process; it is knowledge about events, never the events.
/// </summary>
internal sealed partial class AccessUse(
    ControlStore store, AccessDirectory directory, ControlChanges changes, TimeProvider time, ILogger<AccessUse> logger)
    : BackgroundService
{
    // IPAddress.None stands for every address beyond those that are counted one by one.
    private const string OtherAddresses = "";
    private const int HoursPerDay = 24;

    private readonly SemaphoreSlim _writing = new(1, 1);
    private int _cleanedDay;

    public override void Dispose()
    {
        _writing.Dispose();
        base.Dispose();
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await TryWriteAsync(cancellationToken);
    }

    /// <summary>Writes everything that is known now; what is read from the database afterwards is complete up to this call.</summary>
    public async Task WriteAsync(CancellationToken cancellationToken)
    {
        await _writing.WaitAsync(cancellationToken);
        try
        {
            var taken = directory.AllAccounts
                .Select(account => (Account: account, Use: account.TakeUse()))
                .Where(each => each.Use is not null)
                .Select(each => (each.Account, Use: each.Use!))
                .ToList();
            if (taken.Count == 0)
            {
                return;
            }

            try
            {
                // In turn with the changes: two that write at once make one of them sleep in the database.
                await changes.InTurnAsync(() => WriteAsync(taken, cancellationToken), cancellationToken);
            }
            catch
            {
                taken.ForEach(each => each.Account.GiveBack(each.Use));
                throw;
            }
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>The last request that the key let in, to the very last one; null when there was none.</summary>
    public async Task<AcceptedRequest?> LastAcceptedAsync(ControlDb db, AccountState account, string apiKeyId, CancellationToken cancellationToken)
    {
        // A writing that is under way has taken what is in memory and not stored it yet.
        await _writing.WaitAsync(cancellationToken);
        try
        {
            return account.LastAcceptedOf(Ids.NumberOf(Ids.ApiKeyPrefix, apiKeyId)) is { } use
                ? AcceptedRequest.Of(use.LastAccepted!.Value, use.LastAcceptedRoute!, apiKeyId)
                : AcceptedRequest.Of(await db.ApiKeyUse.AsNoTracking().SingleOrDefaultAsync(row => row.ApiKeyId == apiKeyId, cancellationToken));
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>The last request that any credential of the account let in, as <see cref="LastAcceptedAsync(ControlDb, AccountState, string, CancellationToken)"/>.</summary>
    public static async Task<AcceptedRequest?> LastAcceptedAsync(
        ControlDb db, AccountState account, CancellationToken cancellationToken) =>
        Later(
            AcceptedRequest.Of(account.LastAccepted),
            AcceptedRequest.Of(await db.ApiKeyUse.AsNoTracking()
                .Where(row => db.ApiKeys.Any(key => key.Id == row.ApiKeyId && key.AccountId == account.Id) && row.LastAcceptedAt != null)
                .OrderByDescending(row => row.LastAcceptedAt)
                .FirstOrDefaultAsync(cancellationToken)));

    private static AcceptedRequest? Later(AcceptedRequest? one, AcceptedRequest? other) =>
        one is null || other?.At > one.At ? other : one;

    /// <summary>The use of a key up to this call; null when it was never used.</summary>
    public async Task<ApiKeyUse?> OfKeyAsync(ControlDb db, string apiKeyId, CancellationToken cancellationToken)
    {
        await WriteAsync(cancellationToken);
        return await db.ApiKeyUse.AsNoTracking().SingleOrDefaultAsync(row => row.ApiKeyId == apiKeyId, cancellationToken);
    }

    /// <summary>The account's recorded calls since a day, this moment included, by day and route.</summary>
    public async Task<IReadOnlyList<UsedRoute>> OfAccountAsync(
        ControlDb db, string accountId, DateTimeOffset since, CancellationToken cancellationToken)
    {
        await WriteAsync(cancellationToken);
        var day = AccountUse.Day(since);
        return await db.UsedRoutes.AsNoTracking()
            .Where(row => row.AccountId == accountId && row.Day >= day)
            .OrderBy(row => row.Day).ThenBy(row => row.ApiKeyId).ThenBy(row => row.Route)
            .ToListAsync(cancellationToken);
    }

    /// <summary>
    /// What became of the events that were sent to the caller's environment since an hour, this moment included. Of many keys and hours there are many
    /// rows: the database adds them up.
    /// </summary>
    public async Task<IQueryable<SentEventsUse>> OfEventsAsync(ControlDb db, Caller caller, int firstHour, CancellationToken cancellationToken)
    {
        await WriteAsync(cancellationToken);
        return db.SentEventsUse.AsNoTracking()
            .Where(row => row.EnvironmentId == caller.EnvironmentId && row.TenantId == caller.TenantId && row.Hour >= firstHour);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Limits.UseWritten, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            await TryWriteAsync(stoppingToken);
        }
    }

    private async Task TryWriteAsync(CancellationToken cancellationToken)
    {
        try
        {
            await WriteAsync(cancellationToken);
            await ForgetOldAsync(cancellationToken);
        }
        catch (Exception exception) when (exception is DbUpdateException || ControlStore.IsUnavailable(exception))
        {
            // It is kept, and the next round tries again.
            LogNotWritten(logger, exception);
        }
    }

    private async Task ForgetOldAsync(CancellationToken cancellationToken)
    {
        var today = AccountUse.Day(time.GetUtcNow());
        if (_cleanedDay == today)
        {
            return;
        }

        await using var db = store.CreateContext();
        var oldest = today - Limits.UseKeptDays;
        await db.UsedRoutes.Where(row => row.Day < oldest).ExecuteDeleteAsync(cancellationToken);
        var oldestHour = oldest * HoursPerDay;
        await db.SentEventsUse.Where(row => row.Hour < oldestHour).ExecuteDeleteAsync(cancellationToken);
        _cleanedDay = today;
    }

    private async Task WriteAsync(List<(AccountState Account, AccountUse Use)> taken, CancellationToken cancellationToken)
    {
        await using var db = store.CreateContext();
        await using var transaction = await db.Database.BeginTransactionAsync(cancellationToken);
        foreach (var (account, use) in taken)
        {
            await WriteCallsAsync(db, account, use, cancellationToken);
            await WriteKeysAsync(db, use, cancellationToken);
            await WriteAttemptsAsync(db, use, cancellationToken);
            await WriteEventsAsync(db, account, use, cancellationToken);
        }

        await transaction.CommitAsync(cancellationToken);
    }

    private static async Task WriteCallsAsync(ControlDb db, AccountState account, AccountUse use, CancellationToken cancellationToken)
    {
        foreach (var (place, count) in use.Calls)
        {
            var key = place.Key == UInt128.Zero ? "" : Ids.Text(Ids.ApiKeyPrefix, place.Key);
            var (permission, administrator) = (place.Rule.Permission ?? "", place.Rule.Access == RouteAccess.Administrator);
            await db.Database.ExecuteSqlAsync(
                $"""
                INSERT INTO access_use (account_id, api_key_id, day, route, tenant_id, permission, administrator, accepted, denied, last_at)
                VALUES ({account.Id}, {key}, {place.Day}, {place.Rule.Route}, {account.TenantId}, {permission}, {administrator},
                        {count.Accepted}, {count.Denied}, {count.LastAt.ToMicroseconds()})
                ON CONFLICT (account_id, api_key_id, day, route) DO UPDATE SET
                  accepted = accepted + excluded.accepted,
                  denied = denied + excluded.denied,
                  last_at = max(last_at, excluded.last_at)
                """,
                cancellationToken);
        }
    }

    private static async Task WriteKeysAsync(ControlDb db, AccountUse use, CancellationToken cancellationToken)
    {
        foreach (var (key, last) in use.Keys)
        {
            var id = Ids.Text(Ids.ApiKeyPrefix, key);
            var accepted = last.LastAccepted;
            await db.Database.ExecuteSqlAsync(
                $"""
                INSERT INTO api_key_use
                VALUES ({id}, {last.Last.At.ToMicroseconds()}, {last.Last.Address.ToString()}, {accepted?.At.ToMicroseconds()},
                        {accepted?.Address.ToString()}, {accepted?.RequestId}, {last.LastAcceptedRoute})
                ON CONFLICT (api_key_id) DO UPDATE SET
                  last_used_at = excluded.last_used_at,
                  last_used_ip = excluded.last_used_ip,
                  last_accepted_at = coalesce(excluded.last_accepted_at, last_accepted_at),
                  last_accepted_ip = coalesce(excluded.last_accepted_ip, last_accepted_ip),
                  last_accepted_request_id = coalesce(excluded.last_accepted_request_id, last_accepted_request_id),
                  last_accepted_route = coalesce(excluded.last_accepted_route, last_accepted_route)
                """,
                cancellationToken);
        }
    }

    private static async Task WriteAttemptsAsync(ControlDb db, AccountUse use, CancellationToken cancellationToken)
    {
        foreach (var ((key, from), count) in use.Attempts)
        {
            var id = Ids.Text(Ids.ApiKeyPrefix, key);
            var known = await db.ApiKeyAttempts.CountAsync(row => row.ApiKeyId == id, cancellationToken);
            var address = Equals(from, IPAddress.None) ? OtherAddresses : from.ToString();
            if (known >= Limits.MaxAttemptAddresses
                && !await db.ApiKeyAttempts.AnyAsync(row => row.ApiKeyId == id && row.Address == address, cancellationToken))
            {
                address = OtherAddresses;
            }

            await db.Database.ExecuteSqlAsync(
                $"""
                INSERT INTO api_key_attempts
                VALUES ({id}, {address}, {count.Count}, {count.FirstAt.ToMicroseconds()}, {count.LastAt.ToMicroseconds()})
                ON CONFLICT (api_key_id, address) DO UPDATE SET
                  attempts = attempts + excluded.attempts,
                  last_at = max(last_at, excluded.last_at)
                """,
                cancellationToken);
        }
    }

    private static async Task WriteEventsAsync(ControlDb db, AccountState account, AccountUse use, CancellationToken cancellationToken)
    {
        foreach (var (place, outcomes) in use.Events)
        {
            var key = place.Key == UInt128.Zero ? "" : Ids.Text(Ids.ApiKeyPrefix, place.Key);
            await db.Database.ExecuteSqlAsync(
                $"""
                INSERT INTO event_use (environment_id, hour, api_key_id, tenant_id, accepted, duplicate, refused)
                VALUES ({place.EnvironmentId}, {place.Hour}, {key}, {account.TenantId}, {outcomes.Accepted}, {outcomes.Duplicate}, {outcomes.Refused})
                ON CONFLICT (environment_id, hour, api_key_id) DO UPDATE SET
                  accepted = accepted + excluded.accepted,
                  duplicate = duplicate + excluded.duplicate,
                  refused = refused + excluded.refused
                """,
                cancellationToken);
        }
    }

    [LoggerMessage(1003, LogLevel.Warning, "The use of keys could not be written down")]
    private static partial void LogNotWritten(ILogger logger, Exception exception);
}

/// <summary>The last request that a credential let in.</summary>
internal sealed record AcceptedRequest(DateTimeOffset At, string RequestId, string Address, string Route, string? ApiKeyId)
{
    public static AcceptedRequest Of(in RequestMark mark, string route, string? apiKeyId) =>
        new(mark.At, mark.RequestId, mark.Address.ToString(), route, apiKeyId);

    public static AcceptedRequest? Of(LastAccepted? last) => last is null ? null : Of(last.Mark, last.Route, last.ApiKeyId);

    /// <summary>Tells the last request that any of these sessions let in.</summary>
    public static void Tell(IEnumerable<SessionState> sessions, HttpResponse response) =>
        Tell(Of(sessions.Select(session => session.LastAccepted).MaxBy(last => last?.Mark.At)), response);

    public static AcceptedRequest? Of(ApiKeyUse? row) => row?.LastAcceptedAt is { } at
        ? new AcceptedRequest(at, row.LastAcceptedRequestId!, row.LastAcceptedIp!, row.LastAcceptedRoute!, row.ApiKeyId)
        : null;

    /// <summary>Tells it in the headers of an answer, which may have no body: when, by which request, from where.</summary>
    public static void Tell(AcceptedRequest? last, HttpResponse response)
    {
        if (last is null)
        {
            response.Headers["X-Last-Accepted"] = "none";
            return;
        }

        response.Headers["X-Last-Accepted"] = Contracts.Rfc3339.Format(last.At);
        response.Headers["X-Last-Accepted-Request"] = last.RequestId;
        response.Headers["X-Last-Accepted-Address"] = last.Address;
        response.Headers["X-Last-Accepted-Route"] = last.Route;
    }
}
