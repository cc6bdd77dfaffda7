using System.Globalization;
using System.Text;
using Xunit;

namespace Tollgate.ServerTests.Hosting;

/// <summary>Bytes that no honest client sends: every answer is an error in the one shape, and none is a 5xx.</summary>
public sealed class HostileHttpTests(TollgateServer server) : IClassFixture<TollgateServer>
{
    private string Host => new Uri(server.Url).Authority;

    public static TheoryData<string, string, int> BrokenRequests => new()
    {
        { "no method", " / HTTP/1.1\r\nHost: {host}\r\n\r\n", 400 },
        { "no target", "GET\r\n\r\n", 400 },
        { "a later version", "GET /health HTTP/9.9\r\nHost: {host}\r\n\r\n", 505 },
        { "a TLS hello on the plain port", "\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003\r\n\r\n", 400 },
        { "no host", "GET /health HTTP/1.1\r\n\r\n", 400 },
        { "two hosts", "GET /health HTTP/1.1\r\nHost: {host}\r\nHost: {host}\r\n\r\n", 400 },
        { "a foreign host", "GET /health HTTP/1.1\r\nHost: evil.example\r\n\r\n", 400 },
        { "a foreign host in the target", "GET http://evil.example/health HTTP/1.1\r\nHost: evil.example\r\n\r\n", 400 },
        { "a header without a colon", "GET /health HTTP/1.1\r\nHost: {host}\r\nnothing\r\n\r\n", 400 },
        { "a space before the colon", "GET /health HTTP/1.1\r\nHost: {host}\r\nx-api-key : k\r\n\r\n", 400 },
        { "a folded header", "GET /health HTTP/1.1\r\nHost: {host}\r\nX-A: 1\r\n 2\r\n\r\n", 400 },
        { "a NUL in a header", "GET /health HTTP/1.1\r\nHost: {host}\r\nX-A: a\u0000b\r\n\r\n", 400 },
        { "a NUL in the path", "GET /health%00 HTTP/1.1\r\nHost: {host}\r\n\r\n", 400 },
        { "a CR in a header", "GET /health HTTP/1.1\r\nHost: {host}\r\nX-A: a\rb\r\n\r\n", 400 },
        { "a negative length", "POST /v1/users HTTP/1.1\r\nHost: {host}\r\nContent-Length: -1\r\n\r\n", 400 },
        { "two lengths", "POST /v1/users HTTP/1.1\r\nHost: {host}\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}", 400 },
        { "a length that is no number", "POST /v1/users HTTP/1.1\r\nHost: {host}\r\nContent-Length: 2x\r\n\r\n{}", 400 },
        { "an unknown transfer encoding", "POST /v1/users HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: gzip\r\n\r\n{}", 400 },
        { "a long request line", "GET /" + new string('a', 9 * 1024) + " HTTP/1.1\r\nHost: {host}\r\n\r\n", 414 },
        { "a long header", "GET /health HTTP/1.1\r\nHost: {host}\r\nX-A: " + new string('a', 40 * 1024) + "\r\n\r\n", 431 },
        { "a 16 KB key", "GET /v1/users/me HTTP/1.1\r\nHost: {host}\r\nx-api-key: tgsk_" + new string('a', 16 * 1024) + "\r\n\r\n", 431 },
        { "many headers", "GET /health HTTP/1.1\r\nHost: {host}\r\n" + ManyHeaders(101) + "\r\n", 431 },
        { "a non-ASCII authorization", "GET /v1/users/me HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer \u00e4\u00f6\u00fc\r\n\r\n", 400 },
    };

    [Theory]
    [MemberData(nameof(BrokenRequests))]
    public async Task A_broken_request_is_refused_in_the_shape_of_errors(string what, string request, int status)
    {
        Assert.NotEmpty(what);

        var answer = await server.RawAsync(request.Replace("{host}", Host, StringComparison.Ordinal));

        answer.ShouldBeProblem(status);
    }

    [Theory]
    [InlineData("GET /nothing")]
    [InlineData("GET /")]
    [InlineData("GET /v1")]
    [InlineData("GET /v2/events")]
    [InlineData("GET //v1/events")]
    [InlineData("GET /v1//events")]
    [InlineData("POST /v1/events/bulk/more")]
    public async Task An_unknown_route_is_a_404_in_the_shape_of_errors(string request)
    {
        var answer = await server.RawAsync($"{request} HTTP/1.1\r\nHost: {Host}\r\nContent-Length: 0\r\n\r\n");

        Assert.Equal("not_found", answer.ShouldBeProblem(404).GetProperty("code").GetString());
    }

    [Theory]
    [InlineData("PATCH")]
    [InlineData("TRACE")]
    [InlineData("PUT")]
    [InlineData("DELETE")]
    [InlineData("BREW")]
    public async Task A_method_that_the_route_lacks_is_a_405_that_lists_the_others(string method)
    {
        var answer = await server.RawAsync(
            $"{method} /health HTTP/1.1\r\nHost: {Host}\r\nX-HTTP-Method-Override: GET\r\nContent-Length: 0\r\n\r\n");

        answer.ShouldBeProblem(405);
        Assert.Equal("GET", answer.Headers["Allow"]);
    }

    [Fact]
    public async Task A_connect_request_opens_no_tunnel()
    {
        var answer = await server.RawAsync($"CONNECT example.com:443 HTTP/1.1\r\nHost: {Host}\r\n\r\n");

        Assert.InRange(answer.Status, 400, 405);
    }

    [Fact]
    public async Task Headers_that_do_not_arrive_in_time_are_a_408()
    {
        using var client = await RawHttp.ConnectAsync(server.Url, TestContext.Current.CancellationToken);
        var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"GET /health HTTP/1.1\r\nHost: {Host}\r\n"), TestContext.Current.CancellationToken);
        var began = TimeProvider.System.GetTimestamp();
        for (var second = 0; second < 8; second++)
        {
            // One byte a second, as a slow-header attack does: it must not win time by it.
            await Task.Delay(TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken);
            await stream.WriteAsync("X"u8.ToArray(), TestContext.Current.CancellationToken);
        }

        (await RawHttp.ReadAnswerAsync(stream, TestContext.Current.CancellationToken)).ShouldBeProblem(408);
        Assert.InRange(TimeProvider.System.GetElapsedTime(began).TotalSeconds, 9, 15);
    }

    [Fact]
    public async Task A_body_that_does_not_arrive_in_time_is_a_408_and_nothing_is_stored()
    {
        using var client = await RawHttp.ConnectAsync(server.Url, TestContext.Current.CancellationToken);
        var stream = client.GetStream();
        var head = $"POST /v1/users HTTP/1.1\r\nHost: {Host}\r\nx-api-key: {server.Secrets.ApiKey}\r\n"
            + "Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{";
        await stream.WriteAsync(Encoding.ASCII.GetBytes(head), TestContext.Current.CancellationToken);

        var answer = await RawHttp.ReadAnswerAsync(stream, TestContext.Current.CancellationToken);

        answer.ShouldBeProblem(408);
    }

    [Theory]
    [InlineData("2\r\n{}\r\nzz\r\n")]
    [InlineData("2\r\n{}X\r\n0\r\n\r\n")]
    [InlineData("-1\r\n{}\r\n0\r\n\r\n")]
    [InlineData("fffffffffffffffff\r\n{}\r\n0\r\n\r\n")]
    public async Task A_broken_chunk_is_a_400(string body)
    {
        var answer = await server.RawAsync(
            $"POST /v1/users HTTP/1.1\r\nHost: {Host}\r\nx-api-key: {server.Secrets.ApiKey}\r\n"
            + $"Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n{body}");

        answer.ShouldBeProblem(400);
    }

    [Fact]
    public async Task A_length_and_chunks_at_once_smuggle_no_second_request()
    {
        // To one who goes by the length the body ends before "GET"; to one who goes by the chunks it is part of the body.
        var smuggled = $"GET /health HTTP/1.1\r\nHost: {Host}\r\n\r\n";
        using var client = await RawHttp.ConnectAsync(server.Url, TestContext.Current.CancellationToken);
        var stream = client.GetStream();
        await stream.WriteAsync(
            Encoding.ASCII.GetBytes(
                $"POST /v1/users HTTP/1.1\r\nHost: {Host}\r\nContent-Type: application/json\r\nContent-Length: 5\r\n"
                + $"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n{smuggled}"),
            TestContext.Current.CancellationToken);

        var everything = await ReadAllAsync(stream, TimeSpan.FromSeconds(2));

        Assert.DoesNotContain("""{"status":"ok"}""", everything, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_credential_named_in_the_header_connection_is_not_dropped()
    {
        var answer = await server.RawAsync(
            $"GET /v1/users/me HTTP/1.1\r\nHost: {Host}\r\nAuthorization: Bearer {server.Secrets.ApiKey}\r\n"
            + "Connection: Authorization, X-Forwarded-For\r\n\r\n");
        Assert.Equal(200, answer.Status);

        var without = await server.RawAsync($"GET /v1/users/me HTTP/1.1\r\nHost: {Host}\r\nConnection: Authorization\r\n\r\n");
        without.ShouldBeProblem(401);
    }

    [Fact]
    public async Task Headers_of_proxies_are_not_believed()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("/v1/auth/login", UriKind.Relative))
        {
            Content = new StringContent(
                $$"""{"email":"{{server.Secrets.Email}}","password":"{{server.Secrets.Password}}"}""", Encoding.UTF8, "application/json"),
        };
        foreach (var header in new[] { "X-Forwarded-For", "X-Real-IP", "X-Forwarded-Host", "True-Client-IP" })
        {
            request.Headers.Add(header, "203.0.113.7");
        }

        request.Headers.Add("Forwarded", "for=203.0.113.7;host=evil.example;proto=https");
        request.Headers.Add("X-Forwarded-Proto", "https");
        using var response = await server.AnonymousClient.SendAsync(request, TestContext.Current.CancellationToken);

        var session = (await response.JsonAsync(200)).GetProperty("session");

        Assert.Equal("127.0.0.1", session.GetProperty("address").GetString());
    }

    [Theory]
    [InlineData("odd/type")]
    [InlineData("text/html;q=0")]
    [InlineData(";;;")]
    public async Task An_odd_accept_header_changes_nothing(string accept)
    {
        var answer = await server.RawAsync($"GET /v1/users/me HTTP/1.1\r\nHost: {Host}\r\nx-api-key: {server.Secrets.ApiKey}\r\nAccept: {accept}\r\n\r\n");

        Assert.Equal(200, answer.Status);
        Assert.StartsWith("application/json", answer.Headers["Content-Type"], StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_preflight_of_another_origin_is_told_nothing()
    {
        var answer = await server.RawAsync(
            $"OPTIONS /v1/users HTTP/1.1\r\nHost: {Host}\r\nOrigin: https://evil.example\r\n"
            + "Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: x-api-key\r\n\r\n");

        Assert.Equal(405, answer.Status);
        Assert.DoesNotContain(answer.Headers.Keys, name => name.StartsWith("Access-Control-", StringComparison.OrdinalIgnoreCase));
    }

    [Theory]
    [InlineData("an id of mine-1.2:3", false)]
    [InlineData("client-request_1.2:3", true)]
    [InlineData("\u001b[31mred", false)]
    public async Task A_request_id_is_echoed_when_it_is_harmless(string sent, bool echoed)
    {
        var answer = await server.RawAsync($"GET /v1/nothing HTTP/1.1\r\nHost: {Host}\r\nX-Request-ID: {sent}\r\n\r\n");

        var id = answer.ShouldBeProblem(404).GetProperty("request_id").GetString();
        if (echoed)
        {
            Assert.Equal(sent, id);
        }
        else
        {
            Assert.StartsWith("req_", id, StringComparison.Ordinal);
        }
    }

    private static string ManyHeaders(int count) =>
        string.Concat(Enumerable.Range(0, count).Select(number => string.Create(CultureInfo.InvariantCulture, $"X-{number}: 1\r\n")));

    private static async Task<string> ReadAllAsync(Stream stream, TimeSpan patience)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(patience);
        var text = new StringBuilder();
        var buffer = new byte[4096];
        try
        {
            int count;
            while ((count = await stream.ReadAsync(buffer, limit.Token)) > 0)
            {
                text.Append(Encoding.Latin1.GetString(buffer, 0, count));
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or IOException)
        {
            // Whatever came until now is everything.
        }

        return text.ToString();
    }
}
