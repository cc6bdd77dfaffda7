using Microsoft.AspNetCore.Http.HttpResults;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Accounts;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Environments;

/// <summary><c>GET /v1/tenants/{id}</c>: the caller's own; any other does not exist for it.</summary>
internal static class GetTenant
{
    public static void MapGetTenant(this Api v1) => v1.Get("/tenants/{id}", RouteRule.Requires(Permissions.TenantRead), HandleAsync);

    private static async Task<Results<Ok<TenantResponse>, Problem>> HandleAsync(
        string id, Caller caller, ControlDb db, CancellationToken cancellationToken) =>
        id == caller.TenantId
            ? TypedResults.Ok((await db.TenantAsync(id, cancellationToken)).ToResponse())
            : Problem.NotFound("tenant");
}
