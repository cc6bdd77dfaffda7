using System.Globalization;
using System.IO.Compression;
using System.Net.Http.Headers;
using System.Text.Json;
using Xunit;

namespace Tollgate.ServerTests.Hosting;

/// <summary>
/// A damaged compressed batch is never taken for a whole one. Without the runtime switch
/// <c>System.IO.Compression.UseStrictValidation</c> half a gzip stream is read as if it had ended there.
/// </summary>
public sealed class StrictDecompressionTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("tollgate-test-").FullName;
    private ServerProcess? _server;
    private HttpClient? _client;

    private HttpClient Client => _client ?? throw new InvalidOperationException("The server is not started.");

    private ServerProcess Server => _server ?? throw new InvalidOperationException("The server is not started.");

    /// <summary>A process, because the switch belongs to the program: it comes from the built server's own runtimeconfig.json.</summary>
    public async ValueTask InitializeAsync()
    {
        _server = await ServerProcess.StartAsync(_folder);
        _client = new HttpClient { BaseAddress = new Uri(_server.Url) };
        _client.DefaultRequestHeaders.Add("x-api-key", _server.ApiKey);
    }

    public async ValueTask DisposeAsync()
    {
        _client?.Dispose();
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task A_whole_stream_is_read()
    {
        using var response = await PostAsync(Gzip(Batch()), "gzip");

        await response.ShouldBeAsync(202);
        Assert.Equal(1000, await CountEventsAsync());
    }

    [Fact]
    public async Task A_damaged_stream_is_a_400_and_nothing_of_it_is_stored()
    {
        var whole = Gzip(Batch());
        var damaged = new Dictionary<string, byte[]>
        {
            ["cut by 1"] = whole[..^1],
            ["cut by 8"] = whole[..^8],
            ["cut by 9"] = whole[..^9],
            ["cut by 100"] = whole[..^100],
            ["cut in half"] = whole[..(whole.Length / 2)],
            ["the head alone"] = whole[..10],
            ["nothing"] = [],
            ["a bit in the middle"] = Flip(whole, whole.Length / 2),
            ["a bit of the checksum"] = Flip(whole, whole.Length - 6),
            ["a bit of the length"] = Flip(whole, whole.Length - 2),
            ["junk behind"] = [.. whole, .. "junk"u8],
            ["no gzip at all"] = Batch(),
        };
        foreach (var (what, body) in damaged)
        {
            using var response = await PostAsync(body, "gzip");
            Assert.True((int)response.StatusCode == 400, $"{what}: {(int)response.StatusCode} {await response.TextAsync()}");
        }

        Assert.Equal(0, await CountEventsAsync());
    }

    [Fact]
    public async Task A_damaged_brotli_stream_is_a_400_and_nothing_of_it_is_stored()
    {
        using var packed = new MemoryStream();
        await using (var brotli = new BrotliStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            await brotli.WriteAsync(Batch(), TestContext.Current.CancellationToken);
        }

        var whole = packed.ToArray();
        foreach (var body in new[] { whole[..^1], whole[..^9], whole[..(whole.Length / 2)], Flip(whole, whole.Length / 2) })
        {
            using var response = await PostAsync(body, "br");
            await response.ShouldBeProblemAsync(400, "validation_error");
        }

        Assert.Equal(0, await CountEventsAsync());
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    public async Task A_bomb_is_a_413_and_costs_little_memory(string encoding)
    {
        using (var warm = await PostAsync(Gzip(Batch()), "gzip"))
        {
            await warm.ShouldBeAsync(202);
        }

        var bomb = Bomb(encoding, megabytes: 256);
        var before = PeakMegabytes();
        for (var time = 0; time < 4; time++)
        {
            using var response = await PostAsync(bomb, encoding);
            await response.ShouldBeProblemAsync(413, "payload_too_large");
        }

        Assert.InRange(PeakMegabytes() - before, 0, 96);
    }

    private static byte[] Batch() => JsonSerializer.SerializeToUtf8Bytes(new
    {
        events = Enumerable.Range(0, 1000).Select(number => new
        {
            event_name = "call",
            external_customer_id = $"customer {number % 7}",
            event_id = $"event {number}",
            properties = new { n = number },
        }),
    });

    private static byte[] Gzip(byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
        {
            gzip.Write(bytes);
        }

        return packed.ToArray();
    }

    private static byte[] Bomb(string encoding, int megabytes)
    {
        using var packed = new MemoryStream();
        using (Stream packer = encoding == "gzip"
            ? new GZipStream(packed, CompressionLevel.Optimal, leaveOpen: true)
            : new BrotliStream(packed, CompressionLevel.Optimal, leaveOpen: true))
        {
            var spaces = new byte[1024 * 1024];
            Array.Fill(spaces, (byte)' ');
            for (var count = 0; count < megabytes; count++)
            {
                packer.Write(spaces);
            }
        }

        return packed.ToArray();
    }

    private static byte[] Flip(byte[] bytes, int position)
    {
        var flipped = bytes.ToArray();
        flipped[position] ^= 0x10;
        return flipped;
    }

    private async Task<HttpResponseMessage> PostAsync(byte[] body, string encoding)
    {
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        content.Headers.ContentEncoding.Add(encoding);
        return await Client.PostAsync(new Uri("/v1/events/bulk", UriKind.Relative), content, TestContext.Current.CancellationToken);
    }

    private async Task<long> CountEventsAsync()
    {
        using var response = await Client.PostJsonAsync("/v1/events/usage", new { event_name = "call", aggregation_type = "COUNT" });
        return (await response.JsonAsync(200)).GetProperty("value").GetInt64();
    }

    private int PeakMegabytes() => int.Parse(
        File.ReadLines($"/proc/{Server.Id}/status").Single(line => line.StartsWith("VmHWM:", StringComparison.Ordinal))
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)[^2],
        CultureInfo.InvariantCulture) / 1024;
}
