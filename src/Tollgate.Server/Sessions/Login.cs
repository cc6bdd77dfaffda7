using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Accounts;
using Tollgate.Server.Audit;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Sessions;

/// <summary><c>POST /v1/auth/login</c>: people only. Every failure looks the same, whatever the cause.</summary>
internal static class Login
{
    public static void MapLogin(this Api v1) => v1.Post("/auth/login", RouteRule.Public("Nobody has a session before it."), HandleAsync);

    private static async Task<Results<Ok<LoginResponse>, Problem>> HandleAsync(
        Body<LoginRequest> body,
        HttpContext context,
        ControlDb db,
        AccessDirectory directory,
        ControlChanges changes,
        Passwords passwords,
        LoginThrottle throttle,
        DecisionLog decisions,
        Ids ids,
        CancellationToken cancellationToken)
    {
        if (CrossSite.LoginRefusal(context.Request) is { } foreign)
        {
            return foreign;
        }

        // A text that can't be a login name fails like a name that nobody has: after as long, with the same words.
        if (!EmailAddress.TryCanonical(body.Value.Email, out var email))
        {
            email = "";
        }

        var address = AuditActor.AddressOf(context);
        if (throttle.Wait(email, address) is { Ticks: > 0 } wait)
        {
            return Passwords.TooMany(wait);
        }

        var account = email.Length == 0
            ? null
            : await db.Accounts.AsNoTracking().SingleOrDefaultAsync(
                row => row.Email == email && row.Status == Statuses.Published, cancellationToken);
        if (!await passwords.VerifyAsync(body.Value.Password, account?.PasswordHash, cancellationToken)
            || directory.FindAccount(account!.Id) is not { Rights.Active: true } state)
        {
            throttle.Failed(email, address);
            // Whether there is such a name or not: the answer waits for a record in either case.
            await decisions.RecordFailedLoginAsync(account?.TenantId ?? directory.FirstTenantId, account?.Id, email, context);
            return Failed;
        }

        throttle.Succeeded(email, address);
        if (await BeginAsync(account, state, context, directory, changes, ids, cancellationToken) is { } answer)
        {
            return TypedResults.Ok(answer);
        }

        await decisions.RecordFailedLoginAsync(account.TenantId, account.Id, email, context);
        return Failed;
    }

    private static async Task<LoginResponse?> BeginAsync(
        Account account,
        AccountState state,
        HttpContext context,
        AccessDirectory directory,
        ControlChanges changes,
        Ids ids,
        CancellationToken cancellationToken)
    {
        await using var change = await changes.BeginAsync(account.TenantId, AuditActor.Of(state, context), cancellationToken);
        var row = await change.Db.AccountAsync(account.TenantId, account.Id, cancellationToken);
        if (row.Status != Statuses.Published || row.PasswordHash != account.PasswordHash)
        {
            // Disabled, or given another password, while this login was on its way.
            return null;
        }

        var session = await NewSession.BeginAsync(change, directory, row, context, ids, cancellationToken);
        await change.SaveAsync(cancellationToken);
        var tenant = await change.Db.TenantAsync(row.TenantId, cancellationToken);
        return session.ToLoginResponse(row, tenant, context);
    }

    private static Problem Failed { get; } = new(401, ErrorCodes.LoginFailed, "The e-mail address and the password don't belong together.")
    {
        Error = "Unauthorized",
        Detail = "Only people can log in. Check both and try again.",
    };
}
