using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Sessions;

/// <summary>Asks a person who is logged in for the password and, where there is a second factor, for a code.</summary>
internal sealed class TotpProof(Reauthentication reauthentication, SecondFactors secondFactors)
{
    /// <summary>What the code proves, null without a second factor; or why the request must not go on.</summary>
    public async Task<(SecondFactorProof? Proof, Problem? Refusal)> CheckAsync(
        HttpContext context, Caller caller, Account account, ProveTotpRequest request, CancellationToken cancellationToken)
    {
        if (request is { Code: not null, RecoveryCode: not null })
        {
            return (null, Problem.Invalid("recovery_code", "must be absent when there is a code."));
        }

        if (await reauthentication.CheckAsync(context, caller, account, request.CurrentPassword, cancellationToken) is { } refusal)
        {
            return (null, refusal);
        }

        if (account.SecondFactor is not { ConfirmedAt: not null } factor)
        {
            return (null, null);
        }

        if (request is { Code: null, RecoveryCode: null })
        {
            return (null, Problem.Invalid("code", "is required: the code that the app shows now, or recovery_code in its place."));
        }

        return secondFactors.Judge(factor, request.Code, request.RecoveryCode, onKnownDevice: true) is { } proof
            ? (proof, null)
            : (null, reauthentication.Refuse(context, caller, account, Wrong(request)));
    }

    public static Problem Wrong(ProveTotpRequest request) => request.RecoveryCode is null
        ? Problem.Invalid("code", "is wrong or was used before; each code works once.")
        : Problem.Invalid("recovery_code", "is wrong or was used before.");
}
