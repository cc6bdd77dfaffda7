using Microsoft.AspNetCore.Http.HttpResults;
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
        var (plan, problem) = await RoleChange.CheckAsync(change.Db, directory, change.Caller, id, body.Value.Roles, cancellationToken);
        if (plan is null)
        {
            return problem!;
        }

        var account = plan.Account;
        var affected = await plan.AffectedApiKeysAsync(change.Db, directory, cancellationToken);
        if (!plan.ChangesNothing)
        {
            var before = account.ToAudit();
            account.Roles.RemoveAll(role => !plan.Roles.Contains(role.RoleId));
            account.Roles.AddRange(plan.Roles.Except(account.RoleIds()).Select(role => new AccountRole { AccountId = account.Id, RoleId = role }));
            account.UpdatedAt = change.Now;
            await EndSessions.OfAsync(change, directory.SessionsOf(account.Id), cancellationToken);
            change.Record("user.roles", "user", account.Id, before, account.ToAudit());
            change.Publish(access => access.Put(account));
            change.TakesFrom(directory.FindAccount(account.Id));
            await change.SaveAsync(cancellationToken);
            AcceptedRequest.Tell(await AccessUse.LastAcceptedAsync(change.Db, directory.FindAccount(account.Id)!, cancellationToken), context.Response);
        }

        var tenant = await change.Db.TenantAsync(account.TenantId, cancellationToken);
        return TypedResults.Ok(new UpdatedRolesResponse(account.ToResponse(tenant), affected));
    }
}
