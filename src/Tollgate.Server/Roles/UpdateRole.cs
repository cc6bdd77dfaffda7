using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;

namespace Tollgate.Server.Roles;

/// <summary><c>PUT /v1/rbac/roles/{id}</c>: replaces one of the tenant's own roles; every account and key that it reaches follows before the answer.</summary>
internal static class UpdateRole
{
    public static void MapUpdateRole(this Api v1) => v1.Put("/rbac/roles/{id}", RouteRule.Administrator(Permissions.RoleWrite), HandleAsync);

    private static async Task<Results<Ok<SingleRoleResponse>, Problem>> HandleAsync(
        string id, Body<UpdateRoleRequest> body, HttpContext context, ControlChanges changes, CancellationToken cancellationToken)
    {
        var errors = new FieldErrors();
        var grants = RoleMapping.ReadGrants(body.Value.Permissions, errors);
        var assignableTo = RoleMapping.ReadAssignableTo(body.Value.AssignableTo, errors);
        if (errors.ToProblem() is { } problem)
        {
            return problem;
        }

        if (RolesInUse.BuiltIn(id) is { } fixedRole)
        {
            return fixedRole;
        }

        await using var change = await changes.BeginAsync(context, cancellationToken);
        var tenantId = change.Caller.TenantId;
        var rows = await change.Db.Roles.Where(row => row.TenantId == tenantId).ToListAsync(cancellationToken);
        if (rows.Find(row => row.Id == id) is not { } role)
        {
            return Problem.NotFound("role");
        }

        var holders = await RolesInUse.HoldersAsync(change.Db, tenantId, id, cancellationToken);
        if (holders.Where(holder => !assignableTo.Contains(holder.Type)).ToList() is { Count: > 0 } left)
        {
            return RolesInUse.Refusal(id, left);
        }

        var before = role.ToAudit();
        role.Name = body.Value.Name;
        role.Description = body.Value.Description ?? "";
        role.Permissions = grants;
        role.AssignableTo = assignableTo;
        role.UpdatedAt = change.Now;
        change.Record("role.update", "role", role.Id, before, role.ToAudit());
        change.Publish(access => access.PutRoles(tenantId, rows));
        await change.SaveAsync(cancellationToken);
        return TypedResults.Ok(new SingleRoleResponse { Role = Role.From(role).ToResponse() });
    }
}
