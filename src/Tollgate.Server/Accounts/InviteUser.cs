using Microsoft.AspNetCore.Http.HttpResults;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Server.Sessions;

namespace Tollgate.Server.Accounts;

/// <summary>
/// <c>POST /v1/users/{id}/invite</c>: a new link for a person to set a password with, an invitation while they have none of their own,
/// else a reset. The older link dies.
/// </summary>
internal static class InviteUser
{
    public static void MapInviteUser(this Api v1) =>
        v1.Post("/users/{id}/invite", RouteRule.Administrator(Permissions.UserWrite), HandleAsync);

    private static async Task<Results<Ok<InviteResponse>, Problem>> HandleAsync(
        string id, HttpContext context, ControlChanges changes, ServerOptions options, CancellationToken cancellationToken)
    {
        await using var change = await changes.BeginAsync(context, cancellationToken);
        var account = await change.Db.LiveAccountAsync(change.Caller.TenantId, id, cancellationToken);
        if (account.Type != AccountTypes.User)
        {
            return Problem.Invalid("id", "names a service account, which never logs in.");
        }

        if (account.Id == change.Caller.AccountId)
        {
            // With a link, whoever has got hold of a session would have the account: nothing would ask for the password.
            return new Problem(409, ErrorCodes.Conflict, "Nobody makes a link for themselves.")
            {
                Detail = "Change the password with POST /v1/auth/password, or ask another administrator.",
            };
        }

        if (account.Status != Statuses.Published)
        {
            return new Problem(409, ErrorCodes.Conflict, "The person is disabled.") { Detail = "Enable the account first." };
        }

        var link = await PasswordLinks.RenewAsync(change, account, context, options, cancellationToken);
        return await change.SaveAsync(TypedResults.Ok(link), cancellationToken);
    }
}
