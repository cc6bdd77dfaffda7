using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Tollgate.Server.Hosting;

/// <summary>
/// Texts that the server gives out and takes back: nobody else can read one, change one, or use one for another purpose. What is sealed
/// twice looks different each time, so that two of them can't be compared either.
/// </summary>
internal static class SealedText
{
    private const int NonceLength = 12;
    private const int TagLength = 16;

    public static string Close(byte[] secret, ReadOnlySpan<byte> content, byte[] purpose)
    {
        var closed = new byte[NonceLength + content.Length + TagLength];
        RandomNumberGenerator.Fill(closed.AsSpan(0, NonceLength));
        using var cipher = new AesGcm(secret, TagLength);
        cipher.Encrypt(closed.AsSpan(0, NonceLength), content, closed.AsSpan(NonceLength..^TagLength), closed.AsSpan(^TagLength..), purpose);
        return Base64Url.EncodeToString(closed);
    }

    /// <summary>The content; null when it was not sealed for this purpose, or was changed.</summary>
    public static byte[]? Open(byte[] secret, string text, byte[] purpose)
    {
        var closed = new byte[Base64Url.GetMaxDecodedLength(text.Length)];
        if (!Base64Url.IsValid(text)
            || !Base64Url.TryDecodeFromChars(text, closed, out var length)
            || length < NonceLength + TagLength
            // One text for one content: what differs only in the bits that the coding leaves over is another text.
            || Base64Url.EncodeToString(closed.AsSpan(0, length)) != text)
        {
            return null;
        }

        var content = new byte[length - NonceLength - TagLength];
        using var cipher = new AesGcm(secret, TagLength);
        try
        {
            var tag = length - TagLength;
            cipher.Decrypt(closed.AsSpan(0, NonceLength), closed.AsSpan(NonceLength..tag), closed.AsSpan(tag..length), content, purpose);
            return content;
        }
        catch (AuthenticationTagMismatchException)
        {
            return null;
        }
    }

    /// <summary>A purpose made of parts, none of which can be taken for another.</summary>
    public static byte[] Purpose(params IEnumerable<string?> parts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var part in parts)
        {
            hash.AppendData(BitConverter.GetBytes(part is null ? -1 : Encoding.UTF8.GetByteCount(part)));
            hash.AppendData(Encoding.UTF8.GetBytes(part ?? ""));
        }

        return hash.GetHashAndReset();
    }
}
