using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Server.Sessions;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Accounts;

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
        if (account.Status != status)
        {
            await SetAsync(change, directory, account, status, action, cancellationToken);
            await change.SaveAsync(TypedResults.Ok(account.ToResponse(tenant)), cancellationToken);
        }

        if (status != Statuses.Published)
        {
            AcceptedRequest.Tell(await AccessUse.LastAcceptedAsync(change.Db, directory.FindAccount(account.Id)!, cancellationToken), context.Response);
        }

        return TypedResults.Ok(account.ToResponse(tenant));
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
            await PasswordLinks.WithdrawAsync(change, account.Id, cancellationToken);
        }

        if (status == Statuses.Deleted)
        {
            await SecondFactors.RemoveAsync(change, account, cancellationToken);
            await change.Db.KnownDevices.Where(row => row.AccountId == account.Id).ExecuteDeleteAsync(cancellationToken);
        }

        change.Record(action, "user", account.Id, before, account.ToAudit());
        change.Publish(access => access.Put(account));
        change.TakesFrom(directory.FindAccount(account.Id));
    }
}
