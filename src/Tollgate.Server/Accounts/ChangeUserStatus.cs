using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Accounts;

/// <summary><c>POST /v1/users/{id}/disable</c>: at once its sessions end and its keys do nothing.</summary>
internal static class DisableUser
{
    public static void MapDisableUser(this Api v1) =>
        v1.Post("/users/{id}/disable", RouteRule.Administrator(Permissions.UserWrite).NeverLimited(), HandleAsync);

    private static Task<Results<Ok<UserResponse>, Problem>> HandleAsync(
        string id, HttpContext context, AccessDirectory directory, ControlChanges changes, CancellationToken cancellationToken) =>
        AccountStatus.ChangeAsync(id, Statuses.Archived, "user.disable", context, directory, changes, cancellationToken);
}

/// <summary><c>POST /v1/users/{id}/enable</c>: its keys work again; its sessions stay ended.</summary>
internal static class EnableUser
{
    public static void MapEnableUser(this Api v1) =>
        v1.Post("/users/{id}/enable", RouteRule.Administrator(Permissions.UserWrite), HandleAsync);

    private static Task<Results<Ok<UserResponse>, Problem>> HandleAsync(
        string id, HttpContext context, AccessDirectory directory, ControlChanges changes, CancellationToken cancellationToken) =>
        AccountStatus.ChangeAsync(id, Statuses.Published, "user.enable", context, directory, changes, cancellationToken);
}

/// <summary><c>DELETE /v1/users/{id}</c>: kept for the record, without effect for good; its keys are revoked.</summary>
internal static class DeleteUser
{
    public static void MapDeleteUser(this Api v1) =>
        v1.Delete("/users/{id}", RouteRule.Administrator(Permissions.UserWrite).NeverLimited(), HandleAsync);

    private static async Task<Results<NoContent, Problem>> HandleAsync(
        string id, HttpContext context, AccessDirectory directory, ControlChanges changes, CancellationToken cancellationToken)
    {
        await using var change = await changes.BeginAsync(context, cancellationToken);
        var account = await change.Db.LiveAccountAsync(change.Caller.TenantId, id, cancellationToken);
        if (await LastAdministrator.IsAsync(change.Db, account, cancellationToken))
        {
            return LastAdministrator.Problem;
        }

        await foreach (var key in change.Db.ApiKeys.Where(row => row.AccountId == id && row.Status == Statuses.Published)
            .AsAsyncEnumerable().WithCancellation(cancellationToken))
        {
            ApiKeys.KeyRevocation.Revoke(change, key, "account_deleted");
        }

        await AccountStatus.SetAsync(change, directory, account, Statuses.Deleted, "user.delete", cancellationToken);
        await change.SaveAsync(cancellationToken);
        return TypedResults.NoContent();
    }
}

internal static class AccountStatus
{
    public static async Task<Results<Ok<UserResponse>, Problem>> ChangeAsync(
        string id,
        string status,
        string action,
        HttpContext context,
        AccessDirectory directory,
        ControlChanges changes,
        CancellationToken cancellationToken)
    {
        await using var change = await changes.BeginAsync(context, cancellationToken);
        var account = await change.Db.LiveAccountAsync(change.Caller.TenantId, id, cancellationToken);
        if (status != Statuses.Published && await LastAdministrator.IsAsync(change.Db, account, cancellationToken))
        {
            return LastAdministrator.Problem;
        }

        var tenant = await change.Db.TenantAsync(account.TenantId, cancellationToken);
        if (account.Status == status)
        {
            return TypedResults.Ok(account.ToResponse(tenant));
        }

        await SetAsync(change, directory, account, status, action, cancellationToken);
        return await change.SaveAsync(TypedResults.Ok(account.ToResponse(tenant)), cancellationToken);
    }

    /// <summary>Sets the status within a change; sessions end with every status but the first.</summary>
    public static async Task SetAsync(
        ControlChange change, AccessDirectory directory, Account account, string status, string action, CancellationToken cancellationToken)
    {
        var before = account.ToAudit();
        account.Status = status;
        account.UpdatedAt = change.Now;
        if (status != Statuses.Published)
        {
            await EndSessions.OfAsync(change, directory.SessionsOf(account.Id), cancellationToken);
        }

        change.Record(action, "user", account.Id, before, account.ToAudit());
        change.Publish(access => access.Put(account));
    }
}
