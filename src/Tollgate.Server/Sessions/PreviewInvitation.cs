using Microsoft.AspNetCore.Http.HttpResults;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Accounts;
using Tollgate.Server.Audit;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Sessions;

/// <summary><c>POST /v1/auth/invitations/preview</c>: whom a link is for, so that the page can greet them. Uses nothing up.</summary>
internal static class PreviewInvitation
{
    public static void MapPreviewInvitation(this Api v1) =>
        v1.Post("/auth/invitations/preview", RouteRule.Public("The link is the credential."), HandleAsync);

    private static async Task<Results<Ok<InvitationResponse>, Problem>> HandleAsync(
        Body<PreviewInvitationRequest> body,
        HttpContext context,
        ControlDb db,
        LoginThrottle throttle,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        if (CrossSite.LoginRefusal(context.Request) is { } foreign)
        {
            return foreign;
        }

        var address = AuditActor.AddressOf(context);
        if (throttle.Wait(null, address) is { Ticks: > 0 } wait)
        {
            return Passwords.TooMany(wait);
        }

        if (await PasswordLinks.FindAsync(db, body.Value.Token, time.GetUtcNow(), cancellationToken) is not ({ } link, { } account))
        {
            throttle.Failed(null, address);
            return PasswordLinks.Invalid;
        }

        return TypedResults.Ok(new InvitationResponse
        {
            Purpose = link.Purpose,
            Email = account.Email!,
            Name = account.Name,
            TenantName = (await db.TenantAsync(account.TenantId, cancellationToken)).Name,
            ExpiresAt = link.ExpiresAt,
        });
    }
}
