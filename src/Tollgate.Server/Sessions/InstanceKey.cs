using System.Security.Cryptography;
using System.Text;
using Tollgate.Server.Hosting;

namespace Tollgate.Server.Sessions;

/// <summary>
/// Seals what has to be stored and read again: the secrets of second factors. Its key is a file beside the database and not in it,
/// so that a copy of the database alone gives nothing away.
/// </summary>
internal sealed class InstanceKey(byte[] key)
{
    public const string FileName = "instance.key";

    private const int NonceBytes = 12;
    private const int TagBytes = 16;

    /// <summary>The folder's key; made when nothing was sealed yet.</summary>
    /// <exception cref="ConfigurationException">The file is missing or damaged, and there is something that only it opens.</exception>
    public static async Task<InstanceKey> OpenAsync(string folder, bool somethingIsSealed, CancellationToken cancellationToken)
    {
        var file = Path.Combine(folder, FileName);
        var known = await KeyFile.ReadAsync(file, cancellationToken);
        return known is null && somethingIsSealed
            ? throw new ConfigurationException(
                $"The file {FileName} is missing from {folder} (option Storage:Folder) or damaged, and without it the second factors of people "
                + $"can't be checked. Put it back from a backup; when it is lost, put 32 random bytes in its place, and people log in with recovery codes.")
            : new InstanceKey(known ?? await KeyFile.CreateAsync(file, cancellationToken));
    }

    /// <summary>Seals bytes for one owner: what is copied to another owner's row does not open.</summary>
    public byte[] Seal(byte[] open, string owner)
    {
        var closed = new byte[NonceBytes + open.Length + TagBytes];
        RandomNumberGenerator.Fill(closed.AsSpan(0, NonceBytes));
        using var cipher = new AesGcm(key, TagBytes);
        cipher.Encrypt(
            closed.AsSpan(0, NonceBytes), open, closed.AsSpan(NonceBytes..^TagBytes), closed.AsSpan(^TagBytes..), Encoding.UTF8.GetBytes(owner));
        return closed;
    }

    /// <summary>The bytes; null when another key or another owner sealed them, or they were changed.</summary>
    public byte[]? Open(byte[] closed, string owner)
    {
        if (closed.Length < NonceBytes + TagBytes)
        {
            return null;
        }

        var open = new byte[closed.Length - NonceBytes - TagBytes];
        using var cipher = new AesGcm(key, TagBytes);
        try
        {
            cipher.Decrypt(
                closed.AsSpan(0, NonceBytes), closed.AsSpan(NonceBytes..^TagBytes), closed.AsSpan(^TagBytes..), open, Encoding.UTF8.GetBytes(owner));
            return open;
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
    }
}
