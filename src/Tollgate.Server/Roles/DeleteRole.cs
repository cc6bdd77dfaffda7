using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;

namespace Tollgate.Server.Roles;

/// <summary><c>DELETE /v1/rbac/roles/{id}</c>: a role that nobody holds.</summary>
internal static class DeleteRole
{
    public static void MapDeleteRole(this Api v1) => v1.Delete("/rbac/roles/{id}", RouteRule.Administrator(Permissions.RoleWrite), HandleAsync);

    private static async Task<Results<NoContent, Problem>> HandleAsync(
        string id, HttpContext context, ControlChanges changes, CancellationToken cancellationToken)
    {
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

        if (await RolesInUse.HoldersAsync(change.Db, tenantId, id, cancellationToken) is { Count: > 0 } holders)
        {
            return RolesInUse.Refusal(id, holders);
        }

        // A deleted account keeps the role's name for the record; a new role of that name must not give it anything.
        await change.Db.Set<Storage.Control.AccountRole>()
            .Where(held => held.RoleId == id && change.Db.Accounts.Any(account => account.Id == held.AccountId && account.TenantId == tenantId))
            .ExecuteDeleteAsync(cancellationToken);
        change.Db.Roles.Remove(role);
        change.Record("role.delete", "role", role.Id, before: role.ToAudit());
        change.Publish(access => access.PutRoles(tenantId, rows.Where(row => row.Id != id)));
        await change.SaveAsync(cancellationToken);
        return TypedResults.NoContent();
    }
}
