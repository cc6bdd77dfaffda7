using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Xunit;

namespace Tollgate.ServerTests;

/// <summary>HTTP as bytes, for requests that no client library would send.</summary>
internal static class RawHttp
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Sends the text as Latin-1 (a lone LF stays one) and reads one answer.</summary>
    public static Task<RawAnswer> SendAsync(string url, string request) => SendAsync(url, Encoding.Latin1.GetBytes(request));

    public static async Task<RawAnswer> SendAsync(string url, byte[] request)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        patience.CancelAfter(Patience);
        using var client = await ConnectAsync(url, patience.Token);
        var stream = client.GetStream();
        try
        {
            await stream.WriteAsync(request, patience.Token);
        }
        catch (IOException)
        {
            // The server may answer and close before it has everything; its answer still counts.
        }

        return await ReadAnswerAsync(stream, patience.Token);
    }

    public static async Task<TcpClient> ConnectAsync(string url, CancellationToken cancellationToken)
    {
        var address = new Uri(url);
        var client = new TcpClient { NoDelay = true };
        await client.ConnectAsync(address.Host, address.Port, cancellationToken);
        return client;
    }

    /// <summary>Reads up to the answer's declared end, or to the end of the connection.</summary>
    public static async Task<RawAnswer> ReadAnswerAsync(Stream stream, CancellationToken cancellationToken)
    {
        var received = new List<byte>();
        var buffer = new byte[16 * 1024];
        while (!IsWhole(received))
        {
            int count;
            try
            {
                count = await stream.ReadAsync(buffer, cancellationToken);
            }
            catch (IOException)
            {
                count = 0;
            }

            if (count == 0)
            {
                break;
            }

            received.AddRange(buffer.AsSpan(0, count));
        }

        return RawAnswer.Parse(Encoding.Latin1.GetString([.. received]));
    }

    private static bool IsWhole(List<byte> received)
    {
        var text = Encoding.Latin1.GetString([.. received]);
        var head = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        if (head < 0)
        {
            return false;
        }

        var answer = RawAnswer.Parse(text);
        return answer.Headers.TryGetValue("Content-Length", out var length)
            ? answer.Body.Length >= int.Parse(length, CultureInfo.InvariantCulture)
            : answer.Headers.ContainsKey("Transfer-Encoding") && text.EndsWith("0\r\n\r\n", StringComparison.Ordinal);
    }
}

/// <summary>An answer as it came over the wire. Status 0: the connection was closed without one.</summary>
public sealed record RawAnswer(int Status, IReadOnlyDictionary<string, string> Headers, string Body)
{
    public static RawAnswer Parse(string text)
    {
        var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        if (end < 0)
        {
            return new RawAnswer(0, new Dictionary<string, string>(), text);
        }

        var lines = text[..end].Split("\r\n");
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var line in lines.Skip(1))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            headers[line[..colon]] = line[(colon + 1)..].Trim();
        }

        return new RawAnswer(int.Parse(lines[0].Split(' ')[1], CultureInfo.InvariantCulture), headers, text[(end + 4)..]);
    }

    /// <summary>The answer is an error of this status in the one shape of errors.</summary>
    public JsonElement ShouldBeProblem(int status)
    {
        Assert.True(Status == status, $"expected {status}, got {Status}: {Body}");
        Assert.Equal("application/problem+json", Headers["Content-Type"]);
        var problem = JsonDocument.Parse(Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(Body))).RootElement;
        Problems.AssertShape(problem, status);
        Assert.Equal(problem.GetProperty("request_id").GetString(), Headers["X-Request-ID"]);
        return problem;
    }
}
