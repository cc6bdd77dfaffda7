using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;

namespace Tollgate.Server.Accounts;

/// <summary><c>DELETE /v1/users/{id}</c>: kept for the record, without effect for good; its keys are revoked.</summary>
internal static class DeleteUser
{
    public static void MapDeleteUser(this Api v1) =>
        v1.Delete("/users/{id}", RouteRule.Administrator(Permissions.UserWrite).NeverLimited(), HandleAsync);

    private static async Task<Results<NoContent, Problem>> HandleAsync(
        string id,
        HttpContext context,
        AccessDirectory directory,
        ControlChanges changes,
        CancellationToken cancellationToken)
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
            ApiKeys.KeyRevocation.Revoke(change, directory, key, "account_deleted");
        }

        await AccountStatus.SetAsync(change, directory, account, Statuses.Deleted, "user.delete", cancellationToken);
        await change.SaveAsync(cancellationToken);
        AcceptedRequest.Tell(await AccessUse.LastAcceptedAsync(change.Db, directory.FindAccount(id)!, cancellationToken), context.Response);
        return TypedResults.NoContent();
    }
}
