using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.ApiKeys;

/// <summary><c>GET /v1/secrets/api/keys</c>: newest first, never with a secret; with <c>attention=true</c> those that somebody should look at.</summary>
internal static class ListApiKeys
{
    public static void MapListApiKeys(this Api v1) =>
        v1.Get("/secrets/api/keys", RouteRule.Requires(Permissions.SecretRead), HandleAsync);

    private static async Task<Results<Ok<ListResponse<SecretResponse>>, Problem>> HandleAsync(
        Query<ListApiKeysQuery> query, Caller caller, ControlDb db, AccessUse use, TimeProvider time, CancellationToken cancellationToken)
    {
        await use.WriteAsync(cancellationToken);
        var (asked, now) = (query.Value, time.GetUtcNow());
        var rows =
            from key in db.ApiKeys.AsNoTracking().VisibleTo(caller)
            join owner in db.Accounts.AsNoTracking() on key.AccountId equals owner.Id
            join last in db.ApiKeyUse.AsNoTracking() on key.Id equals last.ApiKeyId into uses
            from last in uses.DefaultIfEmpty()
            select new ListedKey { Key = key, Owner = owner, Use = last };
        if (asked.ServiceAccountId is { } account)
        {
            rows = rows.Where(row => row.Key.AccountId == account);
        }

        rows = asked.Status switch
        {
            Statuses.Published => rows.Where(row =>
                row.Key.Status == Statuses.Published && row.Owner.Status == Statuses.Published && row.Key.DisabledAt == null),
            Statuses.Archived => rows.Where(row =>
                row.Key.Status == Statuses.Published && (row.Owner.Status != Statuses.Published || row.Key.DisabledAt != null)),
            Statuses.Deleted => rows.Where(row => row.Key.Status == Statuses.Deleted),
            _ => rows,
        };
        KeyAttention? attention = null;
        if (asked.Attention == true)
        {
            attention = await KeyAttention.OfTenantAsync(db, caller.TenantId, now, cancellationToken);
            rows = attention.Select(rows);
        }

        return TypedResults.Ok(await rows
            .OrderByDescending(row => row.Key.CreatedAt).ThenByDescending(row => row.Key.Id)
            .PageAsync(
                asked.Limit,
                asked.Offset,
                row => row.Key.ToResponse(row.Owner, now, row.Use) with { Attention = attention?.ReasonsOf(row) },
                cancellationToken));
    }
}

/// <summary>A key with what a list shows of it.</summary>
internal sealed class ListedKey
{
    public required ApiKey Key { get; init; }

    public required Account Owner { get; init; }

    /// <summary>Null when it was never used.</summary>
    public required ApiKeyUse? Use { get; init; }
}
