using Microsoft.AspNetCore.Http.HttpResults;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Accounts;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Sessions;

/// <summary>
/// <c>POST /v1/auth/totp/confirm</c>: a first code proves that the app has the secret; from here on a login asks for one. All sessions
/// end, since they were begun without it; this one goes on under a new secret.
/// </summary>
internal static class ConfirmTotp
{
    public static void MapConfirmTotp(this Api v1) =>
        v1.Post("/auth/totp/confirm", RouteRule.Session("People set up their own second factor."), HandleAsync);

    private static async Task<Results<Ok<RecoveryCodesResponse>, Problem>> HandleAsync(
        Body<ConfirmTotpRequest> body,
        HttpContext context,
        Caller caller,
        ControlDb db,
        AccessDirectory directory,
        ControlChanges changes,
        Reauthentication reauthentication,
        SecondFactors secondFactors,
        Ids ids,
        CancellationToken cancellationToken)
    {
        await changes.AnswerRepeatedAsync(context, caller, cancellationToken);
        var known = await db.AccountAsync(caller.TenantId, caller.AccountId, cancellationToken);
        if (known.SecondFactor is not { ConfirmedAt: null } pending)
        {
            return NothingToConfirm;
        }

        if (reauthentication.Wait(context, caller, known) is { } tooMany)
        {
            return tooMany;
        }

        if (secondFactors.Judge(pending, body.Value.Code, recoveryCode: null, onKnownDevice: true) is not { } proof)
        {
            return reauthentication.Refuse(context, caller, known, Problem.Invalid(
                "code", "is not the code that the app shows now; check that the clock of the device is right."));
        }

        await using var change = await changes.BeginAsync(context, cancellationToken);
        var account = await change.Db.LiveAccountAsync(change.Caller.TenantId, change.Caller.AccountId, cancellationToken);
        if (account.SecondFactor is not { ConfirmedAt: null } factor
            || !factor.Secret.AsSpan().SequenceEqual(pending.Secret)
            || !await SecondFactors.UseAsync(change, factor, proof, cancellationToken))
        {
            return NothingToConfirm;
        }

        factor.ConfirmedAt = change.Now;
        var codes = await SecondFactors.NewRecoveryCodesAsync(change, account.Id, cancellationToken);
        await EndSessions.OfAsync(change, directory.SessionsOf(account.Id), cancellationToken);
        change.Record("user.totp_enable", "user", account.Id);
        var session = await NewSession.BeginAsync(change, directory, account, context, ids, cancellationToken);
        var answer = await change.SaveAsync(TypedResults.Ok(codes), cancellationToken);
        SessionCookie.Set(context.Response, session.Secret);
        return answer;
    }

    private static Problem NothingToConfirm { get; } = new(409, ErrorCodes.Conflict, "There is no second factor that waits for its first code.")
    {
        Detail = "Begin with POST /v1/auth/totp/enroll.",
    };
}
