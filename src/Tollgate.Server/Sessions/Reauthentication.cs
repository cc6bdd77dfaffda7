using Tollgate.Server.Access;
using Tollgate.Server.Audit;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Sessions;

/// <summary>Asks a person who is logged in for the password once more. Failures count against this session, not against the login.</summary>
internal sealed class Reauthentication(Passwords passwords, LoginThrottle throttle)
{
    /// <summary>Why the request must not go on; null when the password is right.</summary>
    public async Task<Problem?> CheckAsync(
        HttpContext context, Caller caller, Account account, string password, CancellationToken cancellationToken)
    {
        if (Wait(context, caller, account) is { } tooMany)
        {
            return tooMany;
        }

        return await passwords.VerifyAsync(password, account.PasswordHash, cancellationToken)
            ? Wait(context, caller, account)
            : Refuse(context, caller, account, Problem.Invalid("current_password", "is not the current password."));
    }

    /// <summary>The 429 of a session with too many failures; null when there is none.</summary>
    public Problem? Wait(HttpContext context, Caller caller, Account account) =>
        throttle.Wait(account.Email, AuditActor.AddressOf(context), caller.Session!.Id) is { Ticks: > 0 } wait ? Passwords.TooMany(wait) : null;

    /// <summary>Counts a failure and says what to answer.</summary>
    public Problem Refuse(HttpContext context, Caller caller, Account account, Problem problem) =>
        throttle.Failed(account.Email, AuditActor.AddressOf(context), caller.Session!.Id) is { Ticks: > 0 } wait ? Passwords.TooMany(wait) : problem;
}
