using Microsoft.AspNetCore.Http.HttpResults;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Accounts;
using Tollgate.Server.Audit;
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
        LoginThrottle throttle,
        Ids ids,
        CancellationToken cancellationToken)
    {
        var known = await db.AccountAsync(caller.TenantId, caller.AccountId, cancellationToken);
        var (email, address) = (known.Email!, AuditActor.AddressOf(context));
        if (throttle.Wait(email, address) is { Ticks: > 0 } wait)
        {
            return Passwords.TooMany(wait);
        }

        if (Passwords.Weakness(body.Value.NewPassword, email) is { } weakness)
        {
            return Problem.Invalid("new_password", weakness);
        }

        if (!await passwords.VerifyAsync(body.Value.CurrentPassword, known.PasswordHash, cancellationToken))
        {
            throttle.Failed(email, address);
            return Problem.Invalid("current_password", "is not the current password.");
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
        await EndSessions.OfAsync(change, directory.SessionsOf(account.Id), cancellationToken);
        change.Record("user.password", "user", account.Id);
        change.Publish(access => access.Put(account));
        var session = await NewSession.BeginAsync(change, directory, account, context, ids, cancellationToken);
        var tenant = await change.Db.TenantAsync(account.TenantId, cancellationToken);
        return await change.SaveAsync(TypedResults.Ok(session.ToLoginResponse(account, tenant, context)), cancellationToken);
    }
}
