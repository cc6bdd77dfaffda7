using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;
using System.Text;
using System.Text.Unicode;
using Microsoft.Net.Http.Headers;

namespace Tollgate.Server.Hosting;

/// <summary>Reads a whole request body: JSON in UTF-8, plain or compressed once, up to a limit that counts what comes out.</summary>
internal static class RequestText
{
    private const int FirstRead = 4096;

    /// <summary>The bytes of the body that was read for this request; none when its handler asks for no body.</summary>
    public static ReadOnlyMemory<byte> Of(HttpContext context) => context.Features.Get<Kept>()?.Text ?? default;

    /// <summary>The bytes of the body, which are kept for <see cref="Of"/>.</summary>
    /// <exception cref="ProblemException">It is of another type, encoding or charset, too large, cut off or not UTF-8.</exception>
    public static async Task<ReadOnlyMemory<byte>> ReadAsync(HttpRequest request, int maxBytes, CancellationToken cancellationToken)
    {
        CheckType(request);
        var encoding = request.Headers.ContentEncoding;
        if (request.ContentLength > maxBytes)
        {
            throw new ProblemException(ErrorAnswers.ForStatus(413));
        }

        var decode = encoding.Count switch
        {
            0 => null,
            1 when encoding[0] is "identity" => null,
            1 when string.Equals(encoding[0], "gzip", StringComparison.OrdinalIgnoreCase) => Gunzip,
            1 when string.Equals(encoding[0], "br", StringComparison.OrdinalIgnoreCase) => (Func<byte[], int, byte[]?>)Unbrotli,
            _ => throw new ProblemException(ErrorAnswers.ForStatus(415)),
        };
        var text = await ReadToEndAsync(request.Body, maxBytes, (int?)request.ContentLength ?? 0, cancellationToken);
        if (decode is not null)
        {
            text = decode(text, maxBytes) ?? throw new ProblemException(Problem.Invalid("body", "is not a whole and valid compressed stream."));
        }

        if (text.AsSpan().StartsWith(Encoding.UTF8.Preamble))
        {
            throw new ProblemException(ErrorAnswers.ForStatus(415));
        }

        if (!Utf8.IsValid(text))
        {
            throw new ProblemException(Problem.Invalid("body", "is not valid UTF-8."));
        }

        request.HttpContext.Features.Set(new Kept(text));
        return text;
    }

    private static void CheckType(HttpRequest request)
    {
        var valid = MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
            && type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase)
            && (!type.Charset.HasValue || type.Charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase)
                || type.Charset.Equals("\"utf-8\"", StringComparison.OrdinalIgnoreCase));
        if (!valid || request.Headers.ContentType.Count > 1)
        {
            throw new ProblemException(ErrorAnswers.ForStatus(415));
        }
    }

    /// <summary>What one whole gzip member holds; null when the bytes are anything else, or more.</summary>
    private static byte[]? Gunzip(byte[] compressed, int maxBytes)
    {
        const int TrailerLength = 8;
        using var source = new MemoryStream(compressed);
        using var stream = new GZipStream(source, CompressionMode.Decompress);
        var text = new ArrayBufferWriter<byte>(Math.Max(FirstRead, compressed.Length));
        try
        {
            int read;
            while ((read = stream.Read(text.GetSpan(FirstRead))) > 0)
            {
                text.Advance(read);
                RefuseBeyond(text.WrittenCount, maxBytes);
            }
        }
        catch (InvalidDataException)
        {
            return null;
        }

        // The stream passes over what follows a member. Only when nothing does, the body ends with the member's checksum and length.
        var trailer = compressed.AsSpan(Math.Max(0, compressed.Length - TrailerLength));
        return trailer.Length == TrailerLength
            && BinaryPrimitives.ReadUInt32LittleEndian(trailer) == Crc32.HashToUInt32(text.WrittenSpan)
            && BinaryPrimitives.ReadInt32LittleEndian(trailer[4..]) == text.WrittenCount
                ? text.WrittenSpan.ToArray()
                : null;
    }

    /// <summary>What one whole brotli stream holds; null when the bytes are anything else, or more.</summary>
    private static byte[]? Unbrotli(byte[] compressed, int maxBytes)
    {
        // Not a using declaration: the decoder is a struct that changes with each call.
        var decoder = new BrotliDecoder();
        try
        {
            var text = new ArrayBufferWriter<byte>(Math.Max(FirstRead, compressed.Length));
            var rest = compressed.AsSpan();
            while (true)
            {
                var status = decoder.Decompress(rest, text.GetSpan(FirstRead), out var consumed, out var written);
                text.Advance(written);
                RefuseBeyond(text.WrittenCount, maxBytes);
                rest = rest[consumed..];
                if (status != OperationStatus.DestinationTooSmall)
                {
                    return status == OperationStatus.Done && rest.IsEmpty ? text.WrittenSpan.ToArray() : null;
                }
            }
        }
        finally
        {
            decoder.Dispose();
        }
    }

    private sealed record Kept(ReadOnlyMemory<byte> Text);

    private static void RefuseBeyond(int length, int maxBytes)
    {
        if (length > maxBytes)
        {
            throw new ProblemException(ErrorAnswers.ForStatus(413));
        }
    }

    private static async Task<byte[]> ReadToEndAsync(Stream body, int maxBytes, int expected, CancellationToken cancellationToken)
    {
        // One byte more than the limit, so that a body of just that length is told from a longer one.
        var buffer = ArrayPool<byte>.Shared.Rent(Math.Min(maxBytes, Math.Max(expected, FirstRead)) + 1);
        try
        {
            var length = 0;
            while (true)
            {
                if (length == buffer.Length)
                {
                    var larger = ArrayPool<byte>.Shared.Rent(buffer.Length * 2);
                    buffer.AsSpan(0, length).CopyTo(larger);
                    ArrayPool<byte>.Shared.Return(buffer);
                    buffer = larger;
                }

                var read = await body.ReadAsync(buffer.AsMemory(length), cancellationToken);
                if (read == 0)
                {
                    return buffer.AsSpan(0, length).ToArray();
                }

                length += read;
                RefuseBeyond(length, maxBytes);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
