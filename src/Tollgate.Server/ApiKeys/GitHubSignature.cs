using System.Security.Cryptography;
using System.Text.Json;
using Tollgate.Server.Hosting;

namespace Tollgate.Server.ApiKeys;

/// <summary>
/// Checks the signatures of GitHub's secret scanning: ECDSA with P-256 and SHA-256 over the bytes of the body, by one of the keys in the
/// configured file, which has the form that GitHub publishes (<c>{"public_keys":[{"key_identifier","key","is_current"}]}</c>).
/// </summary>
internal sealed class GitHubSignature(ServerOptions options) : IDisposable
{
    private readonly Lock _reading = new();
    private volatile Dictionary<string, ECDsa>? _keys;
    private DateTime _readAt;

    /// <summary>Whether reports are received at all.</summary>
    public bool IsConfigured => options.GitHubKeysFile is not null;

    public bool IsValid(string? keyIdentifier, string? signature, ReadOnlySpan<byte> body)
    {
        if (string.IsNullOrEmpty(keyIdentifier) || string.IsNullOrEmpty(signature))
        {
            return false;
        }

        var bytes = new byte[signature.Length];
        if (!Convert.TryFromBase64String(signature, bytes, out var length) || Key(keyIdentifier) is not { } key)
        {
            return false;
        }

        try
        {
            lock (_reading)
            {
                return key.VerifyData(body, bytes.AsSpan(0, length), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);
            }
        }
        catch (CryptographicException)
        {
            // Not the form of a signature at all.
            return false;
        }
    }

    public void Dispose()
    {
        foreach (var key in _keys ?? [])
        {
            key.Value.Dispose();
        }
    }

    /// <summary>The keys of a file.</summary>
    /// <exception cref="ConfigurationException">It can't be read; the message says why.</exception>
    public static Dictionary<string, ECDsa> Read(string file)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(file));
            var keys = new Dictionary<string, ECDsa>(StringComparer.Ordinal);
            foreach (var entry in document.RootElement.GetProperty("public_keys").EnumerateArray())
            {
                var key = ECDsa.Create();
                key.ImportFromPem(entry.GetProperty("key").GetString());
                keys[entry.GetProperty("key_identifier").GetString()!] = key;
            }

            return keys;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException
            or KeyNotFoundException or InvalidOperationException or ArgumentException or CryptographicException)
        {
            throw new ConfigurationException(
                $"The option Leaks:GitHubKeysFile names {file}, which can't be read as GitHub's public keys: {exception.Message.TrimEnd('.')}.");
        }
    }

    /// <summary>The key of this name. An unknown name makes the file be read again, if it is another than it was: keys change.</summary>
    private ECDsa? Key(string identifier)
    {
        lock (_reading)
        {
            if (_keys is not null && _keys.TryGetValue(identifier, out var key))
            {
                return key;
            }

            var file = options.GitHubKeysFile!;
            var writtenAt = File.GetLastWriteTimeUtc(file);
            if (_keys is null || writtenAt != _readAt)
            {
                _readAt = writtenAt;
                try
                {
                    _keys = Read(file);
                }
                catch (ConfigurationException)
                {
                    // It was fine at start and is not now. Whatever is signed by a key of it is not believed until it is mended.
                    _keys ??= [];
                }
            }

            return _keys.GetValueOrDefault(identifier);
        }
    }
}
