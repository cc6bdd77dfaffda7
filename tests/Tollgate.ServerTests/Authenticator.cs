using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Security.Cryptography;
using Tollgate.Contracts;

namespace Tollgate.ServerTests;

/// <summary>
/// An authenticator app, written here from RFC 6238 and RFC 4226, so that the server's library is compared with something else than
/// itself.
/// </summary>
internal sealed class Authenticator(byte[] secret)
{
    private const int StepSeconds = 30;

    /// <summary>The secret as the app was told it.</summary>
    public static byte[] FromBase32(string text)
    {
        const string Alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        var bytes = new List<byte>();
        var (bits, count) = (0, 0);
        foreach (var letter in text.TrimEnd('='))
        {
            bits = ((bits << 5) | Alphabet.IndexOf(letter, StringComparison.Ordinal)) & 0xfff;
            count += 5;
            if (count >= 8)
            {
                count -= 8;
                bytes.Add((byte)(bits >> count));
            }
        }

        return [.. bytes];
    }

    /// <summary>Begins a second factor for the person whose session the client has.</summary>
    public static async Task<Authenticator> EnrollAsync(HttpClient session, string password)
    {
        using var enrolled = await session.PostJsonAsync("/v1/auth/totp/enroll", new { current_password = password });
        return new Authenticator(FromBase32((await enrolled.ReadAsync<EnrolledTotpResponse>(200)).Secret));
    }

    /// <summary>Confirms it; the session goes on under the cookie that comes back.</summary>
    public async Task<(string Cookie, IReadOnlyList<string> RecoveryCodes)> ConfirmAsync(HttpClient session, DateTimeOffset now)
    {
        using var confirmed = await session.PostJsonAsync("/v1/auth/totp/confirm", new { code = CodeAt(now) });
        var codes = (await confirmed.ReadAsync<RecoveryCodesResponse>(200)).RecoveryCodes;
        return (TollgateServer.SessionOf(confirmed), codes);
    }

    // CA5350: SHA-1 is what RFC 6238 and the apps use; its collisions don't matter in an HMAC.
    [SuppressMessage("Security", "CA5350", Justification = "RFC 6238.")]
    public string CodeAt(DateTimeOffset time, int digits = 6)
    {
        Span<byte> counter = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(counter, time.ToUnixTimeSeconds() / StepSeconds);
        var hash = HMACSHA1.HashData(secret, counter);
        var number = BinaryPrimitives.ReadInt32BigEndian(hash.AsSpan(hash[^1] & 15)) & 0x7fffffff;
        return (number % (int)Math.Pow(10, digits)).ToString(CultureInfo.InvariantCulture).PadLeft(digits, '0');
    }
}
