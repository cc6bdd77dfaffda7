using Microsoft.AspNetCore.Http.HttpResults;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Accounts;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Sessions;

/// <summary>
/// <c>POST /v1/auth/password</c>: changes the caller's own password. All sessions end, this one too, which goes on under a new secret.
/// </summary>
internal static class ChangePassword
{
    public static void MapChangePassword(this Api v1) =>
        v1.Post("/auth/password", RouteRule.Session("People change their own password."), HandleAsync);

    private static async Task<Results<Ok<LoginResponse>, Problem>> HandleAsync(
        Body<ChangePasswordRequest> body,
        HttpContext context,
        Caller caller,
        ControlDb db,
        AccessDirectory directory,
        ControlChanges changes,
        Passwords passwords,
        Reauthentication reauthentication,
        Ids ids,
        CancellationToken cancellationToken)
    {
        var known = await db.AccountAsync(caller.TenantId, caller.AccountId, cancellationToken);
        var tenant = await db.TenantAsync(caller.TenantId, cancellationToken);
        if (PasswordRules.Weakness(body.Value.NewPassword, known.Email, known.Name, tenant.Name) is { } weakness)
        {
            return Problem.Invalid("new_password", weakness);
        }

        if (await reauthentication.CheckAsync(context, caller, known, body.Value.CurrentPassword, cancellationToken) is { } refusal)
        {
            return refusal;
        }

        if (body.Value.NewPassword == body.Value.CurrentPassword)
        {
            return Problem.Invalid("new_password", "must be another password than the current one.");
        }

        var hash = await passwords.HashAsync(body.Value.NewPassword, cancellationToken);
        await using var change = await changes.BeginAsync(context, cancellationToken);
        var account = await change.Db.LiveAccountAsync(change.Caller.TenantId, change.Caller.AccountId, cancellationToken);
        if (account.PasswordHash != known.PasswordHash)
        {
            return new Problem(409, ErrorCodes.Conflict, "The password was changed by another request meanwhile.");
        }

        account.PasswordHash = hash;
        account.MustChangePassword = false;
        account.UpdatedAt = change.Now;
        await PasswordLinks.WithdrawAsync(change, account.Id, cancellationToken);
        await EndSessions.OfAsync(change, directory.SessionsOf(account.Id), cancellationToken);
        change.Record("user.password", "user", account.Id);
        change.Publish(access => access.Put(account));
        var session = await NewSession.BeginAsync(change, directory, account, context, ids, cancellationToken);
        return await change.SaveAsync(TypedResults.Ok(session.ToLoginResponse(account, tenant, context)), cancellationToken);
    }
}
