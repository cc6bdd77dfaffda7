using Microsoft.AspNetCore.Http.HttpResults;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.ApiKeys;

/// <summary><c>PUT /v1/secrets/api/keys/{id}</c>: renames a key.</summary>
internal static class UpdateApiKey
{
    public static void MapUpdateApiKey(this Api v1) =>
        v1.Put("/secrets/api/keys/{id}", RouteRule.Requires(Permissions.SecretWrite), HandleAsync);

    private static async Task<Results<Ok<SecretResponse>, Problem>> HandleAsync(
        string id,
        Body<UpdateApiKeyRequest> body,
        HttpContext context,
        ControlDb db,
        AccessUse use,
        TimeProvider time,
        ControlChanges changes,
        CancellationToken cancellationToken)
    {
        ApiKey key;
        Account owner;
        await using (var change = await changes.BeginAsync(context, cancellationToken))
        {
            (key, owner) = await change.Db.ApiKeyAsync(change.Caller, id, cancellationToken);
            if (key.Status == Statuses.Deleted)
            {
                return Problem.NotFound("API key");
            }

            if (key.Name != body.Value.Name)
            {
                var before = key.ToAudit();
                key.Name = body.Value.Name;
                key.UpdatedAt = change.Now;
                change.Record("api_key.update", "api_key", key.Id, before, key.ToAudit());
                await change.SaveAsync(cancellationToken);
            }
        }

        return TypedResults.Ok(key.ToResponse(owner, time.GetUtcNow(), await use.OfKeyAsync(db, id, cancellationToken)));
    }
}
