using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Accounts;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Sessions;

/// <summary><c>GET /v1/auth/totp</c>: whether the caller's login asks for a code.</summary>
internal static class GetTotp
{
    public static void MapGetTotp(this Api v1) =>
        v1.Get("/auth/totp", RouteRule.Session("People see their own second factor."), HandleAsync);

    private static async Task<Ok<TotpResponse>> HandleAsync(Caller caller, ControlDb db, CancellationToken cancellationToken)
    {
        var account = await db.AccountAsync(caller.TenantId, caller.AccountId, cancellationToken);
        return TypedResults.Ok(new TotpResponse
        {
            Enabled = account.SecondFactor?.ConfirmedAt is not null,
            EnabledAt = account.SecondFactor?.ConfirmedAt,
            RecoveryCodesLeft = await db.RecoveryCodes.CountAsync(row => row.AccountId == account.Id, cancellationToken),
        });
    }
}
