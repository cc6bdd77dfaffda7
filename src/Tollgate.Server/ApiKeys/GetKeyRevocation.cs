using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.ApiKeys;

/// <summary>
/// <c>GET /v1/secrets/api/keys/{id}/revocation</c>: the moment, who did it, the last request that the key let in before, and who has tried it
/// since.
/// </summary>
internal static class GetKeyRevocation
{
    public static void MapGetKeyRevocation(this Api v1) =>
        v1.Get("/secrets/api/keys/{id}/revocation", RouteRule.Requires(Permissions.SecretRead), HandleAsync);

    private static async Task<Results<Ok<KeyRevocationResponse>, Problem>> HandleAsync(
        string id, Caller caller, ControlDb db, AccessUse use, CancellationToken cancellationToken)
    {
        var (key, _) = await db.ApiKeyAsync(caller, id, cancellationToken);
        var last = AcceptedRequest.Of(await use.OfKeyAsync(db, id, cancellationToken));
        var attempts = await db.ApiKeyAttempts.AsNoTracking()
            .Where(row => row.ApiKeyId == id)
            .OrderByDescending(row => row.LastAt).ThenBy(row => row.Address)
            .ToListAsync(cancellationToken);
        return TypedResults.Ok(new KeyRevocationResponse
        {
            ApiKeyId = key.Id,
            Revoked = key.Status == Statuses.Deleted,
            RevokedAt = key.DeletedAt,
            RevokedBy = key.DeletedBy,
            Reason = key.DeletedReason,
            LastAcceptedRequest = last?.ToResponse(),
            AttemptsSince = attempts.Sum(row => row.Attempts),
            Attempts =
            [
                .. attempts.Select(row => new KeyAttemptsResponse
                {
                    Address = row.Address,
                    Attempts = row.Attempts,
                    FirstAt = row.FirstAt,
                    LastAt = row.LastAt,
                }),
            ],
        });
    }
}
