using Microsoft.AspNetCore.Http.HttpResults;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Server.Sessions;

namespace Tollgate.Server.Accounts;

/// <summary><c>DELETE /v1/users/{id}/totp</c>: takes a person's second factor away, for one who has lost it. Their sessions end.</summary>
internal static class DeleteUserTotp
{
    public static void MapDeleteUserTotp(this Api v1) =>
        v1.Delete("/users/{id}/totp", RouteRule.Administrator(Permissions.UserWrite), HandleAsync);

    private static async Task<Results<NoContent, Problem>> HandleAsync(
        string id, HttpContext context, AccessDirectory directory, ControlChanges changes, CancellationToken cancellationToken)
    {
        await using var change = await changes.BeginAsync(context, cancellationToken);
        var account = await change.Db.LiveAccountAsync(change.Caller.TenantId, id, cancellationToken);
        if (account.Id == change.Caller.AccountId)
        {
            return new Problem(409, ErrorCodes.Conflict, "Nobody takes away their own second factor like this.")
            {
                Detail = "DELETE /v1/auth/totp asks for the password and a code, or ask another administrator.",
            };
        }

        if (account.SecondFactor is not null)
        {
            await SecondFactors.RemoveAsync(change, account, cancellationToken);
            await EndSessions.OfAsync(change, directory.SessionsOf(account.Id), cancellationToken);
            change.Record("user.totp_disable", "user", account.Id);
            await change.SaveAsync(cancellationToken);
        }

        return TypedResults.NoContent();
    }
}
