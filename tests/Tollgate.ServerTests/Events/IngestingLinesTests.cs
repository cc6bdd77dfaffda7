using System.Globalization;
using System.Text;
using Xunit;

namespace Tollgate.ServerTests.Events;

/// <summary>Batches of one event a line.</summary>
public sealed class IngestingLinesTests(TollgateServer server) : IClassFixture<TollgateServer>
{
    private const string Bulk = "/v1/events/bulk";

    private readonly string _name = EventClients.Unique();

    [Fact]
    public async Task Blank_lines_CRLF_and_a_missing_last_newline_are_fine()
    {
        var body = $"\r\n{Line(1)}\r\n\n   \t\n{Line(2)}\n  {Line(3)}  \r\n\r\n{Line(4)}";

        using var response = await server.AdminClient.SendEventsAsync(Bulk, body, EventBodies.Lines);
        var answer = await response.JsonAsync(202);

        Assert.Equal(4, answer.GetProperty("batch_size").GetInt32());
        Assert.Equal([$"{_name}-1", $"{_name}-2", $"{_name}-3", $"{_name}-4"],
            answer.GetProperty("results").EnumerateArray().Select(result => result.GetProperty("event_id").GetString()));
        Assert.Equal(4, await server.AdminClient.CountAsync(_name));
    }

    [Theory]
    [InlineData("\0", "line 2: is not valid JSON (byte 1).")]
    [InlineData("{", "line 2: is not valid JSON (byte 2).")]
    [InlineData("[]", "line 2: must be an object.")]
    [InlineData("null", "line 2: must be an object.")]
    [InlineData("{} {}", "line 2: is not valid JSON (byte 4).")]
    [InlineData("""{"event_name":"n"}""", "line 2: external_customer_id: is required.")]
    [InlineData("""{"event_name":"n","external_customer_id":"c","x":1}""", "line 2: x: is not a known field.")]
    [InlineData("""{"event_name":"n","external_customer_id":"c","\ud800":1}""", "line 2: \\ud800: is not a known field.")]
    [InlineData("""{"event_name":"n","external_customer_id":"c","properties":{"a":[1e999]}}""", "line 2: properties.a[0]: is too large a number.")]
    [InlineData("""{"event_name":"n","external_customer_id":"c","properties":{"a":"\ud800"}}""", "line 2: properties.a: must not contain one half of a surrogate pair.")]
    public async Task A_bad_line_is_named_and_nothing_is_stored(string bad, string expected)
    {
        var refused = await server.AdminClient.RefusedAsync(Bulk, $"{Line(1)}\n{bad}\n{Line(3)}\n", EventBodies.Lines);

        Assert.Equal([expected], refused);
        Assert.Equal(0, await server.AdminClient.CountAsync(_name));
    }

    [Fact]
    public async Task Line_numbers_count_blank_lines_and_all_bad_lines_are_in_one_answer()
    {
        var refused = await server.AdminClient.RefusedAsync(Bulk, $"\n\n7\n{Line(1)}\n\n\"x\"", EventBodies.Lines);

        Assert.Equal(["line 3: must be an object.", "line 6: must be an object."], refused);
    }

    [Fact]
    public async Task A_line_that_is_not_UTF_8_is_named()
    {
        byte[] body = [.. Encoding.UTF8.GetBytes(Line(1)), (byte)'\n', .. "{\"event_name\":\""u8, 0xC3, 0x28, .. "\"}"u8];

        using var response = await server.AdminClient.SendEventsAsync(Bulk, body, EventBodies.Lines);

        var problem = await response.ShouldBeProblemAsync(400, "validation_error");
        Assert.Equal("line 2: is not valid UTF-8.", problem.GetProperty("message").GetString());
    }

    [Fact]
    public async Task A_byte_order_mark_is_a_415()
    {
        using var response = await server.AdminClient.SendEventsAsync(Bulk, [0xEF, 0xBB, 0xBF, .. Encoding.UTF8.GetBytes(Line(1))], EventBodies.Lines);

        await response.ShouldBeProblemAsync(415, "unsupported_media_type");
    }

    [Fact]
    public async Task In_a_partial_batch_the_good_lines_are_stored_and_each_bad_one_says_why()
    {
        using var response = await server.AdminClient.SendEventsAsync(
            $"{Bulk}?mode=partial", $"{Line(1)}\nnonsense\n{Line(2)}\n{Line(1, ",\"source\":\"other\"")}", EventBodies.Lines);
        var answer = await response.JsonAsync(202);

        Assert.Equal(["accepted", "rejected", "accepted", "conflict"], answer.Statuses());
        Assert.Equal("event: is not valid JSON (byte 2).", answer.GetProperty("results")[1].GetProperty("error").GetString());
        Assert.Equal(2, await server.AdminClient.CountAsync(_name));
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n")]
    [InlineData(" \r\n\t\n")]
    public async Task No_events_at_all_are_a_400(string body) =>
        Assert.Equal(["body: must not be empty."], await server.AdminClient.RefusedAsync(Bulk, body, EventBodies.Lines));

    [Fact]
    public async Task Ten_thousand_lines_are_stored_and_one_more_is_a_413_of_which_nothing_is()
    {
        using var tooMany = await server.AdminClient.SendEventsAsync(Bulk, Lines(10_001), EventBodies.Lines);
        var problem = await tooMany.ShouldBeProblemAsync(413, "payload_too_large");
        Assert.Equal("The body has more than 10000 events.", problem.GetProperty("message").GetString());
        Assert.Equal(0, await server.AdminClient.CountAsync(_name));

        using var all = await server.AdminClient.SendEventsAsync(Bulk, Lines(10_000), EventBodies.Lines, ("X-Event-Count", "10000"));
        Assert.Equal(10_000, (await all.JsonAsync(202)).GetProperty("batch_size").GetInt32());
        Assert.Equal(10_000, await server.AdminClient.CountAsync(_name));
    }

    [Theory]
    [InlineData("x")]
    [InlineData(" ")]
    public async Task A_line_longer_than_any_event_is_a_413_that_names_it(string filler)
    {
        var longest = string.Concat(Enumerable.Repeat(filler, (128 * 1024) + 1));

        using var response = await server.AdminClient.SendEventsAsync(Bulk, $"{Line(1)}\n{longest}", EventBodies.Lines);

        var problem = await response.ShouldBeProblemAsync(413, "payload_too_large");
        Assert.Equal("Line 2 is longer than 131072 bytes.", problem.GetProperty("message").GetString());
        Assert.Equal(0, await server.AdminClient.CountAsync(_name));
    }

    [Fact]
    public async Task A_body_beyond_the_limit_is_a_413_however_many_lines_it_has()
    {
        var body = string.Concat(Enumerable.Repeat(new string(' ', 1023) + "\n", (8 * 1024) + 1));
        foreach (var (coding, bytes) in new[]
        {
            ("gzip", EventBodies.Gzip(Encoding.UTF8.GetBytes(body))),
            ("br", EventBodies.Brotli(Encoding.UTF8.GetBytes(body))),
        })
        {
            using var response = await server.AdminClient.SendEventsAsync(Bulk, bytes, EventBodies.Lines, ("Content-Encoding", coding));
            await response.ShouldBeProblemAsync(413, "payload_too_large");
        }
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    public async Task A_damaged_compressed_stream_of_lines_is_a_400_and_nothing_of_it_is_stored(string coding)
    {
        var whole = coding == "gzip" ? EventBodies.Gzip(Encoding.UTF8.GetBytes(Lines(1000))) : EventBodies.Brotli(Encoding.UTF8.GetBytes(Lines(1000)));
        List<byte[]> damaged =
        [
            whole[..^1], whole[..^8], whole[..^9], whole[..^100], whole[..(whole.Length / 2)], [],
            [.. whole, .. "junk"u8], [.. whole, .. whole],
        ];
        if (coding == "gzip")
        {
            // Brotli has no checksum: a changed bit can make another stream that is whole. That is what Content-Digest is for.
            damaged.AddRange([Flip(whole, whole.Length / 2), Flip(whole, whole.Length - 6), Flip(whole, whole.Length - 2), EventBodies.Gzip(whole)]);
        }

        foreach (var body in damaged)
        {
            using var response = await server.AdminClient.SendEventsAsync($"{Bulk}?mode=partial", body, EventBodies.Lines, ("Content-Encoding", coding));
            // A stream that was packed twice unpacks to no event, which a partial batch says of its lines.
            Assert.True((int)response.StatusCode is 400 or 202, await response.TextAsync());
            Assert.Equal(0, await server.AdminClient.CountAsync(_name));
        }

        using var twice = await server.AdminClient.SendEventsAsync(Bulk, whole, EventBodies.Lines, ("Content-Encoding", $"{coding}, {coding}"));
        await twice.ShouldBeProblemAsync(415, "unsupported_media_type");
        using var good = await server.AdminClient.SendEventsAsync(Bulk, whole, EventBodies.Lines, ("Content-Encoding", coding));
        Assert.Equal(1000, (await good.JsonAsync(202)).GetProperty("batch_size").GetInt32());
        Assert.Equal(1000, await server.AdminClient.CountAsync(_name));
    }

    [Theory]
    [InlineData("/v1/events", "text/plain")]
    [InlineData("/v1/events", null)]
    [InlineData("/v1/events", "application/jsonx")]
    [InlineData("/v1/events", EventBodies.Lines)]
    [InlineData("/v1/events", EventBodies.CloudEvents)]
    [InlineData("/v1/events/bulk", "multipart/form-data; boundary=x")]
    [InlineData("/v1/events/bulk", null)]
    [InlineData("/v1/events/bulk", EventBodies.CloudEvent)]
    [InlineData("/v1/events/bulk", EventBodies.Lines + "; charset=utf-16")]
    public async Task Another_type_is_a_415_that_names_those_that_are_read(string path, string? type)
    {
        using var response = await server.AdminClient.SendEventsAsync(path, Line(1), type);

        var problem = await response.ShouldBeProblemAsync(415, "unsupported_media_type");
        string[] accepted = path.EndsWith("bulk", StringComparison.Ordinal)
            ? [EventBodies.Json, EventBodies.Lines, EventBodies.CloudEvents] : [EventBodies.Json, EventBodies.CloudEvent];
        Assert.Equal(accepted, problem.GetProperty("details").GetProperty("accepted").EnumerateArray().Select(each => each.GetString()));
        Assert.All(accepted, each => Assert.Contains(each, problem.GetProperty("detail").GetString(), StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_client_that_goes_away_at_any_byte_of_an_upload_stores_nothing()
    {
        var body = Encoding.UTF8.GetBytes(Lines(20));
        for (var length = 0; length < body.Length; length += 7)
        {
            using var client = await RawHttp.ConnectAsync(server.Url, TestContext.Current.CancellationToken);
            var head = string.Create(CultureInfo.InvariantCulture, $"""
                POST {Bulk}?mode=partial HTTP/1.1
                Host: 127.0.0.1
                x-api-key: {server.Secrets.ApiKey}
                Content-Type: {EventBodies.Lines}
                Content-Length: {body.Length}


                """).ReplaceLineEndings("\r\n");
            await client.GetStream().WriteAsync((byte[])[.. Encoding.ASCII.GetBytes(head), .. body[..length]], TestContext.Current.CancellationToken);
            // Closed with a reset in every other case, as by a process that is killed.
            client.LingerState = new System.Net.Sockets.LingerOption(length % 2 == 0, 0);
        }

        // What went into the log before this is there; what the server might still be about to store would be found at the second look.
        for (var look = 0; look < 2; look++)
        {
            await server.AdminClient.IngestAsync(new { event_name = "marker", external_customer_id = "c" });
            Assert.Equal(0, await server.AdminClient.CountAsync(_name));
            await Task.Delay(TimeSpan.FromMilliseconds(200), TestContext.Current.CancellationToken);
        }

        using var whole = await server.AdminClient.SendEventsAsync(Bulk, body, EventBodies.Lines);
        Assert.All((await whole.JsonAsync(202)).Statuses(), status => Assert.Equal("accepted", status));
    }

    private string Line(int number, string more = "") => EventBodies.Event(_name, string.Create(CultureInfo.InvariantCulture, $"{_name}-{number}"), more);

    private string Lines(int count) => string.Concat(Enumerable.Range(1, count).Select(number => Line(number) + "\n"));

    private static byte[] Flip(byte[] bytes, int position)
    {
        var flipped = bytes.ToArray();
        flipped[position] ^= 0x10;
        return flipped;
    }
}
