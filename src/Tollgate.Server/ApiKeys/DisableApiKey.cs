using Microsoft.AspNetCore.Http.HttpResults;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.ApiKeys;

/// <summary><c>POST /v1/secrets/api/keys/{id}/disable</c>: the key rests until it is enabled. No request that starts after the answer passes with it.</summary>
internal static class DisableApiKey
{
    public static void MapDisableApiKey(this Api v1) =>
        v1.Post("/secrets/api/keys/{id}/disable", RouteRule.Requires(Permissions.SecretWrite).NeverLimited(), HandleAsync);

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
        ChangeApiKeyState.ChangeAsync(id, disabled: true, context, gate, directory, use, db, time, changes, cancellationToken);
}
