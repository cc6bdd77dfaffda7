using Microsoft.AspNetCore.Http.HttpResults;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.ApiKeys;

/// <summary><c>GET /v1/secrets/api/keys/{id}/usage</c>: what the key was let into and refused, by permission and by day. A key may ask for itself.</summary>
internal static class GetKeyUsage
{
    private const int DefaultDays = 30;

    public static void MapGetKeyUsage(this Api v1) => v1.Get(
        "/secrets/api/keys/{id}/usage", RouteRule.KeyItselfOr(Permissions.SecretRead), HandleAsync);

    private static async Task<Results<Ok<KeyUsageResponse>, Problem>> HandleAsync(
        string id,
        Query<KeyUsageQuery> query,
        Caller caller,
        ControlDb db,
        AccessUse use,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        var (key, owner) = await db.ApiKeyAsync(caller, id, cancellationToken);
        var days = query.Value.Days ?? DefaultDays;
        var calls = (await use.OfAccountAsync(db, owner.Id, time.GetUtcNow().AddDays(1 - days), cancellationToken))
            .Where(call => call.ApiKeyId == key.Id)
            .ToList();
        return TypedResults.Ok(new KeyUsageResponse
        {
            ApiKeyId = key.Id,
            Days = days,
            Accepted = calls.Sum(call => call.Accepted),
            Denied = calls.Sum(call => call.Denied),
            ByPermission =
            [
                .. calls.GroupBy(call => call.Permission).OrderBy(group => group.Key, StringComparer.Ordinal)
                    .Select(group => new KeyUsageOfPermissionResponse
                    {
                        Permission = group.Key.Length == 0 ? null : group.Key,
                        Accepted = group.Sum(call => call.Accepted),
                        Denied = group.Sum(call => call.Denied),
                    }),
            ],
            ByDay =
            [
                .. calls.GroupBy(call => call.Day).OrderByDescending(group => group.Key)
                    .Select(group => new KeyUsageOfDayResponse
                    {
                        Day = DateTimeOffset.UnixEpoch.AddDays(group.Key),
                        Accepted = group.Sum(call => call.Accepted),
                        Denied = group.Sum(call => call.Denied),
                    }),
            ],
        });
    }
}
