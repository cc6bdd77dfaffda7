using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Accounts;
using Tollgate.Server.Audit;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Sessions;

/// <summary>
/// <c>POST /v1/auth/login</c>: people only. Every failure looks the same, whatever the cause, until the password is right; then a person
/// with a second factor is told that a code is missing or wrong.
/// </summary>
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
        SecondFactors secondFactors,
        LoginThrottle throttle,
        DecisionLog decisions,
        Ids ids,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        if (CrossSite.LoginRefusal(context.Request) is { } foreign)
        {
            return foreign;
        }

        if (body.Value is { Code: not null, RecoveryCode: not null })
        {
            return Problem.Invalid("recovery_code", "must be absent when there is a code.");
        }

        // A text that can't be a login name fails like a name that nobody has: after as long, with the same words.
        var email = EmailAddress.TryCanonical(body.Value.Email, out var canonical) ? canonical : "";
        var account = await db.Accounts.AsNoTracking().SingleOrDefaultAsync(
            row => row.Email == email && row.Status == Statuses.Published, cancellationToken);
        var address = AuditActor.AddressOf(context);
        var device = await KnownDevices.FindAsync(db, account?.Id, context.Request, time.GetUtcNow(), cancellationToken);
        if (throttle.Wait(email, address, device) is { Ticks: > 0 } wait)
        {
            return Passwords.TooMany(wait);
        }

        if (!await passwords.VerifyAsync(body.Value.Password, account?.PasswordHash, cancellationToken)
            || directory.FindAccount(account!.Id) is not { Rights.Active: true } state)
        {
            var late = throttle.Failed(email, address, device);
            // Whether there is such a name or not: the answer waits for a record in either case.
            await decisions.RecordFailedLoginAsync(account?.TenantId ?? directory.FirstTenantId, account?.Id, email, context);
            return late > TimeSpan.Zero ? Passwords.TooMany(late) : Failed;
        }

        if (throttle.Wait(email, address, device) is { Ticks: > 0 } since)
        {
            // Others that were sent at the same time have failed meanwhile.
            return Passwords.TooMany(since);
        }

        SecondFactorProof? proof = null;
        if (account.SecondFactor is { ConfirmedAt: not null } factor)
        {
            if (body.Value is { Code: null, RecoveryCode: null })
            {
                await decisions.RecordFailedLoginAsync(account.TenantId, account.Id, email, context, ErrorCodes.SecondFactorRequired);
                return SecondFactors.Required;
            }

            proof = secondFactors.Judge(factor, body.Value.Code, body.Value.RecoveryCode, onKnownDevice: device is not null);
            if (proof is null)
            {
                return await WrongCodeAsync();
            }
        }

        // Made before the change, which nothing else may wait for.
        var rehash = Passwords.IsOutdated(account.PasswordHash!) ? await passwords.HashAsync(body.Value.Password, cancellationToken) : null;
        await using (var change = await changes.BeginAsync(account.TenantId, AuditActor.Of(state, context), cancellationToken))
        {
            var (response, refusal) = await BeginAsync(change, directory, account, proof, rehash, context, ids, cancellationToken);
            if (response is not null)
            {
                throttle.Succeeded(email, address, device);
                return TypedResults.Ok(response);
            }

            if (refusal != SecondFactors.Failed)
            {
                return refusal!;
            }
        }

        return await WrongCodeAsync();

        async Task<Problem> WrongCodeAsync()
        {
            await SecondFactors.CountFailureAsync(db, account.Id, cancellationToken);
            await decisions.RecordFailedLoginAsync(account.TenantId, account.Id, email, context, ErrorCodes.SecondFactorFailed);
            return throttle.Failed(email, address, device) is { Ticks: > 0 } late ? Passwords.TooMany(late) : SecondFactors.Failed;
        }
    }

    /// <summary>Begins the session, if everything that was checked still holds.</summary>
    private static async Task<(LoginResponse? Response, Problem? Refusal)> BeginAsync(
        ControlChange change,
        AccessDirectory directory,
        Account account,
        SecondFactorProof? proof,
        string? rehash,
        HttpContext context,
        Ids ids,
        CancellationToken cancellationToken)
    {
        var row = await change.Db.AccountAsync(account.TenantId, account.Id, cancellationToken);
        if (row.Status != Statuses.Published || row.PasswordHash != account.PasswordHash)
        {
            // Disabled, or given another password, while this login was on its way.
            return (null, Failed);
        }

        if (row.SecondFactor is { ConfirmedAt: not null } factor)
        {
            if (proof is null)
            {
                return (null, SecondFactors.Required);
            }

            if (!await SecondFactors.UseAsync(change, factor, proof, cancellationToken))
            {
                return (null, SecondFactors.Failed);
            }
        }

        row.PasswordHash = rehash ?? row.PasswordHash;
        var device = await KnownDevices.RememberAsync(change, row.Id, context.Request, cancellationToken);
        var session = await NewSession.BeginAsync(change, directory, row, context, ids, cancellationToken);
        await change.SaveAsync(cancellationToken);
        KnownDevices.SetCookie(context.Response, device);
        var tenant = await change.Db.TenantAsync(row.TenantId, cancellationToken);
        return (session.ToLoginResponse(row, tenant, context), null);
    }

    private static Problem Failed { get; } = new(401, ErrorCodes.LoginFailed, "The e-mail address and the password don't belong together.")
    {
        Error = "Unauthorized",
        Detail = "Only people can log in. Check both and try again.",
    };
}
