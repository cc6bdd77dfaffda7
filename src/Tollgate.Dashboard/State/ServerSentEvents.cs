using System.Runtime.CompilerServices;
using System.Text;

namespace Tollgate.Dashboard.State;

/// <summary>One message of a stream, and the place behind it. A message without a type tells the place alone.</summary>
internal sealed record ServerSentMessage(string? Type, string Data, string? Place);

/// <summary>Reads server-sent events.</summary>
internal static class ServerSentEvents
{
    // Each read goes through the browser: many events at once.
    private const int BufferSize = 64 * 1024;

    /// <summary>The messages as they come, until the stream ends.</summary>
    /// <exception cref="TimeoutException">Nothing came for so long, not even a comment: what is there at the other end is gone.</exception>
    public static async IAsyncEnumerable<ServerSentMessage> ReadAsync(
        Stream stream, TimeSpan silence, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var reader = new StreamReader(stream, Encoding.UTF8, detectEncodingFromByteOrderMarks: false, BufferSize, leaveOpen: true);
        var (type, place, data) = ((string?)null, (string?)null, new StringBuilder());
        while (await reader.ReadLineAsync(cancellationToken).AsTask().WaitAsync(silence, cancellationToken) is { } line)
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            // One blank belongs to the colon; more are the value's own.
            var value = colon < 0 ? "" : line[(line.AsSpan(colon + 1).StartsWith(' ') ? colon + 2 : colon + 1)..];
            switch (colon < 0 ? line : line[..colon])
            {
                case "event":
                    type = value;
                    break;
                case "id":
                    place = value;
                    break;
                case "data":
                    data.Append(data.Length > 0 ? "\n" : "").Append(value);
                    break;
                case "" when line.Length == 0:
                    yield return new ServerSentMessage(data.Length > 0 ? type : null, data.ToString(), place);
                    (type, place) = (null, null);
                    data.Clear();
                    break;
                default:
                    // A comment, which shows that the stream lives, or how long to wait before coming back.
                    break;
            }
        }
    }
}
