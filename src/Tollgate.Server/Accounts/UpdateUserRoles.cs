using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Accounts;

/// <summary><c>PUT /v1/users/{id}/roles</c>: replaces an account's roles. Its keys follow before the answer is sent, its sessions end.</summary>
internal static class UpdateUserRoles
{
    public static void MapUpdateUserRoles(this Api v1) =>
        v1.Put("/users/{id}/roles", RouteRule.Administrator(Permissions.UserWrite), HandleAsync);

    private static async Task<Results<Ok<UpdatedRolesResponse>, Problem>> HandleAsync(
        string id,
        Body<UpdateUserRolesRequest> body,
        HttpContext context,
        AccessDirectory directory,
        ControlChanges changes,
        CancellationToken cancellationToken)
    {
        await using var change = await changes.BeginAsync(context, cancellationToken);
        var account = await change.Db.LiveAccountAsync(change.Caller.TenantId, id, cancellationToken);
        if (account.Id == change.Caller.AccountId)
        {
            return new Problem(409, ErrorCodes.Conflict, "Nobody changes their own roles.") { Detail = "Ask another administrator." };
        }

        var (roles, refusal) = RoleAssignment.Check(directory, change.Caller, account.Type, body.Value.Roles);
        if (refusal is not null)
        {
            return refusal;
        }

        if (!roles.Contains(BuiltInRoles.SuperAdmin) && await LastAdministrator.IsAsync(change.Db, account, cancellationToken))
        {
            return LastAdministrator.Problem;
        }

        var before = account.ToAudit();
        var held = directory.Compile(account.TenantId, account.Type, account.RoleIds());
        account.Roles.RemoveAll(role => !roles.Contains(role.RoleId));
        account.Roles.AddRange(roles.Except(account.RoleIds()).Select(role => new AccountRole { AccountId = account.Id, RoleId = role }));
        account.UpdatedAt = change.Now;
        var holds = directory.Compile(account.TenantId, account.Type, roles);
        var affected = await AffectedAsync(change.Db, directory, account, held, holds, cancellationToken);
        await EndSessions.OfAsync(change, directory.SessionsOf(account.Id), cancellationToken);
        change.Record("user.roles", "user", account.Id, before, account.ToAudit());
        change.Publish(access => access.Put(account));
        change.TakesFrom(directory.FindAccount(account.Id));
        await change.SaveAsync(cancellationToken);
        var tenant = await change.Db.TenantAsync(account.TenantId, cancellationToken);
        return TypedResults.Ok(new UpdatedRolesResponse(account.ToResponse(tenant), affected));
    }

    private static async Task<IReadOnlyList<AffectedApiKeyResponse>> AffectedAsync(
        ControlDb db, AccessDirectory directory, Account account, PermissionSet held, PermissionSet holds, CancellationToken cancellationToken)
    {
        var keys = await db.ApiKeys.AsNoTracking()
            .Where(key => key.AccountId == account.Id && key.Status == Statuses.Published)
            .OrderBy(key => key.Id)
            .ToListAsync(cancellationToken);
        return
        [
            .. keys.Select(key => (Key: key, Snapshot: directory.SnapshotOf(key)))
                .Select(key => new AffectedApiKeyResponse
                {
                    Id = key.Key.Id,
                    Name = key.Key.Name,
                    DisplayId = key.Key.DisplayId,
                    Lost = (key.Snapshot & held).Except(holds).Names,
                    Regained = (key.Snapshot & holds).Except(held).Names,
                    NotGained = holds.Except(held).Except(key.Snapshot).Names,
                })
                .Where(key => key.Lost.Count + key.Regained.Count + key.NotGained.Count > 0),
        ];
    }
}
