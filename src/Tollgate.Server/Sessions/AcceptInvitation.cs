using Microsoft.AspNetCore.Http.HttpResults;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Accounts;
using Tollgate.Server.Audit;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Sessions;

/// <summary>
/// <c>POST /v1/auth/invitations/accept</c>: sets the person's password and uses the link up. It begins no session: the login that
/// follows asks for the second factor where there is one, and so nothing gets around it.
/// </summary>
internal static class AcceptInvitation
{
    public static void MapAcceptInvitation(this Api v1) =>
        v1.Post("/auth/invitations/accept", RouteRule.Public("The link is the credential."), HandleAsync);

    private static async Task<Results<Ok<AcceptedInvitationResponse>, Problem>> HandleAsync(
        Body<AcceptInvitationRequest> body,
        HttpContext context,
        ControlDb db,
        AccessDirectory directory,
        ControlChanges changes,
        Passwords passwords,
        LoginThrottle throttle,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        if (CrossSite.LoginRefusal(context.Request) is { } foreign)
        {
            return foreign;
        }

        var (request, address) = (body.Value, AuditActor.AddressOf(context));
        if (throttle.Wait(null, address) is { Ticks: > 0 } wait)
        {
            return Passwords.TooMany(wait);
        }

        if (await PasswordLinks.FindAsync(db, request.Token, time.GetUtcNow(), cancellationToken) is not ({ } known, { } person)
            || directory.FindAccount(person.Id) is not { } state)
        {
            throttle.Failed(null, address);
            return PasswordLinks.Invalid;
        }

        var tenant = await db.TenantAsync(person.TenantId, cancellationToken);
        if (PasswordRules.Weakness(request.Password, person.Email, person.Name, request.Name, tenant.Name) is { } weakness)
        {
            return Problem.Invalid("password", weakness);
        }

        var hash = await passwords.HashAsync(request.Password, cancellationToken);
        await using var change = await changes.BeginAsync(person.TenantId, AuditActor.Of(state, context), cancellationToken);
        // Whoever is first uses the link up; a second one, or a person who was disabled meanwhile, finds it gone.
        if (await PasswordLinks.FindAsync(change.Db, request.Token, change.Now, cancellationToken) is not (_, { } account))
        {
            return PasswordLinks.Invalid;
        }

        account.PasswordHash = hash;
        account.MustChangePassword = false;
        account.Name = request.Name ?? account.Name;
        account.UpdatedAt = change.Now;
        await PasswordLinks.WithdrawAsync(change, account.Id, cancellationToken);
        await EndSessions.OfAsync(change, directory.SessionsOf(account.Id), cancellationToken);
        change.Record(known.Purpose == LinkPurposes.Invitation ? "user.invite_accept" : "user.password_reset", "user", account.Id);
        change.Publish(access => access.Put(account));
        await change.SaveAsync(cancellationToken);
        return TypedResults.Ok(new AcceptedInvitationResponse
        {
            Email = account.Email!,
            SecondFactor = account.SecondFactor?.ConfirmedAt is not null,
        });
    }
}
