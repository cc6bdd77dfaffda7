using Microsoft.AspNetCore.Http.HttpResults;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.ApiKeys;

/// <summary>
/// <c>DELETE /v1/secrets/api/keys/{id}</c>: revokes a key. No request that starts after the answer passes with it, and what was let in before
/// has stored what it had to; the headers of the answer name the last one.
/// </summary>
internal static class DeleteApiKey
{
    public static void MapDeleteApiKey(this Api v1) =>
        v1.Delete("/secrets/api/keys/{id}", RouteRule.Requires(Permissions.SecretWrite).NeverLimited(), HandleAsync);

    private static async Task<Results<NoContent, Problem>> HandleAsync(
        string id,
        HttpContext context,
        ControlDb db,
        AccessDirectory directory,
        AccessUse use,
        ControlChanges changes,
        CancellationToken cancellationToken)
    {
        string ownerId;
        await using (var change = await changes.BeginAsync(context, cancellationToken))
        {
            var (key, owner) = await change.Db.ApiKeyAsync(change.Caller, id, cancellationToken);
            ownerId = owner.Id;

            // A second revocation is the same revocation: whoever fears a leak may repeat it until they hear an answer.
            if (key.Status != Statuses.Deleted)
            {
                KeyRevocation.Revoke(change, directory, key, "revoked");
                await change.SaveAsync(cancellationToken);
            }
        }

        await KeyRevocation.TellAsync(directory.FindAccount(ownerId)!, id, db, use, context, cancellationToken);
        return TypedResults.NoContent();
    }
}
