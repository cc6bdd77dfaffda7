using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.ApiKeys;

/// <summary><c>GET /v1/secrets/api/keys</c>: newest first, never with a secret.</summary>
internal static class ListApiKeys
{
    public static void MapListApiKeys(this Api v1) =>
        v1.Get("/secrets/api/keys", RouteRule.Requires(Permissions.SecretRead), HandleAsync);

    private static async Task<Results<Ok<ListResponse<SecretResponse>>, Problem>> HandleAsync(
        Query<ListApiKeysQuery> query, Caller caller, ControlDb db, CancellationToken cancellationToken)
    {
        var asked = query.Value;
        var rows = db.ApiKeys.AsNoTracking().VisibleTo(caller)
            .Join(db.Accounts.AsNoTracking(), key => key.AccountId, account => account.Id, (key, account) => new { Key = key, Owner = account });
        if (asked.ServiceAccountId is { } owner)
        {
            rows = rows.Where(row => row.Key.AccountId == owner);
        }

        rows = asked.Status switch
        {
            Statuses.Published => rows.Where(row => row.Key.Status == Statuses.Published && row.Owner.Status == Statuses.Published),
            Statuses.Archived => rows.Where(row => row.Key.Status == Statuses.Published && row.Owner.Status != Statuses.Published),
            Statuses.Deleted => rows.Where(row => row.Key.Status == Statuses.Deleted),
            _ => rows,
        };
        return TypedResults.Ok(await rows
            .OrderByDescending(row => row.Key.CreatedAt).ThenByDescending(row => row.Key.Id)
            .PageAsync(asked.Limit, asked.Offset, row => row.Key.ToResponse(row.Owner), cancellationToken));
    }
}
