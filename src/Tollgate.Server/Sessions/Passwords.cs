using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using NSec.Cryptography;
using Tollgate.Contracts;
using Tollgate.Server.Hosting;

namespace Tollgate.Server.Sessions;

/// <summary>
/// Argon2id through NSec (decision 10), at most two at a time and a short queue: hashing is the cheapest way to bring a small server
/// to its knees, and a login flood must not stop ingest (security 0.11).
/// </summary>
internal sealed class Passwords : IDisposable
{
    // 64 MiB, three passes: 114 ms on a core of the machines we measured; OWASP's floor is 19 MiB and two.
    private const int MemoryKibibytes = 64 * 1024;
    private const int Passes = 3;
    private const int HashBytes = 32;
    private const int SaltBytes = 16;

    private static readonly Argon2id Algorithm = Algorithms(MemoryKibibytes, Passes);

    private readonly SemaphoreSlim _running = new(Limits.MaxPasswordHashes, Limits.MaxPasswordHashes);
    private readonly Lazy<string> _decoy = new(() => Encode(MemoryKibibytes, Passes, new byte[SaltBytes], new byte[HashBytes]));
    private int _waiting;

    /// <summary>The encoded hash of a new password, with a salt of its own.</summary>
    /// <exception cref="ProblemException">429: too many are being hashed.</exception>
    public async Task<string> HashAsync(string password, CancellationToken cancellationToken)
    {
        var salt = RandomNumberGenerator.GetBytes(SaltBytes);
        var hash = await TakeTurnAsync(() => Derive(Algorithm, password, salt), cancellationToken);
        return Encode(MemoryKibibytes, Passes, salt, hash);
    }

    /// <summary>Whether the password is the one that was hashed. Takes as long when there is no hash.</summary>
    /// <exception cref="ProblemException">429: too many are being hashed.</exception>
    public async Task<bool> VerifyAsync(string password, string? encoded, CancellationToken cancellationToken)
    {
        var (memory, passes, salt, expected) = Decode(encoded ?? _decoy.Value);
        var actual = await TakeTurnAsync(() => Derive(Algorithms(memory, passes), password, salt), cancellationToken);
        return CryptographicOperations.FixedTimeEquals(actual, expected) && encoded is not null;
    }

    /// <summary>Whether a hash was made with less work than is done today, so that the next login should make it anew.</summary>
    public static bool IsOutdated(string encoded)
    {
        var (memory, passes, _, _) = Decode(encoded);
        return memory < MemoryKibibytes || passes < Passes;
    }

    public void Dispose() => _running.Dispose();

    private async Task<byte[]> TakeTurnAsync(Func<byte[]> hash, CancellationToken cancellationToken)
    {
        if (Interlocked.Increment(ref _waiting) > Limits.MaxPasswordHashes + Limits.MaxWaitingPasswordHashes)
        {
            Interlocked.Decrement(ref _waiting);
            throw new ProblemException(TooMany(TimeSpan.FromSeconds(1)));
        }

        try
        {
            await _running.WaitAsync(cancellationToken);
            try
            {
                return await Task.Run(hash, CancellationToken.None);
            }
            finally
            {
                _running.Release();
            }
        }
        finally
        {
            Interlocked.Decrement(ref _waiting);
        }
    }

    /// <summary>The 429 of logins.</summary>
    public static Problem TooMany(TimeSpan wait) => new(429, ErrorCodes.TooManyRequests, "Too many logins at once.")
    {
        Error = "Too Many Requests",
        Detail = "Wait for the seconds in Retry-After, then try again.",
        Headers = new Dictionary<string, string>
        {
            ["Retry-After"] = Seconds(wait),
            ["RateLimit"] = $"\"login\";r=0;t={Seconds(wait)}",
            ["RateLimit-Policy"] = string.Create(CultureInfo.InvariantCulture, $"\"login\";q={Limits.FreeLoginFailures};w=3600"),
        },
    };

    private static string Seconds(TimeSpan wait) => Math.Ceiling(Math.Max(1, wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);

    private static Argon2id Algorithms(int memoryKibibytes, int passes) => PasswordBasedKeyDerivationAlgorithm.Argon2id(new Argon2Parameters
    {
        DegreeOfParallelism = 1,
        MemorySize = memoryKibibytes,
        NumberOfPasses = passes,
    });

    private static byte[] Derive(Argon2id algorithm, string password, byte[] salt) =>
        algorithm.DeriveBytes(Encoding.UTF8.GetBytes(password), salt, HashBytes);

    // The usual text form of Argon2 hashes, so that other tools know what it is.
    private static string Encode(int memory, int passes, byte[] salt, byte[] hash) =>
        string.Create(CultureInfo.InvariantCulture, $"$argon2id$v=19$m={memory},t={passes},p=1${Unpadded(salt)}${Unpadded(hash)}");

    private static (int Memory, int Passes, byte[] Salt, byte[] Hash) Decode(string encoded)
    {
        var parts = encoded.Split('$');
        var parameters = parts[3].Split(',').Select(part => int.Parse(part.AsSpan(2), CultureInfo.InvariantCulture)).ToArray();
        return (parameters[0], parameters[1], Padded(parts[4]), Padded(parts[5]));
    }

    private static string Unpadded(byte[] bytes) => Convert.ToBase64String(bytes).TrimEnd('=');

    private static byte[] Padded(string text) => Convert.FromBase64String(text.PadRight((text.Length + 3) / 4 * 4, '='));
}
