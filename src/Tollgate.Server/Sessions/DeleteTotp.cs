using Microsoft.AspNetCore.Http.HttpResults;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Accounts;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Sessions;

/// <summary><c>DELETE /v1/auth/totp</c>: takes the caller's own second factor away; with none there is nothing to do.</summary>
internal static class DeleteTotp
{
    public static void MapDeleteTotp(this Api v1) =>
        v1.Delete("/auth/totp", RouteRule.Session("People take away their own second factor."), HandleAsync);

    private static async Task<Results<NoContent, Problem>> HandleAsync(
        Body<ProveTotpRequest> body,
        HttpContext context,
        Caller caller,
        ControlDb db,
        ControlChanges changes,
        TotpProof totpProof,
        CancellationToken cancellationToken)
    {
        var known = await db.AccountAsync(caller.TenantId, caller.AccountId, cancellationToken);
        var (proof, refusal) = await totpProof.CheckAsync(context, caller, known, body.Value, cancellationToken);
        if (refusal is not null)
        {
            return refusal;
        }

        await using var change = await changes.BeginAsync(context, cancellationToken);
        var account = await change.Db.LiveAccountAsync(change.Caller.TenantId, change.Caller.AccountId, cancellationToken);
        if (account.SecondFactor is not { } factor)
        {
            return TypedResults.NoContent();
        }

        if (factor.ConfirmedAt is not null && (proof is null || !await SecondFactors.UseAsync(change, factor, proof, cancellationToken)))
        {
            return TotpProof.Wrong(body.Value);
        }

        await SecondFactors.RemoveAsync(change, account, cancellationToken);
        change.Record("user.totp_disable", "user", account.Id);
        await change.SaveAsync(cancellationToken);
        return TypedResults.NoContent();
    }
}
