using System.Globalization;
using Tollgate.Server.Hosting;
using Xunit;

namespace Tollgate.UnitTests.Events;

public sealed class EventParserTests
{
    [Fact]
    public void Every_member_is_read()
    {
        var parsed = Parsing.One(
            """
            { "event_name": " api.call\n", "external_customer_id": "acme/ü", "event_id": "e 1", "customer_id": "cust_1",
              "source": "", "timestamp": "2026-03-01T10:00:00.1234567+02:00", "properties": { "a" : 1.50 , "b": [ true, null ] } }
            """);

        Assert.Empty(parsed.Errors);
        Assert.Equal("e 1", parsed.EventId);
        var logged = parsed.Logged!;
        Assert.Equal("api.call", logged.EventName);
        Assert.Equal("acme/ü", logged.ExternalCustomerId);
        Assert.Equal("cust_1", logged.CustomerId);
        Assert.Equal("", logged.Source);
        Assert.Equal(new DateTimeOffset(2026, 3, 1, 8, 0, 0, TimeSpan.Zero).AddMicroseconds(123456), logged.Timestamp);
        Assert.Equal("""{"a":1.50,"b":[true,null]}""", logged.Properties);
    }

    [Fact]
    public void What_is_absent_gets_its_default()
    {
        var logged = Parsing.Good("");

        Assert.Matches("^event_[0-9A-Z]{26}$", logged.EventId);
        Assert.Equal(Parsing.Now, logged.Timestamp);
        Assert.Equal("{}", logged.Properties);
        Assert.Null(logged.CustomerId);
        Assert.Null(logged.Source);
    }

    [Fact]
    public void Null_of_an_optional_member_is_the_same_as_its_absence()
    {
        var logged = Parsing.Good("""
            "event_id":null,"customer_id":null,"source":null,"timestamp":null,"properties":null
            """);

        Assert.StartsWith("event_", logged.EventId, StringComparison.Ordinal);
        Assert.Equal(Parsing.Good("").ContentDigest, logged.ContentDigest);
    }

    [Fact]
    public void All_errors_of_an_event_are_found_at_once()
    {
        var parsed = Parsing.One(
            """
            {"event_name":"  ","event_id":"","customer_id":5,"source":["x"],"timestamp":"yesterday","properties":[],"api_key_id":"k","event_id":"e"}
            """);

        Assert.Null(parsed.Logged);
        Assert.Equal(
            ["event_name", "event_id", "customer_id", "source", "timestamp", "properties", "api_key_id", "event_id", "external_customer_id"],
            parsed.Errors.Select(error => error.Path));
    }

    [Theory]
    [InlineData("\"event_id\":\"\"", "event_id: must not be empty.")]
    [InlineData("\"source\":\"a\\u0000b\"", "source: must not contain a NUL character.")]
    [InlineData("\"\\ud800\":1", "\\ud800: is not a known field.")]
    [InlineData("\"source\":\"\\ud800\"", "source: must not contain one half of a surrogate pair.")]
    [InlineData("\"source\":true", "source: must be a string.")]
    [InlineData("\"Source\":\"x\"", "Source: is not a known field.")]
    [InlineData("\"customer_id\":\"a\",\"customer_id\":\"a\"", "customer_id: is there twice.")]
    [InlineData("\"properties\":\"x\"", "properties: must be an object.")]
    [InlineData("\"properties\":{\"a\":1e400}", "properties.a: is too large a number.")]
    [InlineData("\"properties\":{\"a\":[0,1e-400]}", "properties.a[1]: is too small a number.")]
    [InlineData("\"properties\":{\"a\":{\"b\":[{\"c\":\"\\u0000\"}]}}", "properties.a.b[0].c: must not contain a NUL character.")]
    [InlineData("\"properties\":{\"a\\u0000\":1}", "properties.a\0: must not contain a NUL character.")]
    [InlineData("\"properties\":{\"x\":{\"b\":1,\"a\":2,\"\\u0062\":3}}", "properties.x.b: is there twice.")]
    public void A_wrong_member_is_named(string member, string error) => Assert.Equal([error], Parsing.ErrorsOf(member));

    [Fact]
    public void Lengths_count_up_to_their_limit()
    {
        var longest = new string('ü', 255);

        Assert.Equal(longest, Parsing.Good($"\"source\":\"{longest}\"").Source);
        Assert.Equal(["source: must have at most 255 characters."], Parsing.ErrorsOf($"\"source\":\"{longest}x\""));
    }

    [Fact]
    public void Properties_have_at_most_a_hundred_members()
    {
        static string Members(int count) => string.Join(',', Enumerable.Range(0, count).Select(index => $"\"p{index}\":{index}"));

        Assert.NotNull(Parsing.Good($"\"properties\":{{{Members(100)}}}"));
        Assert.NotNull(Parsing.Good($"\"properties\":{{\"inner\":{{{Members(101)}}}}}"));
        Assert.Equal(["properties: must have at most 100 members."], Parsing.ErrorsOf($"\"properties\":{{{Members(101)}}}"));
    }

    [Fact]
    public void Properties_have_at_most_64_KiB_without_their_white_space()
    {
        static string Of(int bytes) => $$"""
            "properties": {   "a" :  "{{new string('x', bytes - 8)}}"  }
            """;

        Assert.Equal(65_536, Parsing.Good(Of(65_536)).Properties.Length);
        Assert.Equal(["properties: must have at most 65536 bytes."], Parsing.ErrorsOf(Of(65_537)));
    }

    [Fact]
    public void A_number_keeps_its_text_up_to_a_thousand_digits()
    {
        var number = "0." + new string('1', 999);

        Assert.Equal($$"""{"a":{{number}},"b":-0,"c":1E+2}""", Parsing.Good($$"""
            "properties":{"a":{{number}},"b":-0,"c":1E+2}
            """).Properties);
        Assert.Equal(["properties.a: must have at most 1000 digits."], Parsing.ErrorsOf($$"""
            "properties":{"a":{{number}}1}
            """));
    }

    [Theory]
    [InlineData("2026-03-16T12:00:00Z", true)]
    [InlineData("2026-03-16T12:00:00.000001Z", false)]
    [InlineData("2016-03-08T12:00:00Z", true)]
    [InlineData("2016-03-07T11:59:59.999999Z", false)]
    [InlineData("2026-03-15T12:00:00", false)]
    [InlineData("2026-02-30T12:00:00Z", false)]
    [InlineData("2026-03-15", false)]
    public void A_time_is_refused_without_a_zone_and_out_of_range(string time, bool fits) =>
        Assert.Equal(fits, Parsing.ErrorsOf($"\"timestamp\":\"{time}\"").Length == 0);

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("{")]
    [InlineData("""{"event_name":"n","external_customer_id":"c",}""")]
    [InlineData("""{"event_name":"n","external_customer_id":"c"} x""")]
    [InlineData("""{"event_name":"n","external_customer_id":"c"}{}""")]
    [InlineData("""{"event_name":"n","external_customer_id":"c","properties":{"a":NaN}}""")]
    [InlineData("""{"event_name":"n","external_customer_id":"c","properties":{"a":01}}""")]
    [InlineData("// comment\n{}")]
    [InlineData("[1,]")]
    public void What_is_no_JSON_is_refused(string json) => Assert.StartsWith("body: is not valid JSON", Parsing.RefusalOf(json), StringComparison.Ordinal);

    [Theory]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("\"x\"")]
    [InlineData("1")]
    public void What_is_no_object_is_refused(string json) => Assert.Equal("body: must be an object.", Parsing.RefusalOf(json));

    [Fact]
    public void Sixty_four_levels_are_read_and_one_more_is_refused()
    {
        static string Nested(int lists) =>
            $$$"""{"event_name":"n","external_customer_id":"c","properties":{"a":{{{new string('[', lists)}}}{{{new string(']', lists)}}}}}""";

        Assert.Empty(Parsing.One(Nested(62)).Errors);
        Assert.Equal("body: is nested deeper than 64 levels.", Parsing.RefusalOf(Nested(63)));
        Assert.Equal("body: is nested deeper than 64 levels.", Parsing.RefusalOf(Nested(100_000)));
    }

    [Fact]
    public void The_same_content_has_the_same_digest()
    {
        var first = Parsing.Good("""
            "event_id":"1","source":"s","timestamp":"2026-03-01T10:00:00Z","properties":{"a":1,"b":{"x":"ü","y":[1,2]}}
            """);
        var second = Parsing.Good("""
            "properties" : { "b": {"y":[1, 2],"x":"\u00fc"}, "\u0061":1 }, "timestamp":"2026-03-01T11:00:00+01:00","source":"s","event_id":"1"
            """);

        Assert.Equal(first.ContentDigest, second.ContentDigest);
    }

    [Fact]
    public void Other_content_has_another_digest()
    {
        string[] others =
        [
            "", "\"source\":\"\"", "\"source\":\"s\"", "\"customer_id\":\"s\"", "\"timestamp\":\"2026-03-01T10:00:00Z\"",
            "\"timestamp\":\"2026-03-01T10:00:00.000001Z\"", "\"properties\":{\"a\":1}", "\"properties\":{\"a\":1.0}", "\"properties\":{\"a\":\"1\"}",
            "\"properties\":{\"a\":[1]}", "\"properties\":{\"a\":{}}", "\"properties\":{\"a\":[]}", "\"properties\":{\"a\":null}",
            "\"properties\":{\"a\":\"null\"}", "\"properties\":{\"a\":[1,2]}", "\"properties\":{\"a\":[2,1]}", "\"properties\":{\"a\":[12]}",
            "\"properties\":{\"b\":1}", "\"properties\":{\"a\":true}", "\"properties\":{\"a\":false}",
        ];

        Assert.Distinct(others.Select(members => Parsing.Good(members).ContentDigest));
    }

    [Fact]
    public void A_batch_names_the_event_that_is_wrong_and_keeps_the_others()
    {
        var (events, problem) = Parsing.Batch("""
            {"events":[{"event_name":"n","external_customer_id":"c"},7,{"event_name":"n","event_id":"e","external_customer_id":""}]}
            """);

        Assert.Null(problem);
        Assert.NotNull(events[0].Logged);
        Assert.Equal("must be an object.", Assert.Single(events[1].Errors).Text);
        Assert.Equal("e", events[2].EventId);
        Assert.Equal("external_customer_id", Assert.Single(events[2].Errors).Path);
    }

    [Fact]
    public void The_properties_of_one_event_do_not_leak_into_the_next()
    {
        var (events, _) = Parsing.Batch("""
            {"events":[{"event_name":"n","external_customer_id":"c","properties":{"a":1}},{"event_name":"n","external_customer_id":"c"}]}
            """);

        Assert.Equal("""{"a":1}""", events[0].Logged!.Properties);
        Assert.Equal("{}", events[1].Logged!.Properties);
    }

    [Theory]
    [InlineData("{}", "events: is required.")]
    [InlineData("""{"events":[]}""", "events: must not be empty.")]
    [InlineData("""{"events":null}""", "events: must be a list.")]
    [InlineData("""{"events":{}}""", "events: must be a list.")]
    [InlineData("""{"events":[{}],"mode":"partial"}""", "mode: is not a known field.")]
    [InlineData("""{"events":[{}],"events":[{}]}""", "events: is there twice.")]
    public void A_batch_of_another_shape_is_refused(string json, string message) => Assert.Equal(message, Parsing.Batch(json).Problem!.Message);

    [Fact]
    public void A_batch_has_at_most_a_thousand_events()
    {
        static string Of(int count) => $$"""{"events":[{{string.Join(',', Enumerable.Repeat("""{"event_name":"n","external_customer_id":"c"}""", count))}}]}""";

        Assert.Equal(1000, Parsing.Batch(Of(1000)).Events.Count);
        Assert.Equal("events: must have at most 1000 items.", Parsing.Batch(Of(1001)).Problem!.Message);
    }

    [Fact]
    public void A_flood_of_errors_makes_no_flood_of_answers()
    {
        var unknown = string.Join(',', Enumerable.Range(0, 10_000).Select(index => string.Create(CultureInfo.InvariantCulture, $"\"u{index}\":1")));
        var nul = string.Join(',', Enumerable.Repeat("\"\\u0000\"", 10_000));

        Assert.InRange(Parsing.ErrorsOf(unknown).Length, 1, 100);
        Assert.InRange(Parsing.ErrorsOf($$"""
            "properties":{"{{new string('n', 9_000)}}":[{{nul}}]}
            """).Length, 1, 101);
        Assert.All(Parsing.ErrorsOf($"\"properties\":{{\"{new string('n', 9_000)}\":[{nul}]}}"), error => Assert.InRange(error.Length, 1, 300));
    }

    [Fact]
    public void The_refusal_of_a_body_says_where_it_breaks() =>
        Assert.Equal("body: is not valid JSON (line 2, byte 3).", Parsing.RefusalOf("{\n\"a\n"));

    [Fact]
    public void Errors_of_a_body_are_a_400() =>
        Assert.Equal(400, Assert.Throws<ProblemException>(() => Parsing.One("[")).Problem.Status);
}
