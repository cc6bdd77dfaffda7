using System.Globalization;
using System.Security.Cryptography;
using System.Text.RegularExpressions;

namespace Tollgate.Server.Hosting;

/// <summary>
/// The digests of a body that its sender declares in <c>Content-Digest</c> (RFC 9530): over the bytes on the wire, after any content coding.
/// Every one of a known algorithm must be right.
/// </summary>
internal sealed partial class ContentDigest : IDisposable
{
    public const string Header = "Content-Digest";

    // A base64 of 64 bytes and some unknown ones besides; the header is no place for more.
    private const int MaxLength = 1024;

    private static readonly Dictionary<string, HashAlgorithmName> Known = new(StringComparer.Ordinal)
    {
        ["sha-256"] = HashAlgorithmName.SHA256,
        ["sha-512"] = HashAlgorithmName.SHA512,
    };

    private readonly List<(string Name, byte[] Declared, IncrementalHash Hash)> _digests = [];

    private ContentDigest()
    {
    }

    /// <summary>What the request declares; null when it declares nothing.</summary>
    /// <exception cref="ProblemException">400: malformed, or of unknown algorithms alone.</exception>
    public static ContentDigest? Of(HttpRequest request)
    {
        var header = request.Headers[Header];
        if (header.Count == 0)
        {
            return null;
        }

        var text = string.Join(',', header!);
        var names = new HashSet<string>(StringComparer.Ordinal);
        var digest = new ContentDigest();
        foreach (var item in text.Length > MaxLength ? [""] : text.Split(','))
        {
            var match = Member().Match(item.Trim(' ', '\t'));
            if (!match.Success || !names.Add(match.Groups[1].Value) || !digest.TryAdd(match.Groups[1].Value, match.Groups[2].Value))
            {
                digest.Dispose();
                throw new ProblemException(Problem.Invalid(Header, "must be like sha-256=:BASE64:, each algorithm once."));
            }
        }

        if (digest._digests.Count == 0)
        {
            digest.Dispose();
            throw new ProblemException(Problem.Invalid(Header, $"must have one of the algorithms {string.Join(", ", Known.Keys)}."));
        }

        return digest;
    }

    /// <summary>Takes the next bytes of the wire.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        foreach (var (_, _, hash) in _digests)
        {
            hash.AppendData(bytes);
        }
    }

    /// <summary>The body is complete.</summary>
    /// <exception cref="ProblemException">400: it is another body than the one that was declared.</exception>
    public void Verify()
    {
        foreach (var (name, declared, hash) in _digests)
        {
            if (!hash.GetHashAndReset().AsSpan().SequenceEqual(declared))
            {
                throw new ProblemException(Problem.Invalid(
                    Header, string.Create(CultureInfo.InvariantCulture, $"is not the {name} of the body as it was sent.")));
            }
        }
    }

    public void Dispose()
    {
        foreach (var (_, _, hash) in _digests)
        {
            hash.Dispose();
        }
    }

    private bool TryAdd(string name, string base64)
    {
        if (!Known.TryGetValue(name, out var algorithm))
        {
            return true;
        }

        var declared = new byte[MaxLength];
        var hash = IncrementalHash.CreateHash(algorithm);
        if (!Convert.TryFromBase64String(base64, declared, out var length) || length != hash.HashLengthInBytes)
        {
            hash.Dispose();
            return false;
        }

        _digests.Add((name, declared[..length], hash));
        return true;
    }

    [GeneratedRegex(@"^([a-z*][a-z0-9_.*-]*)=:([A-Za-z0-9+/=]*):\z")]
    private static partial Regex Member();
}
