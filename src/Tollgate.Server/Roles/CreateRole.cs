using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Roles;

/// <summary><c>POST /v1/rbac/roles</c>: a role of the tenant's own.</summary>
internal static class CreateRole
{
    public static void MapCreateRole(this Api v1) => v1.Post("/rbac/roles", RouteRule.Administrator(Permissions.RoleWrite), HandleAsync);

    private static async Task<Results<Created<SingleRoleResponse>, Problem>> HandleAsync(
        Body<CreateRoleRequest> body, HttpContext context, AccessDirectory directory, ControlChanges changes, CancellationToken cancellationToken)
    {
        var request = body.Value;
        var errors = new FieldErrors();
        errors.Demand(RoleMapping.ValidId().IsMatch(request.Id), "id", "must be 2 to 64 of a-z, 0-9 and _, beginning with a letter.");
        RoleMapping.CheckName(request.Name, errors);
        var grants = RoleMapping.ReadGrants(request.Permissions, errors);
        var assignableTo = RoleMapping.ReadAssignableTo(request.AssignableTo, errors);
        if (errors.ToProblem() is { } problem)
        {
            return problem;
        }

        await using var change = await changes.BeginAsync(context, cancellationToken);
        var tenantId = change.Caller.TenantId;
        // An administrator by a key that was made with less gives no more than that key has.
        var granted = PermissionSet.OfGrants(grants);
        if (!Grants.Covers(change.Caller.Permissions, granted))
        {
            return Grants.WouldEscalate(change.Caller.Permissions, granted);
        }

        if (directory.FindRole(tenantId, request.Id) is not null)
        {
            return new Problem(409, ErrorCodes.AlreadyExists, $"There is a role {request.Id} already.");
        }

        var rows = await change.Db.Roles.Where(row => row.TenantId == tenantId).ToListAsync(cancellationToken);
        if (rows.Count >= Limits.MaxRolesPerTenant)
        {
            return new Problem(409, ErrorCodes.Conflict, $"The tenant has {Limits.MaxRolesPerTenant} roles of its own, which is the limit.");
        }

        var role = new CustomRole
        {
            TenantId = tenantId,
            Id = request.Id,
            Name = request.Name,
            Description = request.Description ?? "",
            Permissions = grants,
            AssignableTo = assignableTo,
            CreatedAt = change.Now,
            UpdatedAt = change.Now,
        };
        change.Db.Roles.Add(role);
        change.Record("role.create", "role", role.Id, after: role.ToAudit());
        change.Publish(access => access.PutRoles(tenantId, [.. rows, role]));
        return await change.SaveAsync(
            TypedResults.Created($"/v1/rbac/roles/{role.Id}", new SingleRoleResponse { Role = Role.From(role).ToResponse() }), cancellationToken);
    }
}
