using Microsoft.AspNetCore.Http.HttpResults;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.ApiKeys;

/// <summary><c>GET /v1/secrets/api/keys/{id}</c></summary>
internal static class GetApiKey
{
    public static void MapGetApiKey(this Api v1) =>
        v1.Get("/secrets/api/keys/{id}", RouteRule.Requires(Permissions.SecretRead), HandleAsync);

    private static async Task<Results<Ok<SecretResponse>, Problem>> HandleAsync(
        string id, Caller caller, ControlDb db, AccessUse use, TimeProvider time, CancellationToken cancellationToken)
    {
        var (key, owner) = await db.ApiKeyAsync(caller, id, cancellationToken);
        return TypedResults.Ok(key.ToResponse(owner, time.GetUtcNow(), await use.OfKeyAsync(db, id, cancellationToken)));
    }
}
