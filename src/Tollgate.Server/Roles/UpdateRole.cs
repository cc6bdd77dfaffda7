using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Accounts;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Roles;

/// <summary><c>PUT /v1/rbac/roles/{id}</c>: replaces one of the tenant's own roles; every account and key that it reaches follows before the answer.</summary>
internal static class UpdateRole
{
    public static void MapUpdateRole(this Api v1) => v1.Put("/rbac/roles/{id}", RouteRule.Administrator(Permissions.RoleWrite), HandleAsync);

    private static async Task<Results<Ok<UpdatedRoleResponse>, Problem>> HandleAsync(
        string id,
        Body<UpdateRoleRequest> body,
        HttpContext context,
        AccessDirectory directory,
        ControlChanges changes,
        CancellationToken cancellationToken)
    {
        var errors = new FieldErrors();
        RoleMapping.CheckName(body.Value.Name, errors);
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

        // To take away is free; what is added the caller must hold.
        var added = PermissionSet.OfGrants(grants).Except(PermissionSet.OfGrants(role.Permissions));
        if (!Grants.Covers(change.Caller.Permissions, added))
        {
            return Grants.WouldEscalate(change.Caller.Permissions, added);
        }

        var holders = await RolesInUse.HoldersAsync(change.Db, tenantId, id, cancellationToken);
        if (holders.Where(holder => !assignableTo.Contains(holder.Type)).ToList() is { Count: > 0 } left)
        {
            return RolesInUse.Refusal(id, left);
        }

        var before = role.ToAudit();
        if (!Set(role, body.Value, grants, assignableTo))
        {
            return TypedResults.Ok(new UpdatedRoleResponse { Role = Role.From(role).ToResponse(), AffectedAccounts = [], AffectedApiKeys = [] });
        }

        role.UpdatedAt = change.Now;
        var answer = await AnswerAsync(change.Db, directory, role, rows, holders, cancellationToken);
        change.Record("role.update", "role", role.Id, before, role.ToAudit());
        change.Publish(access => access.PutRoles(tenantId, rows));
        await change.SaveAsync(cancellationToken);
        return TypedResults.Ok(answer);
    }

    /// <summary>Whether anything of the role is another than before.</summary>
    private static bool Set(CustomRole role, UpdateRoleRequest request, IReadOnlyList<string> grants, IReadOnlyList<string> assignableTo)
    {
        var description = request.Description ?? "";
        if (role.Name == request.Name && role.Description == description
            && role.Permissions.SequenceEqual(grants) && role.AssignableTo.SequenceEqual(assignableTo))
        {
            return false;
        }

        role.Name = request.Name;
        role.Description = description;
        role.Permissions = grants;
        role.AssignableTo = assignableTo;
        return true;
    }

    /// <summary>What the change does to the accounts that hold the role, and to their keys.</summary>
    private static async Task<UpdatedRoleResponse> AnswerAsync(
        ControlDb db,
        AccessDirectory directory,
        CustomRole role,
        IReadOnlyList<CustomRole> rows,
        IReadOnlyList<Account> holders,
        CancellationToken cancellationToken)
    {
        IReadOnlyList<Role> after = [.. Role.BuiltInOnes, .. rows.Select(Role.From)];
        var held = holders.ToDictionary(
            holder => holder.Id,
            holder => (
                Before: directory.Compile(role.TenantId, holder.Type, holder.RoleIds()),
                After: AccessDirectory.Compile(after, holder.Type, holder.RoleIds())),
            StringComparer.Ordinal);
        var keys = db.ApiKeys.Where(key => key.TenantId == role.TenantId
            && db.Set<AccountRole>().Any(holding => holding.AccountId == key.AccountId && holding.RoleId == role.Id));
        return new UpdatedRoleResponse
        {
            Role = Role.From(role).ToResponse(),
            AffectedAccounts =
            [
                .. holders.Select(holder => new AffectedAccountResponse
                    {
                        Id = holder.Id,
                        Type = holder.Type,
                        Name = holder.Name,
                        Lost = held[holder.Id].Before.Except(held[holder.Id].After).Names,
                        Gained = held[holder.Id].After.Except(held[holder.Id].Before).Names,
                    })
                    .Where(account => account.Lost.Count + account.Gained.Count > 0),
            ],
            AffectedApiKeys = await AffectedApiKeys.OfAsync(keys, directory, held, cancellationToken),
        };
    }
}
