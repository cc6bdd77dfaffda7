using System.Text.Json;
using Tollgate.Contracts;
using Tollgate.ServerTests.Constraints;
using Xunit;

namespace Tollgate.ServerTests.Events;

/// <summary>CloudEvents 1.0: one, a batch, and one whose attributes are headers.</summary>
public sealed class IngestingCloudEventsTests(TollgateServer server) : IClassFixture<TollgateServer>
{
    private const string One = "/v1/events";
    private const string Bulk = "/v1/events/bulk";

    private readonly string _name = EventClients.Unique();

    [Fact]
    public async Task A_CloudEvent_becomes_an_event_with_the_exact_text_of_its_numbers()
    {
        var body = Cloud("7", """
            "time":"2026-11-20T10:00:00.123456+02:00","datacontenttype":"application/json; charset=utf-8","dataschema":"https://example.com/schema",
            "traceparent":"00-1-2-01","sampled":true,"sequence":17,"data":{"n":1.50,"big":123456789012345678901234567890.10,"e":1E-7,"s":"\u00fc"}
            """);

        using var response = await server.AdminClient.SendEventsAsync(One, body, EventBodies.CloudEvent);
        var answer = await response.JsonAsync(202);
        var stored = await StoredAsync(answer.GetProperty("event_id").GetString()!);

        Assert.Equal($"https://example.com/{_name} 7", stored.GetProperty("id").GetString());
        Assert.Equal(_name, stored.GetProperty("event_name").GetString());
        Assert.Equal("customer-1", stored.GetProperty("external_customer_id").GetString());
        Assert.Equal($"https://example.com/{_name}", stored.GetProperty("source").GetString());
        Assert.Equal("2026-11-20T08:00:00.123456Z", stored.GetProperty("timestamp").GetString());
        Assert.Equal("""{"n":1.50,"big":123456789012345678901234567890.10,"e":1E-7,"s":"ü"}""", JsonSerializer.Serialize(stored.GetProperty("properties"), Relaxed));
    }

    [Fact]
    public async Task The_same_CloudEvent_again_counts_once_in_whichever_form_it_comes()
    {
        var extra = "\"data\":{\"n\":1}";
        using var structured = await server.AdminClient.SendEventsAsync(One, Cloud("1", extra), EventBodies.CloudEvent);
        using var batch = await server.AdminClient.SendEventsAsync(Bulk, $"[{Cloud("1", extra + ",\"traceparent\":\"another\"")}]", EventBodies.CloudEvents);
        using var binary = await server.AdminClient.SendEventsAsync(One, "{\"n\" : 1}", EventBodies.Json, Headers("1"));
        using var own = await server.AdminClient.SendEventsAsync(
            One,
            $$"""{"event_name":"{{_name}}","external_customer_id":"customer-1","event_id":"https://example.com/{{_name}} 1","source":"https://example.com/{{_name}}","properties":{"n":1} }""",
            EventBodies.Json);
        using var other = await server.AdminClient.SendEventsAsync(One, Cloud("1", "\"data\":{\"n\":2}"), EventBodies.CloudEvent);

        Assert.Equal("accepted", (await structured.JsonAsync(202)).GetProperty("status").GetString());
        Assert.Equal(["duplicate"], (await batch.JsonAsync(202)).Statuses());
        Assert.Equal("duplicate", (await binary.JsonAsync(202)).GetProperty("status").GetString());
        Assert.Equal("duplicate", (await own.JsonAsync(202)).GetProperty("status").GetString());
        await other.ShouldBeProblemAsync(409, "conflict");
        Assert.Equal(1, await server.AdminClient.CountAsync(_name));
    }

    [Fact]
    public async Task An_id_from_another_source_is_another_event()
    {
        foreach (var source in new[] { "/a", "/A", "/a/", "/a%20b", "urn:a" })
        {
            using var response = await server.AdminClient.SendEventsAsync(One, Cloud("1", source: $"{source}{_name}"), EventBodies.CloudEvent);
            Assert.Equal("accepted", (await response.JsonAsync(202)).GetProperty("status").GetString());
        }

        Assert.Equal(5, await server.AdminClient.CountAsync(_name));
    }

    [Fact]
    public async Task An_id_too_long_to_be_kept_still_counts_once()
    {
        var id = _name + new string('x', 5000);

        using var first = await server.AdminClient.SendEventsAsync(One, Cloud(id), EventBodies.CloudEvent);
        using var second = await server.AdminClient.SendEventsAsync(One, Cloud(id), EventBodies.CloudEvent);
        using var other = await server.AdminClient.SendEventsAsync(One, Cloud(id + "y"), EventBodies.CloudEvent);

        Assert.Matches("^sha256:[0-9a-f]{64}$", (await first.JsonAsync(202)).GetProperty("event_id").GetString());
        Assert.Equal("duplicate", (await second.JsonAsync(202)).GetProperty("status").GetString());
        Assert.Equal("accepted", (await other.JsonAsync(202)).GetProperty("status").GetString());
    }

    [Theory]
    [InlineData("""{"specversion":"0.3","id":"1","source":"/s","type":"t","subject":"c"}""", "specversion: must be 1.0.")]
    [InlineData("""{"specversion":1.0,"id":"1","source":"/s","type":"t","subject":"c"}""", "specversion: must be a string.")]
    [InlineData("""{"id":"1","source":"/s","type":"t","subject":"c"}""", "specversion: is required.")]
    [InlineData("""{"specversion":"1.0","source":"/s","type":"t","subject":"c"}""", "id: is required.")]
    [InlineData("""{"specversion":"1.0","id":null,"source":"/s","type":"t","subject":"c"}""", "id: is required.")]
    [InlineData("""{"specversion":"1.0","id":"","source":"/s","type":"t","subject":"c"}""", "id: must not be empty.")]
    [InlineData("""{"specversion":"1.0","id":7,"source":"/s","type":"t","subject":"c"}""", "id: must be a string.")]
    [InlineData("""{"specversion":"1.0","id":"a\u0000","source":"/s","type":"t","subject":"c"}""", "id: must not contain a NUL character.")]
    [InlineData("""{"specversion":"1.0","id":"1","id":"2","source":"/s","type":"t","subject":"c"}""", "id: is there twice.")]
    [InlineData("""{"specversion":"1.0","id":"1","source":"/s","type":"t"}""", "subject: is required: it names the customer.")]
    [InlineData("""{"specversion":"1.0","id":"1","source":"/s","type":" ","subject":"c"}""", "type: must not be empty.")]
    [InlineData("""{"specversion":"1.0","id":"1","source":"a b","type":"t","subject":"c"}""", "source: must be a URI reference without white space.")]
    [InlineData("""{"specversion":"1.0","id":"1","source":"http://[","type":"t","subject":"c"}""", "source: must be a URI reference without white space.")]
    [InlineData("""{"specversion":"1.0","id":"1","source":"/s","type":"t","subject":"c","time":"yesterday"}""", "time: must be an RFC 3339 time with a zone, for example 2026-01-31T08:00:00Z.")]
    [InlineData("""{"specversion":"1.0","id":"1","source":"/s","type":"t","subject":"c","data":[1]}""", "data: must be an object.")]
    [InlineData("""{"specversion":"1.0","id":"1","source":"/s","type":"t","subject":"c","data":"text"}""", "data: must be an object.")]
    [InlineData("""{"specversion":"1.0","id":"1","source":"/s","type":"t","subject":"c","data":{"a":1e999}}""", "data.a: is too large a number.")]
    [InlineData("""{"specversion":"1.0","id":"1","source":"/s","type":"t","subject":"c","data_base64":"e30="}""", "data_base64: is not read: send an object in data.")]
    [InlineData("""{"specversion":"1.0","id":"1","source":"/s","type":"t","subject":"c","datacontenttype":"text/xml"}""", "datacontenttype: must be application/json, or absent.")]
    [InlineData("""{"specversion":"1.0","id":"1","source":"/s","type":"t","subject":"c","datacontenttype":"nonsense"}""", "datacontenttype: must be application/json, or absent.")]
    [InlineData("""{"specversion":"1.0","id":"1","source":"/s","type":"t","subject":"c","dataschema":"relative"}""", "dataschema: must be an absolute URI.")]
    [InlineData("""{"specversion":"1.0","id":"1","source":"/s","type":"t","subject":"c","Upper":"x"}""", "Upper: is no name of an attribute, which has lower-case letters and digits alone.")]
    [InlineData("""{"specversion":"1.0","id":"1","source":"/s","type":"t","subject":"c","ext":{}}""", "ext: must be a string, a boolean or a whole number of 32 bits.")]
    [InlineData("""{"specversion":"1.0","id":"1","source":"/s","type":"t","subject":"c","ext":1.5}""", "ext: must be a string, a boolean or a whole number of 32 bits.")]
    [InlineData("""[]""", "body: must be an object.")]
    [InlineData("""{"specversion":"1.0",}""", "body: is not valid JSON (line 1, byte 22).")]
    public async Task A_wrong_CloudEvent_is_a_400_that_names_the_attribute(string body, string expected)
    {
        Assert.Equal([expected], await server.AdminClient.RefusedAsync(One, body, EventBodies.CloudEvent));
        if (body[0] == '{' && !expected.StartsWith("body", StringComparison.Ordinal))
        {
            Assert.Equal([$"[1].{expected}"], await server.AdminClient.RefusedAsync(Bulk, $"[{Cloud("1")},{body}]", EventBodies.CloudEvents));
            Assert.Equal(0, await server.AdminClient.CountAsync(_name));
        }
    }

    [Fact]
    public async Task A_batch_has_one_to_a_thousand_events_and_no_nonsense_between()
    {
        Assert.Equal(["body: must not be empty."], await server.AdminClient.RefusedAsync(Bulk, "[]", EventBodies.CloudEvents));
        Assert.Equal(["body: must be a list."], await server.AdminClient.RefusedAsync(Bulk, Cloud("1"), EventBodies.CloudEvents));
        Assert.Equal(["[0]: must be an object."], await server.AdminClient.RefusedAsync(Bulk, "[7]", EventBodies.CloudEvents));
        Assert.Equal(
            ["body: must have at most 1000 items."],
            await server.AdminClient.RefusedAsync(Bulk, $"[{string.Join(',', Enumerable.Range(0, 1001).Select(id => Cloud($"{id}")))}]", EventBodies.CloudEvents));
        Assert.Equal(
            ["body: must have at most 100 attributes."],
            await server.AdminClient.RefusedAsync(
                One, Cloud("1", string.Join(',', Enumerable.Range(0, 96).Select(number => $"\"x{number}\":\"\""))), EventBodies.CloudEvent));

        using var thousand = await server.AdminClient.SendEventsAsync(
            Bulk, $"[{string.Join(',', Enumerable.Range(0, 1000).Select(id => Cloud($"{id}")))}]", EventBodies.CloudEvents);
        await thousand.ShouldBeAsync(202);
        Assert.Equal(1000, await server.AdminClient.CountAsync(_name));
    }

    [Fact]
    public async Task A_partial_batch_says_what_is_wrong_with_each()
    {
        using var response = await server.AdminClient.SendEventsAsync(
            $"{Bulk}?mode=partial", $"[{Cloud("1")},{Cloud("2").Replace("subject", "object", StringComparison.Ordinal)}]", EventBodies.CloudEvents);
        var answer = await response.JsonAsync(202);

        Assert.Equal(["accepted", "rejected"], answer.Statuses());
        Assert.Equal("subject: is required: it names the customer.", answer.GetProperty("results")[1].GetProperty("error").GetString());
    }

    [Fact]
    public async Task Attributes_may_be_headers_and_the_body_the_data()
    {
        var headers = Headers("a%20%C3%BC%22");
        using var response = await server.AdminClient.SendEventsAsync(One, """{"n":1.0}""", EventBodies.Json, headers);
        var stored = await StoredAsync((await response.JsonAsync(202)).GetProperty("event_id").GetString()!);
        Assert.Equal($"https://example.com/{_name} a ü\"", stored.GetProperty("id").GetString());
        Assert.Equal("""{"n":1.0}""", stored.GetProperty("properties").GetRawText());

        using var bare = await server.AdminClient.SendEventsAsync(One, "", EventBodies.Json, Headers("2"));
        await bare.ShouldBeAsync(202);

        Assert.Equal(["ce-subject: is required: it names the customer."], await RefusedAsync("{}", [.. headers.Where(header => header.Item1 != "ce-subject")]));
        Assert.Equal(["ce-id: is not encoded as CloudEvents are in headers."], await RefusedAsync("{}", Headers("%zz")));
        Assert.Equal(["ce-specversion: must be 1.0."], await RefusedAsync("{}", [.. headers[1..], ("ce-specversion", "2.0")]));
        Assert.Equal(["body: must be an object."], await RefusedAsync("7", headers));
        Assert.Equal(["body.a: is too large a number."], await RefusedAsync("{\"a\":1e999}", headers));
        Assert.Equal(
            [$"ce-specversion: is for one event, at /v1/events; a batch of CloudEvents is {EventBodies.CloudEvents}."],
            await server.AdminClient.RefusedAsync(Bulk, "{}", EventBodies.Json, headers));

        Task<string[]> RefusedAsync(string body, (string, string)[] sent) => server.AdminClient.RefusedAsync(One, body, EventBodies.Json, sent);
    }

    [Fact]
    public async Task The_constraints_of_a_key_hold_for_CloudEvents_and_lines_and_dry_runs_and_speak_of_them_in_their_names()
    {
        using var narrow = await server.LimitedAdminAsync(new KeyConstraints { EventNames = [_name], ExternalCustomerIds = ["c"] });
        foreach (var query in new[] { "", "?dry_run=true" })
        {
            Assert.Equal("subject", await ViolationAsync(One + query, Cloud("1"), EventBodies.CloudEvent));
            Assert.Equal("[0].subject", await ViolationAsync(Bulk + query, $"[{Cloud("1")}]", EventBodies.CloudEvents));
            Assert.Equal("line 2: event_name", await ViolationAsync(Bulk + query, $"\n{EventBodies.Event("other", "1")}", EventBodies.Lines));
        }

        using var partial = await narrow.SendEventsAsync($"{Bulk}?mode=partial", $"[{Cloud("1")}]", EventBodies.CloudEvents);
        Assert.StartsWith("subject: ", (await partial.JsonAsync(202)).GetProperty("results")[0].GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.Equal(0, await server.AdminClient.CountAsync(_name));

        async Task<string> ViolationAsync(string path, string body, string type)
        {
            using var response = await narrow.SendEventsAsync(path, body, type);
            var problem = await response.ShouldBeProblemAsync(403, "constraint_violation");
            return Assert.Single(problem.GetProperty("details").GetProperty("errors").EnumerateObject()).Name;
        }
    }

    private static readonly JsonSerializerOptions Relaxed = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private string Cloud(string id, string more = "", string? source = null) =>
        $$"""{"specversion":"1.0","id":{{JsonSerializer.Serialize(id)}},"source":"{{source ?? $"https://example.com/{_name}"}}","type":"{{_name}}","subject":"customer-1"{{(more.Length == 0 ? "" : "," + more)}}}""";

    private (string, string)[] Headers(string id) =>
    [
        ("ce-specversion", "1.0"), ("ce-id", id), ("CE-Source", $"https://example.com/{_name}"), ("ce-type", _name), ("ce-subject", "customer-1"),
    ];

    private async Task<JsonElement> StoredAsync(string id)
    {
        using var response = await server.AdminClient.GetPathAsync($"/v1/events/lookup?id={Uri.EscapeDataString(id)}");
        return (await response.JsonAsync(200)).GetProperty("event");
    }
}
