using Microsoft.AspNetCore.Http.HttpResults;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.ApiKeys;

/// <summary><c>DELETE /v1/secrets/api/keys/{id}</c>: revokes a key. No request that starts after the answer passes with it.</summary>
internal static class DeleteApiKey
{
    public static void MapDeleteApiKey(this Api v1) =>
        v1.Delete("/secrets/api/keys/{id}", RouteRule.Requires(Permissions.SecretWrite), HandleAsync);

    /// <summary>Revokes a live key within a change.</summary>
    public static void Revoke(ControlChange change, ApiKey key)
    {
        var before = key.ToAudit();
        key.Status = Statuses.Deleted;
        key.UpdatedAt = change.Now;
        key.DeletedAt = change.Now;
        key.DeletedBy = change.Caller.AccountId;
        change.Record("api_key.delete", "api_key", key.Id, before, key.ToAudit());
        change.Publish(access => access.Put(key));
    }

    private static async Task<Results<NoContent, Problem>> HandleAsync(
        string id, HttpContext context, ControlChanges changes, CancellationToken cancellationToken)
    {
        await using var change = await changes.BeginAsync(context, cancellationToken);
        var (key, _) = await change.Db.ApiKeyAsync(change.Caller, id, cancellationToken);

        // A second revocation is the same revocation: whoever fears a leak may repeat it until they hear an answer.
        if (key.Status != Statuses.Deleted)
        {
            Revoke(change, key);
            await change.SaveAsync(cancellationToken);
        }

        return TypedResults.NoContent();
    }
}
