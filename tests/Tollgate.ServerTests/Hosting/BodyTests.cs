using System.IO.Compression;
using System.Net.Http.Headers;
using System.Text;
using Xunit;

namespace Tollgate.ServerTests.Hosting;

/// <summary>Bodies that are not what they should be: refused by name, with nothing stored. The control plane and ingest alike.</summary>
public sealed class BodyTests(TollgateServer server) : IClassFixture<TollgateServer>
{
    private const int MaxBody = 1024 * 1024;
    private const int MaxIngestBody = 8 * 1024 * 1024;
    private const string Account = """{"type":"service_account","name":"n","roles":["event_reader"]}""";

    public static TheoryData<string, string?> WrongAccounts => new()
    {
        { "", "body" },
        { "null", "body" },
        { "[]", "body" },
        { "\"text\"", "body" },
        { "{", "body" },
        { """{"type":"service_account",}""", "body" },
        { Account + "x", "body" },
        { Account + Account, "body" },
        { "// remark\n" + Account, "body" },
        { "{'type':'service_account'}", "body" },
        { """{"type":"service_account","roles":["event_reader"],"is_admin":true}""", "is_admin" },
        { """{"type":"service_account","roles":["event_reader"],"tenant_id":"tenant_1"}""", "tenant_id" },
        { """{"type":"service_account","roles":["event_reader"],"Name":"n"}""", "Name" },
        { """{"type":"service_account","type":"user","roles":["event_reader"]}""", "type" },
        { """{"roles":["event_reader"]}""", "type" },
        { """{"type":null,"roles":["event_reader"]}""", "type" },
        { """{"type":1,"roles":["event_reader"]}""", "type" },
        { """{"type":"robot","roles":["event_reader"]}""", "type" },
        { """{"type":"service_account","roles":"event_reader"}""", "roles" },
        { """{"type":"service_account","roles":[null]}""", "roles[0]" },
        { """{"type":"service_account","roles":[1]}""", "roles[0]" },
        { """{"type":"service_account","roles":["event_reader"],"name":""}""", "name" },
        { """{"type":"service_account","roles":["event_reader"],"name":"a\u0000b"}""", "name" },
        { """{"type":"service_account","roles":["event_reader"],"metadata":{"a":1}}""", "metadata.a" },
        { """{"type":"service_account","roles":["event_reader"],"metadata":[]}""", "metadata" },
        { """{"type":"service_account","roles":["event_reader"],"name":"\ud800"}""", null },
    };

    [Theory]
    [MemberData(nameof(WrongAccounts))]
    public async Task A_wrong_body_is_a_400_that_names_the_field(string body, string? field)
    {
        var before = await CountAccountsAsync();

        using var response = await server.AdminClient.SendAsync(HttpMethod.Post, "/v1/users", body);

        var problem = await response.ShouldBeProblemAsync(400, "validation_error");
        if (field is not null)
        {
            Assert.True(problem.GetProperty("details").GetProperty("errors").TryGetProperty(field, out _), problem.GetRawText());
        }

        Assert.Equal(before, await CountAccountsAsync());
    }

    [Fact]
    public async Task Every_wrong_field_is_named_at_once()
    {
        using var response = await server.AdminClient.SendAsync(
            HttpMethod.Post, "/v1/users", """{"type":"robot","name":"","roles":7,"color":"red"}""");

        var problem = await response.ShouldBeProblemAsync(400, "validation_error");

        Assert.Equal(
            ["color", "name", "roles", "type"],
            problem.GetProperty("details").GetProperty("errors").EnumerateObject().Select(error => error.Name).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("""{"limit":"1"}""", "limit")]
    [InlineData("""{"limit":1.5}""", "limit")]
    [InlineData("""{"limit":1e400}""", "limit")]
    [InlineData("""{"limit":99999999999999999999999999999}""", "limit")]
    [InlineData("""{"limit":0}""", "limit")]
    [InlineData("""{"limit":1001}""", "limit")]
    [InlineData("""{"limit":NaN}""", "body")]
    [InlineData("""{"limit":01}""", "body")]
    [InlineData("""{"offset":-1}""", "offset")]
    [InlineData("""{"start_time":"yesterday"}""", "start_time")]
    [InlineData("""{"start_time":"2026-01-31T08:00:00"}""", "start_time")]
    [InlineData("""{"start_time":1769846400}""", "start_time")]
    public async Task A_number_or_time_that_is_none_is_a_400_that_names_it(string body, string field)
    {
        using var response = await server.AdminClient.SendAsync(HttpMethod.Post, "/v1/users/search", body);

        var problem = await response.ShouldBeProblemAsync(400, "validation_error");
        Assert.True(problem.GetProperty("details").GetProperty("errors").TryGetProperty(field, out _), problem.GetRawText());
    }

    [Theory]
    [InlineData("/v1/users", 65)]
    [InlineData("/v1/users", 100_000)]
    [InlineData("/v1/events", 65)]
    [InlineData("/v1/events", 100_000)]
    [InlineData("/v1/events/bulk", 100_000)]
    public async Task Deep_nesting_is_a_400(string path, int depth)
    {
        using var response = await server.AdminClient.SendAsync(
            HttpMethod.Post, path, $$"""{"properties":{{new string('[', depth)}}{{new string(']', depth)}}}""");

        await response.ShouldBeProblemAsync(400, "validation_error");
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/jsonx")]
    [InlineData("application/problem+json")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("multipart/form-data; boundary=x")]
    [InlineData("application/json; charset=utf-16")]
    [InlineData("application/json; charset=iso-8859-1")]
    [InlineData("*/*")]
    [InlineData("json")]
    [InlineData(null)]
    public async Task A_body_of_another_type_or_charset_is_a_415(string? type)
    {
        foreach (var (path, body) in Samples())
        {
            using var content = new ByteArrayContent(body);
            if (type is not null)
            {
                content.Headers.TryAddWithoutValidation("Content-Type", type);
            }

            using var response = await server.AdminClient.PostAsync(
                new Uri(path, UriKind.Relative), content, TestContext.Current.CancellationToken);
            await response.ShouldBeProblemAsync(415, "unsupported_media_type");
        }
    }

    [Fact]
    public async Task A_charset_of_UTF_8_is_read()
    {
        foreach (var (path, body) in Samples())
        {
            using var response = await PostBytesAsync(path, body, "application/json; charset=UTF-8");
            await response.ShouldSucceedAsync();
        }
    }

    [Fact]
    public async Task Bytes_that_are_not_UTF_8_are_refused()
    {
        byte[][] bodies =
        [
            [.. "{\"name\":\""u8, 0xC3, 0x28, .. "\"}"u8],
            [.. "{\"name\":\""u8, 0xC0, 0x80, .. "\"}"u8],
            [.. "{\"name\":\""u8, 0xED, 0xA0, 0x80, .. "\"}"u8],
        ];
        foreach (var path in new[] { "/v1/users", "/v1/events", "/v1/events/bulk" })
        {
            foreach (var body in bodies)
            {
                using var response = await PostBytesAsync(path, body);
                await response.ShouldBeProblemAsync(400, "validation_error");
            }
        }
    }

    [Fact]
    public async Task A_byte_order_mark_and_UTF_16_are_refused()
    {
        foreach (var (path, body) in Samples())
        {
            using var marked = await PostBytesAsync(path, [0xEF, 0xBB, 0xBF, .. body]);
            await marked.ShouldBeProblemAsync(415, "unsupported_media_type");
            using var utf16 = await PostBytesAsync(path, Encoding.Unicode.GetBytes(Encoding.UTF8.GetString(body)));
            Assert.InRange((int)utf16.StatusCode, 400, 415);
        }
    }

    [Theory]
    [InlineData("/v1/users", MaxBody)]
    [InlineData("/v1/events", MaxIngestBody)]
    [InlineData("/v1/events/bulk", MaxIngestBody)]
    public async Task A_body_over_the_limit_is_a_413_however_it_comes(string path, int limit)
    {
        var spaces = new byte[limit + 1];
        Array.Fill(spaces, (byte)' ');
        // The server answers before it reads any of it, and says so only to who asks first.
        using var asking = new HttpRequestMessage(HttpMethod.Post, new Uri(path, UriKind.Relative)) { Content = new ByteArrayContent(spaces) };
        asking.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        asking.Headers.ExpectContinue = true;
        using var declared = await server.AdminClient.SendAsync(asking, TestContext.Current.CancellationToken);
        await declared.ShouldBeProblemAsync(413, "payload_too_large");

        using var unpacked = await PostBytesAsync(path, Gzip(spaces), encoding: "gzip");
        await unpacked.ShouldBeProblemAsync(413, "payload_too_large");

        using var chunks = new HttpRequestMessage(HttpMethod.Post, new Uri(path, UriKind.Relative))
        {
            Content = new StreamContent(new MemoryStream(spaces)),
        };
        chunks.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        chunks.Headers.TransferEncodingChunked = true;
        using var chunked = await server.AdminClient.SendAsync(chunks, TestContext.Current.CancellationToken);
        await chunked.ShouldBeProblemAsync(413, "payload_too_large");
    }

    [Fact]
    public async Task A_body_as_large_as_the_limit_is_read()
    {
        var body = Encoding.UTF8.GetBytes(Account + new string(' ', MaxBody - Account.Length));

        using var response = await PostBytesAsync("/v1/users", body);

        await response.ShouldBeAsync(201);
    }

    [Fact]
    public async Task Compressed_bodies_are_read()
    {
        foreach (var (path, body) in Samples())
        {
            using var gzip = await PostBytesAsync(path, Gzip(body), encoding: "gzip");
            await gzip.ShouldSucceedAsync();
        }

        foreach (var (path, body) in Samples())
        {
            using var brotli = await PostBytesAsync(path, Brotli(body), encoding: "br");
            await brotli.ShouldSucceedAsync();
        }
    }

    [Theory]
    [InlineData("zstd")]
    [InlineData("deflate")]
    [InlineData("gzip, gzip")]
    [InlineData("gzip,br")]
    [InlineData("compress")]
    [InlineData("x")]
    public async Task Another_encoding_or_two_of_them_are_a_415(string encoding)
    {
        foreach (var (path, body) in Samples())
        {
            using var response = await PostBytesAsync(path, Gzip(Gzip(body)), encoding: encoding);
            await response.ShouldBeProblemAsync(415, "unsupported_media_type");
        }
    }

    private async Task<HttpResponseMessage> PostBytesAsync(
        string path, byte[] body, string type = "application/json", string? encoding = null)
    {
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        if (encoding is not null)
        {
            content.Headers.TryAddWithoutValidation("Content-Encoding", encoding);
        }

        return await server.AdminClient.PostAsync(new Uri(path, UriKind.Relative), content, TestContext.Current.CancellationToken);
    }

    private async Task<long> CountAccountsAsync()
    {
        using var response = await server.AdminClient.PostJsonAsync("/v1/users/search", new { limit = 1 });
        return (await response.JsonAsync(200)).GetProperty("pagination").GetProperty("total").GetInt64();
    }

    private static IEnumerable<(string Path, byte[] Body)> Samples() =>
    [
        ("/v1/users", Encoding.UTF8.GetBytes(Account)),
        ("/v1/events", """{"event_name":"call","external_customer_id":"c"}"""u8.ToArray()),
        ("/v1/events/bulk", """{"events":[{"event_name":"call","external_customer_id":"c"}]}"""u8.ToArray()),
    ];

    private static byte[] Gzip(byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
        {
            gzip.Write(bytes);
        }

        return packed.ToArray();
    }

    private static byte[] Brotli(byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var brotli = new BrotliStream(packed, CompressionLevel.Fastest))
        {
            brotli.Write(bytes);
        }

        return packed.ToArray();
    }
}
