using Microsoft.AspNetCore.Http.HttpResults;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;

namespace Tollgate.Server.Roles;

/// <summary><c>GET /v1/rbac/roles</c>: built-in roles first, then the tenant's own.</summary>
internal static class ListRoles
{
    public static void MapListRoles(this Api v1) =>
        v1.Get("/rbac/roles", RouteRule.AnyPrincipal("What roles there are is no secret within the tenant."), HandleAsync);

    private static Results<Ok<RolesResponse>, Problem> HandleAsync(Query<ListRolesQuery> query, Caller caller, AccessDirectory directory)
    {
        var type = query.Value.UserType;
        return TypedResults.Ok(new RolesResponse
        {
            Roles =
            [
                .. directory.RolesOf(caller.TenantId)
                    .Where(role => type is null || role.AssignableTo.Contains(type))
                    .Select(role => role.ToResponse()),
            ],
        });
    }
}
