using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Tollgate.Contracts;
using Xunit;

namespace Tollgate.ServerTests.Events;

/// <summary>What a sender declares of a request, and what a dry run says.</summary>
public sealed class IngestChecksTests(TollgateServer server) : IClassFixture<TollgateServer>
{
    private readonly string _name = EventClients.Unique();

    public static TheoryData<string, string> Forms => new()
    {
        { "/v1/events", EventBodies.Json },
        { "/v1/events", EventBodies.CloudEvent },
        { "/v1/events/bulk", EventBodies.Json },
        { "/v1/events/bulk", EventBodies.Lines },
        { "/v1/events/bulk", EventBodies.CloudEvents },
    };

    [Theory]
    [MemberData(nameof(Forms))]
    public async Task A_right_digest_over_the_bytes_of_the_wire_is_accepted_and_a_wrong_one_stores_nothing(string path, string type)
    {
        var text = Encoding.UTF8.GetBytes(Body(path, type));
        foreach (var (coding, bytes) in new (string, byte[])[] { ("identity", text), ("gzip", EventBodies.Gzip(text)), ("br", EventBodies.Brotli(text)) })
        {
            var sha256 = $"sha-256=:{Convert.ToBase64String(SHA256.HashData(bytes))}:";
            var sha512 = $"sha-512=:{Convert.ToBase64String(SHA512.HashData(bytes))}:";
            var other = $"sha-256=:{Convert.ToBase64String(SHA256.HashData("other"u8))}:";
            var ofText = $"sha-256=:{Convert.ToBase64String(SHA256.HashData(text))}:";
            foreach (var wrong in coding == "identity" ? [other, $"{other}, {sha512}"] : new[] { other, ofText })
            {
                using var refused = await server.AdminClient.SendEventsAsync(path, bytes, type, ("Content-Encoding", coding), ("Content-Digest", wrong));
                var problem = await refused.ShouldBeProblemAsync(400, "validation_error");
                Assert.Equal("Content-Digest: is not the sha-256 of the body as it was sent.", problem.GetProperty("message").GetString());
            }

            using var dry = await server.AdminClient.SendEventsAsync($"{path}?dry_run=true", bytes, type, ("Content-Encoding", coding));
            Assert.Contains("\"accepted\"", await dry.TextAsync(), StringComparison.Ordinal);
            foreach (var right in new[] { sha256, sha512, $"{sha512} , {sha256}", $"unixsum=:AA==:, {sha256}" })
            {
                using var accepted = await server.AdminClient.SendEventsAsync(
                    $"{path}?dry_run=true", bytes, type, ("Content-Encoding", coding), ("Content-Digest", right));
                await accepted.ShouldBeAsync(200);
            }
        }
    }

    [Theory]
    [InlineData("", "must be like sha-256=:BASE64:, each algorithm once.")]
    [InlineData("sha-256", "must be like sha-256=:BASE64:, each algorithm once.")]
    [InlineData("sha-256=AAAA", "must be like sha-256=:BASE64:, each algorithm once.")]
    [InlineData("sha-256=:AAAA:", "must be like sha-256=:BASE64:, each algorithm once.")]
    [InlineData("sha-256=:!!!!:", "must be like sha-256=:BASE64:, each algorithm once.")]
    [InlineData("SHA-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:", "must be like sha-256=:BASE64:, each algorithm once.")]
    [InlineData("sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:,sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:", "must be like sha-256=:BASE64:, each algorithm once.")]
    [InlineData("md5=:1B2M2Y8AsgTpgAmY7PhCfg==:", "must have one of the algorithms sha-256, sha-512.")]
    public async Task A_digest_that_says_nothing_is_a_400(string digest, string expected)
    {
        foreach (var (path, type) in new[] { ("/v1/events", EventBodies.Json), ("/v1/events/bulk", EventBodies.Lines) })
        {
            Assert.Equal([$"Content-Digest: {expected}"], await server.AdminClient.RefusedAsync(path, Body(path, type), type, ("Content-Digest", digest)));
        }

        Assert.Equal(0, await server.AdminClient.CountAsync(_name));
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public async Task A_number_of_events_that_is_not_the_declared_one_stores_nothing(string path, string type)
    {
        var count = path == "/v1/events" ? 1 : 2;
        Assert.Equal(
            [string.Create(CultureInfo.InvariantCulture, $"X-Event-Count: is 3, and the body has {count} events.")],
            await server.AdminClient.RefusedAsync(path, Body(path, type), type, ("X-Event-Count", "3")));
        Assert.Equal(
            ["X-Event-Count: must be one whole number."], await server.AdminClient.RefusedAsync(path, Body(path, type), type, ("X-Event-Count", "-1")));
        Assert.Equal(
            ["X-Event-Count: must be one whole number."],
            await server.AdminClient.RefusedAsync(path, Body(path, type), type, ("X-Event-Count", "1"), ("X-Event-Count", "2")));
        Assert.Equal(0, await server.AdminClient.CountAsync(_name));

        using var right = await server.AdminClient.SendEventsAsync(path, Body(path, type), type, ("X-Event-Count", count.ToString(CultureInfo.InvariantCulture)));
        await right.ShouldBeAsync(202);
        Assert.Equal(count, await server.AdminClient.CountAsync(_name));
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public async Task A_dry_run_says_what_would_happen_and_stores_nothing(string path, string type)
    {
        async Task<string[]> SendAsync(string query)
        {
            using var response = await server.AdminClient.SendEventsAsync(path + query, Body(path, type), type);
            var answer = await response.JsonAsync(query.Length > 0 ? 200 : 202);
            Assert.Equal(query.Length > 0, answer.GetProperty("dry_run").GetBoolean());
            return answer.TryGetProperty("results", out _) ? answer.Statuses() : [answer.GetProperty("status").GetString()!];
        }

        Assert.All(await SendAsync("?dry_run=true"), status => Assert.Equal("accepted", status));
        Assert.All(await SendAsync("?dry_run=true"), status => Assert.Equal("accepted", status));
        Assert.Equal(0, await server.AdminClient.CountAsync(_name));
        Assert.All(await SendAsync(""), status => Assert.Equal("accepted", status));
        Assert.All(await SendAsync("?dry_run=true"), status => Assert.Equal("duplicate", status));
        Assert.Equal(path == "/v1/events" ? 1 : 2, await server.AdminClient.CountAsync(_name));
    }

    [Fact]
    public async Task A_dry_run_refuses_what_would_be_refused_and_a_partial_one_says_it_of_each_event()
    {
        await server.AdminClient.IngestAsync(new { event_name = _name, external_customer_id = "c", event_id = _name });
        var lines = string.Join('\n', [
            EventBodies.Event(_name, _name),
            EventBodies.Event(_name, _name, ",\"source\":\"other\""),
            EventBodies.Event(_name, $"{_name}-new"),
            EventBodies.Event(_name, $"{_name}-new"),
            EventBodies.Event(_name, $"{_name}-new", ",\"source\":\"other\""),
            "{}"]);

        using var partial = await server.AdminClient.SendEventsAsync("/v1/events/bulk?dry_run=true&mode=partial", lines, EventBodies.Lines);
        var answer = await partial.JsonAsync(200);
        Assert.Equal(["duplicate", "conflict", "accepted", "duplicate", "conflict", "rejected"], answer.Statuses());
        Assert.Equal($"{_name}-new", answer.GetProperty("results")[2].GetProperty("event_id").GetString());

        Assert.NotEmpty(await server.AdminClient.RefusedAsync("/v1/events/bulk?dry_run=true", lines, EventBodies.Lines));
        using var conflicting = await server.AdminClient.SendEventsAsync(
            "/v1/events/bulk?dry_run=true", lines[..lines.LastIndexOf('\n')], EventBodies.Lines);
        var conflict = await conflicting.ShouldBeProblemAsync(409, "conflict");
        Assert.Equal(["line 2: event_id", "line 5: event_id"], conflict.GetProperty("details").GetProperty("errors").EnumerateObject().Select(each => each.Name));
        using var one = await server.AdminClient.SendEventsAsync(
            "/v1/events?dry_run=true", EventBodies.Event(_name, _name, ",\"source\":\"other\""), EventBodies.Json);
        await one.ShouldBeProblemAsync(409, "conflict");
        Assert.Equal(1, await server.AdminClient.CountAsync(_name));
    }

    [Fact]
    public async Task A_dry_run_in_earnest_then_does_what_it_said()
    {
        var random = new Random(25);
        for (var round = 0; round < 30; round++)
        {
            var lines = string.Join('\n', Enumerable.Range(0, 8).Select(_ => random.Next(8) == 0
                ? "{}"
                : EventBodies.Event(_name, $"{_name}-{random.Next(40)}", random.Next(4) == 0 ? ",\"source\":\"other\"" : "")));
            using var dry = await server.AdminClient.SendEventsAsync("/v1/events/bulk?dry_run=true&mode=partial", lines, EventBodies.Lines);
            using var earnest = await server.AdminClient.SendEventsAsync("/v1/events/bulk?mode=partial", lines, EventBodies.Lines);

            Assert.Equal((await earnest.JsonAsync(202)).Statuses(), (await dry.JsonAsync(200)).Statuses());
        }
    }

    [Theory]
    [InlineData("?dry_run=yes")]
    [InlineData("?dry_run=1")]
    [InlineData("?dry_run=true&dry_run=true")]
    public async Task A_dry_run_that_is_not_clearly_one_is_a_400(string query)
    {
        using var response = await server.AdminClient.SendEventsAsync($"/v1/events{query}", Body("/v1/events", EventBodies.Json), EventBodies.Json);

        await response.ShouldBeProblemAsync(400, "validation_error");
        Assert.Equal(0, await server.AdminClient.CountAsync(_name));
    }

    [Fact]
    public async Task Whoever_may_not_send_events_may_not_try_them_either()
    {
        using var reader = await server.ClientOfNewAccountAsync(BuiltInRoles.EventReader);

        using var response = await reader.SendEventsAsync("/v1/events?dry_run=true", Body("/v1/events", EventBodies.Json), EventBodies.Json);

        await response.ShouldBeProblemAsync(403, "permission_denied");
    }

    private string Body(string path, string type) => type switch
    {
        EventBodies.Lines => $"{EventBodies.Event(_name, "a" + _name)}\n{EventBodies.Event(_name, "b" + _name)}",
        EventBodies.CloudEvent => Cloud("a"),
        EventBodies.CloudEvents => $"[{Cloud("a")},{Cloud("b")}]",
        _ when path == "/v1/events" => EventBodies.Event(_name, "a" + _name),
        _ => $$"""{"events":[{{EventBodies.Event(_name, "a" + _name)}},{{EventBodies.Event(_name, "b" + _name)}}]}""",
    };

    private string Cloud(string id) =>
        $$"""{"specversion":"1.0","id":"{{id}}","source":"/{{_name}}","type":"{{_name}}","subject":"c"}""";
}
