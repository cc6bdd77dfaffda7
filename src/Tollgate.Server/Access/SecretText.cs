using System.Buffers;
using System.Buffers.Binary;
using System.IO.Hashing;
using System.Security.Cryptography;
using System.Text;

namespace Tollgate.Server.Access;

/// <summary>
/// The text of secrets: 256 random bits in base 62. An API key has a prefix that scanners can look for and a checksum, so that junk
/// is refused without touching a table (contract, section 5).
/// </summary>
internal static class SecretText
{
    /// <summary>What every API key begins with.</summary>
    public const string KeyPrefix = "tgsk_";

    /// <summary>How many characters of a key are a piece that it can be recognised by.</summary>
    public const int PieceLength = 8;

    private const int ShortestForeign = 16;
    private const int LongestForeign = 512;
    private const int RandomLength = 43;
    private const int ChecksumLength = 6;
    private const int KeyLength = 5 + RandomLength + ChecksumLength;
    private const string Alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    private static readonly SearchValues<char> Allowed = SearchValues.Create(Alphabet);

    /// <summary>A new API key.</summary>
    public static string NewKey()
    {
        var body = KeyPrefix + NewRandom();
        return body + Checksum(body);
    }

    /// <summary>43 characters that nobody can guess.</summary>
    public static string NewRandom()
    {
        Span<byte> random = stackalloc byte[32];
        RandomNumberGenerator.Fill(random);
        var low = BinaryPrimitives.ReadUInt128LittleEndian(random);
        var high = BinaryPrimitives.ReadUInt128LittleEndian(random[16..]);
        Span<char> text = stackalloc char[RandomLength];
        for (var index = text.Length - 1; index >= 0; index--)
        {
            // One step of long division of the 256-bit number by 62, in 64-bit limbs.
            UInt128 rest = 0;
            (high, rest) = Divide(high, rest);
            (low, rest) = Divide(low, rest);
            text[index] = Alphabet[(int)rest];
        }

        return new string(text);
    }

    /// <summary>Whether the text has the form and the checksum of an API key.</summary>
    public static bool IsKey(string text) =>
        text.Length == KeyLength
        && text.StartsWith(KeyPrefix, StringComparison.Ordinal)
        && text.AsSpan(KeyPrefix.Length).IndexOfAnyExcept(Allowed) < 0
        && text.AsSpan(KeyLength - ChecksumLength).SequenceEqual(Checksum(text.AsSpan(0, KeyLength - ChecksumLength)));

    /// <summary>
    /// Whether the text may be a key that another system made and an administrator imported: of those only the digest is known. What looks
    /// like one of ours must be one.
    /// </summary>
    public static bool MayBeForeign(string text) =>
        text.Length is >= ShortestForeign and <= LongestForeign
        && !text.StartsWith(KeyPrefix, StringComparison.Ordinal)
        && text.AsSpan().IndexOfAnyExceptInRange('!', '~') < 0;

    /// <summary>The first random characters of a key, and its last ones: enough to recognise a piece of one by.</summary>
    public static (string Head, string Tail) Pieces(string key) =>
        (key.Substring(KeyPrefix.Length, PieceLength), key[^PieceLength..]);

    /// <summary>The keys of ours that stand in a text, whatever is around them.</summary>
    public static IEnumerable<string> KeysIn(string text)
    {
        var start = 0;
        while ((start = text.IndexOf(KeyPrefix, start, StringComparison.Ordinal)) >= 0 && start + KeyLength <= text.Length)
        {
            var candidate = text.Substring(start, KeyLength);
            if (IsKey(candidate))
            {
                yield return candidate;
            }

            start += KeyPrefix.Length;
        }
    }

    /// <summary>The part of a key that may be shown.</summary>
    public static string DisplayId(string key) => $"{KeyPrefix}…{key[^4..]}";

    /// <summary>What is stored of a secret and looked up: the SHA-256 of its whole text.</summary>
    public static byte[] Digest(string secret) => SHA256.HashData(Encoding.UTF8.GetBytes(secret));

    private static string Checksum(ReadOnlySpan<char> body)
    {
        Span<byte> bytes = stackalloc byte[KeyLength];
        var length = Encoding.ASCII.GetBytes(body, bytes);
        var crc = Crc32.HashToUInt32(bytes[..length]);
        Span<char> text = stackalloc char[ChecksumLength];
        for (var index = text.Length - 1; index >= 0; index--)
        {
            text[index] = Alphabet[(int)(crc % 62)];
            crc /= 62;
        }

        return new string(text);
    }

    private static (UInt128 Quotient, UInt128 Remainder) Divide(UInt128 number, UInt128 rest)
    {
        var upper = (rest << 64) | (number >> 64);
        var lower = ((upper % 62) << 64) | (ulong)number;
        return (((upper / 62) << 64) | (lower / 62), lower % 62);
    }
}
