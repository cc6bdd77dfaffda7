using System.Buffers;
using System.IO.Compression;
using System.Text;
using System.Text.Unicode;
using Microsoft.Net.Http.Headers;

namespace Tollgate.Server.Hosting;

/// <summary>Reads a whole request body: JSON in UTF-8, plain or compressed once, up to a limit that counts what comes out.</summary>
internal static class RequestText
{
    private const int FirstRead = 4096;

    /// <summary>The bytes of the body.</summary>
    /// <exception cref="ProblemException">It is of another type, encoding or charset, too large, cut off or not UTF-8.</exception>
    public static async Task<ReadOnlyMemory<byte>> ReadAsync(HttpRequest request, int maxBytes, CancellationToken cancellationToken)
    {
        CheckType(request);
        var encoding = request.Headers.ContentEncoding;
        if (request.ContentLength > maxBytes)
        {
            throw new ProblemException(ErrorAnswers.ForStatus(413));
        }

        // What follows the end of a gzip stream is passed over by the decoder; the last bytes that came tell whether anything did.
        await using var tail = new TailStream(request.Body);
        await using var decoded = encoding.Count switch
        {
            0 => null,
            1 when encoding[0] is "identity" => null,
            1 when string.Equals(encoding[0], "gzip", StringComparison.OrdinalIgnoreCase) => (Stream)new GZipStream(tail, CompressionMode.Decompress),
            1 when string.Equals(encoding[0], "br", StringComparison.OrdinalIgnoreCase) => new BrotliStream(request.Body, CompressionMode.Decompress),
            _ => throw new ProblemException(ErrorAnswers.ForStatus(415)),
        };
        byte[] text;
        try
        {
            text = await ReadToEndAsync(decoded ?? request.Body, maxBytes, (int?)request.ContentLength ?? 0, cancellationToken);
            if (decoded is GZipStream)
            {
                await tail.CheckGzipEndAsync(text, cancellationToken);
            }
        }
        catch (Exception exception) when (decoded is not null && exception is InvalidDataException or InvalidOperationException)
        {
            throw new ProblemException(Problem.Invalid("body", "is not a whole and valid compressed stream."));
        }

        if (text.AsSpan().StartsWith(Encoding.UTF8.Preamble))
        {
            throw new ProblemException(ErrorAnswers.ForStatus(415));
        }

        if (!Utf8.IsValid(text))
        {
            throw new ProblemException(Problem.Invalid("body", "is not valid UTF-8."));
        }

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
                if (length > maxBytes)
                {
                    throw new ProblemException(ErrorAnswers.ForStatus(413));
                }
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
