using System.Buffers;
using System.Text;
using System.Text.Unicode;
using Microsoft.Net.Http.Headers;

namespace Tollgate.Server.Hosting;

/// <summary>Reads a whole request body that is text in UTF-8.</summary>
internal static class RequestText
{
    public const string Json = "application/json";

    private const int FirstRead = 4096;

    // What is declared and may never come gets no more room than this ahead of coming.
    private const int MostAhead = 256 * 1024;

    private static readonly string[] JsonAlone = [Json];

    /// <summary>The bytes of the body that was read for this request; none when its handler asks for no body.</summary>
    public static ReadOnlyMemory<byte> Of(HttpContext context) => context.Features.Get<Kept>()?.Text ?? default;

    /// <summary>The bytes of a body of JSON, which are kept for <see cref="Of"/>.</summary>
    /// <exception cref="ProblemException">It is of another type, encoding or charset, too large, cut off or not UTF-8.</exception>
    public static async Task<ReadOnlyMemory<byte>> ReadAsync(HttpRequest request, int maxBytes, CancellationToken cancellationToken)
    {
        TypeOf(request, JsonAlone);
        using var bytes = new RequestBytes(request, maxBytes, withDigest: false);
        return await ReadAsync(request, bytes, cancellationToken);
    }

    /// <summary>The rest of the body, which is kept for <see cref="Of"/>.</summary>
    /// <exception cref="ProblemException">It is too large, cut off, damaged or not UTF-8.</exception>
    public static async Task<ReadOnlyMemory<byte>> ReadAsync(HttpRequest request, RequestBytes bytes, CancellationToken cancellationToken)
    {
        // One byte more than is expected, so that the end is met without another buffer.
        var text = await ReadToEndAsync(bytes, (int?)request.ContentLength + 1 ?? 0, cancellationToken);
        RefuseByteOrderMark(text);
        if (!Utf8.IsValid(text))
        {
            throw new ProblemException(Problem.Invalid("body", "is not valid UTF-8."));
        }

        request.HttpContext.Features.Set(new Kept(text));
        return text;
    }

    /// <summary>Which of the media types the body has.</summary>
    /// <exception cref="ProblemException">415: none of them, or another charset than UTF-8.</exception>
    public static string TypeOf(HttpRequest request, IReadOnlyList<string> accepted)
    {
        var valid = MediaTypeHeaderValue.TryParse(request.ContentType, out var type)
            && request.Headers.ContentType.Count == 1
            && (!type.Charset.HasValue || type.Charset.Equals("utf-8", StringComparison.OrdinalIgnoreCase)
                || type.Charset.Equals("\"utf-8\"", StringComparison.OrdinalIgnoreCase));
        return (valid ? accepted.FirstOrDefault(known => type!.MediaType.Equals(known, StringComparison.OrdinalIgnoreCase)) : null)
            ?? throw new ProblemException(ErrorAnswers.ForStatus(415) with
            {
                Detail = $"Send Content-Type: {string.Join(" or ", accepted)} in UTF-8, and Content-Encoding gzip, br or none.",
                Details = new { accepted },
            });
    }

    /// <exception cref="ProblemException">415: it begins with one.</exception>
    public static void RefuseByteOrderMark(ReadOnlySpan<byte> text)
    {
        if (text.StartsWith(Encoding.UTF8.Preamble))
        {
            throw new ProblemException(ErrorAnswers.ForStatus(415));
        }
    }

    private static async Task<byte[]> ReadToEndAsync(RequestBytes bytes, int expected, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(Math.Clamp(expected, FirstRead, MostAhead));
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

                var read = await bytes.ReadAsync(buffer.AsMemory(length), cancellationToken);
                if (read == 0)
                {
                    return buffer.AsSpan(0, length).ToArray();
                }

                length += read;
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private sealed record Kept(ReadOnlyMemory<byte> Text);
}
