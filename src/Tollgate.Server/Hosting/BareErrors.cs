using System.Buffers;
using System.Globalization;
using System.IO.Pipelines;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.WebUtilities;

namespace Tollgate.Server.Hosting;

/// <summary>
/// Gives Kestrel's own refusals (a broken request line, headers too large or too slow) the shape of every other error. Kestrel answers
/// them before any middleware runs, with a head and no body, and offers no hook; so each connection's output passes here, where such an
/// answer is known by its first bytes and by the request id that all of ours carry and it does not.
/// </summary>
internal static class BareErrors
{
    public static ConnectionDelegate Wrap(ConnectionDelegate next, Ids ids) => async connection =>
    {
        var transport = connection.Transport;
        connection.Transport = new Duplex(transport.Input, new ErrorFiller(transport.Output, ids));
        try
        {
            await next(connection);
        }
        finally
        {
            connection.Transport = transport;
        }
    };

    /// <summary>The whole answer in place of a bare one; null when the bytes are no bare error.</summary>
    internal static byte[]? Replacement(ReadOnlySpan<byte> written, Ids ids)
    {
        if (!written.StartsWith("HTTP/1.1 4"u8) && !written.StartsWith("HTTP/1.1 5"u8))
        {
            return null;
        }

        if (!written.EndsWith("\r\n\r\n"u8)
            || written.IndexOf("\r\nContent-Length: 0\r\n"u8) < 0
            || written.IndexOf("\r\nX-Request-ID: "u8) >= 0
            || !int.TryParse(Encoding.ASCII.GetString(written.Slice(9, 3)), NumberStyles.None, CultureInfo.InvariantCulture, out var status))
        {
            return null;
        }

        var id = ids.Request();
        var body = ErrorAnswers.ForStatus(status).ToJson("", id);
        var head = new StringBuilder()
            .Append(CultureInfo.InvariantCulture, $"HTTP/1.1 {status} {ReasonPhrases.GetReasonPhrase(status)}\r\n")
            .Append(CultureInfo.InvariantCulture, $"Content-Length: {body.Length}\r\nContent-Type: {Problem.ContentType}\r\n")
            .Append(CultureInfo.InvariantCulture, $"{RequestIds.Header}: {id}\r\nConnection: close\r\n\r\n");
        return [.. Encoding.ASCII.GetBytes(head.ToString()), .. body];
    }

    private sealed record Duplex(PipeReader Input, PipeWriter Output) : IDuplexPipe;

    private sealed class ErrorFiller(PipeWriter inner, Ids ids) : PipeWriter
    {
        private Memory<byte> _lent;

        public override bool CanGetUnflushedBytes => inner.CanGetUnflushedBytes;

        public override long UnflushedBytes => inner.UnflushedBytes;

        public override Memory<byte> GetMemory(int sizeHint = 0) => _lent = inner.GetMemory(sizeHint);

        public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

        public override void Advance(int bytes)
        {
            var replacement = bytes > 0 ? Replacement(_lent.Span[..bytes], ids) : null;
            if (replacement is null)
            {
                inner.Advance(bytes);
            }
            else
            {
                // What was written into the lent memory was never advanced over, so it is as if it had not been written.
                inner.Write(replacement);
            }
        }

        public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default) => inner.FlushAsync(cancellationToken);

        public override void CancelPendingFlush() => inner.CancelPendingFlush();

        public override void Complete(Exception? exception = null) => inner.Complete(exception);

        public override ValueTask CompleteAsync(Exception? exception = null) => inner.CompleteAsync(exception);
    }
}
