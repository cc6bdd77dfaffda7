using Microsoft.AspNetCore.Http.HttpResults;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Accounts;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Sessions;

/// <summary><c>POST /v1/auth/totp/enroll</c>: a secret for an authenticator app. Nothing asks for a code until one is confirmed.</summary>
internal static class EnrollTotp
{
    public static void MapEnrollTotp(this Api v1) =>
        v1.Post("/auth/totp/enroll", RouteRule.Session("People set up their own second factor."), HandleAsync);

    private static async Task<Results<Ok<EnrolledTotpResponse>, Problem>> HandleAsync(
        Body<EnrollTotpRequest> body,
        HttpContext context,
        Caller caller,
        ControlDb db,
        ControlChanges changes,
        Reauthentication reauthentication,
        SecondFactors secondFactors,
        CancellationToken cancellationToken)
    {
        await changes.AnswerRepeatedAsync(context, caller, cancellationToken);
        var known = await db.AccountAsync(caller.TenantId, caller.AccountId, cancellationToken);
        if (await reauthentication.CheckAsync(context, caller, known, body.Value.CurrentPassword, cancellationToken) is { } refusal)
        {
            return refusal;
        }

        await using var change = await changes.BeginAsync(context, cancellationToken);
        var account = await change.Db.LiveAccountAsync(change.Caller.TenantId, change.Caller.AccountId, cancellationToken);
        if (account.SecondFactor?.ConfirmedAt is not null)
        {
            return new Problem(409, ErrorCodes.Conflict, "There is a second factor already.") { Detail = "Take it away first with DELETE /v1/auth/totp." };
        }

        var (closed, response) = secondFactors.NewSecret(account.Id, account.Email!);
        account.SecondFactor ??= new SecondFactor { AccountId = account.Id, Secret = closed, LastStep = 0 };
        account.SecondFactor.Secret = closed;
        change.Record("user.totp_enroll", "user", account.Id);
        return await change.SaveAsync(TypedResults.Ok(response), cancellationToken);
    }
}
