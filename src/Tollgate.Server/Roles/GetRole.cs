using Microsoft.AspNetCore.Http.HttpResults;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;

namespace Tollgate.Server.Roles;

/// <summary><c>GET /v1/rbac/roles/{id}</c></summary>
internal static class GetRole
{
    public static void MapGetRole(this Api v1) =>
        v1.Get("/rbac/roles/{id}", RouteRule.AnyPrincipal("What roles there are is no secret within the tenant."), HandleAsync);

    private static Results<Ok<SingleRoleResponse>, Problem> HandleAsync(string id, Caller caller, AccessDirectory directory) =>
        directory.FindRole(caller.TenantId, id) is { } role
            ? TypedResults.Ok(new SingleRoleResponse { Role = role.ToResponse() })
            : Problem.NotFound("role");
}
