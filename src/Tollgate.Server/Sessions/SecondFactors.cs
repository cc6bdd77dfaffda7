using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using OtpNet;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Sessions;

/// <summary>
/// Codes of RFC 6238 (decision 0019): six digits, 30 seconds, SHA-1, which is what every authenticator app speaks. One step of the
/// clock before and after now is taken, and each step once.
/// </summary>
internal sealed class SecondFactors(InstanceKey key, TimeProvider time)
{
    private const int SecretBytes = 20;
    private const int Digits = 6;

    private static readonly VerificationWindow Window = new(previous: 1, future: 1);

    /// <summary>The password was right and a code is needed as well.</summary>
    public static Problem Required { get; } = new(401, ErrorCodes.SecondFactorRequired, "A code of the second factor is needed as well.")
    {
        Error = "Unauthorized",
        Detail = "Send the request again with code, the six digits that the authenticator app shows, or with recovery_code.",
    };

    /// <summary>The password was right and the code was not.</summary>
    public static Problem Failed { get; } = new(401, ErrorCodes.SecondFactorFailed, "The code is wrong or was used before.")
    {
        Error = "Unauthorized",
        Detail = "Each code works once: wait for the next one, and check that the clock of the device is right. A recovery code always does.",
    };

    /// <summary>A new secret, sealed, and what an app is told of it.</summary>
    public (byte[] Sealed, EnrolledTotpResponse Response) NewSecret(string accountId, string email)
    {
        var secret = RandomNumberGenerator.GetBytes(SecretBytes);
        return (key.Seal(secret, accountId), new EnrolledTotpResponse
        {
            Secret = Base32Encoding.ToString(secret),
            OtpauthUri = new OtpUri(OtpType.Totp, secret, email, "Tollgate").ToString(),
        });
    }

    /// <summary>What a code or a recovery code proves, if it is right; whether it is unused too is for <see cref="UseAsync"/> to say.</summary>
    public SecondFactorProof? Judge(SecondFactor factor, string? code, string? recoveryCode, bool onKnownDevice)
    {
        if (recoveryCode is not null)
        {
            return RecoveryCodeText.Digest(recoveryCode) is { } digest ? new SecondFactorProof(null, digest) : null;
        }

        // A guesser who has the password has a hundred tries in all, not a hundred an hour.
        return code is not null
            && (factor.Failures < Limits.MaxSecondFactorFailures || onKnownDevice)
            && StepOf(factor, code) is { } step
            && step > factor.LastStep
            ? new SecondFactorProof(step, null)
            : null;
    }

    /// <summary>Uses a proof up within a change; false when another request was first.</summary>
    public static async Task<bool> UseAsync(
        ControlChange change, SecondFactor factor, SecondFactorProof proof, CancellationToken cancellationToken)
    {
        if (proof.Step is { } step)
        {
            if (step <= factor.LastStep)
            {
                return false;
            }

            factor.LastStep = step;
        }
        else
        {
            var used = await change.Db.RecoveryCodes
                .Where(row => row.AccountId == factor.AccountId && row.Digest == proof.RecoveryDigest)
                .ExecuteDeleteAsync(cancellationToken);
            if (used == 0)
            {
                return false;
            }

            change.Record("user.recovery_code_use", "user", factor.AccountId);
        }

        factor.Failures = 0;
        return true;
    }

    /// <summary>Remembers a wrong code, which must not depend on what the process remembers.</summary>
    public static Task CountFailureAsync(ControlDb db, string accountId, CancellationToken cancellationToken) =>
        db.SecondFactors.Where(row => row.AccountId == accountId)
            .ExecuteUpdateAsync(update => update.SetProperty(row => row.Failures, row => row.Failures + 1), cancellationToken);

    /// <summary>New recovery codes in place of all older ones, within a change.</summary>
    public static async Task<RecoveryCodesResponse> NewRecoveryCodesAsync(
        ControlChange change, string accountId, CancellationToken cancellationToken)
    {
        await change.Db.RecoveryCodes.Where(row => row.AccountId == accountId).ExecuteDeleteAsync(cancellationToken);
        string[] codes = [.. Enumerable.Range(0, Limits.RecoveryCodes).Select(_ => RecoveryCodeText.New())];
        change.Db.RecoveryCodes.AddRange(codes.Select(code => new RecoveryCode
        {
            AccountId = accountId,
            Digest = RecoveryCodeText.Digest(code) ?? throw new InvalidOperationException("A new recovery code has the form of one."),
        }));
        return new RecoveryCodesResponse { RecoveryCodes = codes };
    }

    /// <summary>Takes the second factor away within a change, confirmed or not.</summary>
    public static async Task RemoveAsync(ControlChange change, Account account, CancellationToken cancellationToken)
    {
        await change.Db.RecoveryCodes.Where(row => row.AccountId == account.Id).ExecuteDeleteAsync(cancellationToken);
        if (account.SecondFactor is { } factor)
        {
            change.Db.SecondFactors.Remove(factor);
            account.SecondFactor = null;
        }
    }

    private long? StepOf(SecondFactor factor, string code)
    {
        var digits = string.Concat(code.Where(letter => letter != ' '));
        if (digits.Length != Digits || !digits.All(char.IsAsciiDigit))
        {
            return null;
        }

        var secret = key.Open(factor.Secret, factor.AccountId)
            ?? throw new ProblemException(Problem.Unavailable("The second factor can't be checked: its secret can't be read.") with
            {
                Detail = "Log in with a recovery code, or ask an administrator to take the second factor away.",
            });
        return new Totp(secret).VerifyTotp(time.GetUtcNow().UtcDateTime, digits, out var step, Window) ? step : null;
    }
}

/// <summary>What a right code proves: the step of the clock it belongs to, or the digest of a recovery code.</summary>
internal sealed record SecondFactorProof(long? Step, byte[]? RecoveryDigest);
