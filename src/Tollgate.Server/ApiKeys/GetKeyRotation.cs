using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.ApiKeys;

/// <summary>
/// <c>GET /v1/secrets/api/keys/{id}/rotation</c>, by the id of either key: whether, when and from where the old key is still seen, so that it
/// is revoked (<c>DELETE</c>) when nobody uses it and not before.
/// </summary>
internal static class GetKeyRotation
{
    public static void MapGetKeyRotation(this Api v1) =>
        v1.Get("/secrets/api/keys/{id}/rotation", RouteRule.Requires(Permissions.SecretRead), HandleAsync);

    private static async Task<Results<Ok<KeyRotationResponse>, Problem>> HandleAsync(
        string id, Caller caller, ControlDb db, AccessUse use, TimeProvider time, CancellationToken cancellationToken)
    {
        var (asked, owner) = await db.ApiKeyAsync(caller, id, cancellationToken);
        var (oldId, newId) = asked.RotatedTo is not null ? (asked.Id, asked.RotatedTo) : (asked.RotatedFrom, asked.Id);
        if (oldId is null)
        {
            return new Problem(409, ErrorCodes.Conflict, "The key neither was rotated nor came from a rotation.")
            {
                Detail = "POST /v1/secrets/api/keys/{id}/rotate begins one.",
            };
        }

        var now = time.GetUtcNow();
        var oldUse = await use.OfKeyAsync(db, oldId, cancellationToken);
        var newUse = await use.OfKeyAsync(db, newId, cancellationToken);
        var old = await db.ApiKeys.AsNoTracking().SingleAsync(key => key.Id == oldId, cancellationToken);
        var made = await db.ApiKeys.AsNoTracking().SingleAsync(key => key.Id == newId, cancellationToken);
        var lastOfOld = AcceptedRequest.Of(oldUse);
        return TypedResults.Ok(new KeyRotationResponse
        {
            Old = old.ToResponse(owner, now, oldUse),
            New = made.ToResponse(owner, now, newUse),
            StartedAt = made.CreatedAt,
            OverlapEndsAt = old.DeletedAt ?? old.ExpiresAt,
            OldLastAccepted = lastOfOld?.At >= made.CreatedAt ? lastOfOld.ToResponse() : null,
            NewUsed = newUse is not null,
            Finished = old.StateAt(now, owner) != "rotating",
        });
    }
}
