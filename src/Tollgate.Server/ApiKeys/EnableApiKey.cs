using Microsoft.AspNetCore.Http.HttpResults;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.ApiKeys;

/// <summary><c>POST /v1/secrets/api/keys/{id}/enable</c>: a disabled key works again. What another disabled, an administrator enables.</summary>
internal static class EnableApiKey
{
    public static void MapEnableApiKey(this Api v1) =>
        v1.Post("/secrets/api/keys/{id}/enable", RouteRule.Requires(Permissions.SecretWrite), HandleAsync);

    private static Task<Results<Ok<SecretResponse>, Problem>> HandleAsync(
        string id,
        HttpContext context,
        AccessGate gate,
        AccessDirectory directory,
        AccessUse use,
        ControlDb db,
        TimeProvider time,
        ControlChanges changes,
        CancellationToken cancellationToken) =>
        ChangeApiKeyState.ChangeAsync(id, disabled: false, context, gate, directory, use, db, time, changes, cancellationToken);
}
