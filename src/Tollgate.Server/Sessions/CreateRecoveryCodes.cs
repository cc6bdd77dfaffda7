using Microsoft.AspNetCore.Http.HttpResults;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Accounts;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Sessions;

/// <summary><c>POST /v1/auth/totp/recovery-codes</c>: a new set; the older codes no longer work.</summary>
internal static class CreateRecoveryCodes
{
    public static void MapCreateRecoveryCodes(this Api v1) =>
        v1.Post("/auth/totp/recovery-codes", RouteRule.Session("People renew their own recovery codes."), HandleAsync);

    private static async Task<Results<Ok<RecoveryCodesResponse>, Problem>> HandleAsync(
        Body<ProveTotpRequest> body,
        HttpContext context,
        Caller caller,
        ControlDb db,
        ControlChanges changes,
        TotpProof totpProof,
        CancellationToken cancellationToken)
    {
        await changes.AnswerRepeatedAsync(context, caller, cancellationToken);
        var known = await db.AccountAsync(caller.TenantId, caller.AccountId, cancellationToken);
        var (proof, refusal) = await totpProof.CheckAsync(context, caller, known, body.Value, cancellationToken);
        if (refusal is not null)
        {
            return refusal;
        }

        await using var change = await changes.BeginAsync(context, cancellationToken);
        var account = await change.Db.LiveAccountAsync(change.Caller.TenantId, change.Caller.AccountId, cancellationToken);
        if (account.SecondFactor is not { ConfirmedAt: not null } factor || proof is null)
        {
            return new Problem(409, ErrorCodes.Conflict, "There is no second factor.") { Detail = "Begin with POST /v1/auth/totp/enroll." };
        }

        if (!await SecondFactors.UseAsync(change, factor, proof, cancellationToken))
        {
            return TotpProof.Wrong(body.Value);
        }

        var codes = await SecondFactors.NewRecoveryCodesAsync(change, account.Id, cancellationToken);
        change.Record("user.recovery_codes", "user", account.Id);
        return await change.SaveAsync(TypedResults.Ok(codes), cancellationToken);
    }
}
