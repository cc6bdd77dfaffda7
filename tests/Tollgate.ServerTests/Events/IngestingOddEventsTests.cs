using System.Globalization;
using System.Text.Json;
using Xunit;

namespace Tollgate.ServerTests.Events;

/// <summary>Events whose properties are meant to break something.</summary>
public sealed class IngestingOddEventsTests(TollgateServer server) : IClassFixture<TollgateServer>
{
    private readonly string _name = EventClients.Unique();

    [Fact]
    public async Task Odd_property_names_and_values_come_back_to_the_letter()
    {
        var properties = new Dictionary<string, string>
        {
            [""] = "empty name",
            ["__proto__"] = "constructor",
            ["select"] = "'; DROP TABLE events; --",
            ["a.b"] = "dot",
            ["$.a[0]"] = "$['a']",
            ["\"quoted\""] = "\\back\\slash\\",
            ["%s{0}{{"] = "%00",
            ["а"] = "Cyrillic a",
            ["a"] = "Latin a",
            ["é"] = "one character",
            ["e\u0301"] = "two characters",
            ["\u202Eabc"] = "right to left",
            ["line\r\nbreak"] = "tab\tand\u0001\u001b[31m",
            ["😀"] = new string('x', 60 * 1024),
        };
        var sent = JsonSerializer.Serialize(properties);
        foreach (var (path, type, body) in new[]
        {
            ("/v1/events", EventBodies.Json, EventBodies.Event(_name, _name + "1", $",\"properties\":{sent}")),
            ("/v1/events/bulk", EventBodies.Lines, EventBodies.Event(_name, _name + "2", $",\"properties\":{sent}")),
            ("/v1/events", EventBodies.CloudEvent, $$"""{"specversion":"1.0","id":"3","source":"/{{_name}}","type":"{{_name}}","subject":"c","data":{{sent}}}"""),
        })
        {
            using var response = await server.AdminClient.SendEventsAsync(path, body, type);
            await response.ShouldBeAsync(202);
        }

        var page = await server.AdminClient.QueryAsync(new { event_name = _name });
        Assert.Equal(3, page.Ids().Length);
        Assert.All(page.GetProperty("events").EnumerateArray(), stored => Assert.Equal(
            properties, stored.GetProperty("properties").EnumerateObject().ToDictionary(member => member.Name, member => member.Value.GetString()!)));
    }

    [Theory]
    [InlineData(EventBodies.Json)]
    [InlineData(EventBodies.Lines)]
    [InlineData(EventBodies.CloudEvent)]
    public async Task Properties_beyond_the_limits_are_a_400(string type)
    {
        var many = $"{{{string.Join(',', Enumerable.Range(0, 1000).Select(number => $"\"p{number.ToString(CultureInfo.InvariantCulture)}\":1"))}}}";
        var large = $"{{\"a\":\"{new string('x', 65 * 1024)}\"}}";
        foreach (var (properties, expected) in new[] { (many, "must have at most 100 members."), (large, "must have at most 65536 bytes.") })
        {
            var (path, field, body) = type switch
            {
                EventBodies.Json => ("/v1/events", "properties", EventBodies.Event(_name, _name, $",\"properties\":{properties}")),
                EventBodies.Lines => ("/v1/events/bulk", "line 1: properties", EventBodies.Event(_name, _name, $",\"properties\":{properties}")),
                _ => ("/v1/events", "data", $$"""{"specversion":"1.0","id":"3","source":"/s","type":"{{_name}}","subject":"c","data":{{properties}}}"""),
            };
            Assert.Equal([$"{field}: {expected}"], await server.AdminClient.RefusedAsync(path, body, type));
        }

        Assert.Equal(0, await server.AdminClient.CountAsync(_name));
    }

    [Theory]
    [InlineData(EventBodies.Lines)]
    [InlineData(EventBodies.CloudEvents)]
    public async Task Numbers_keep_their_text_and_sums_are_exact(string type)
    {
        string[] numbers =
        [
            "-1", "0", "-0", "-0.0", "1e28", "9999999999999999999999999999", "99999999999999999999999999999", "0.1", "0.2", "1.10",
            "0.0000000000000000000000000001", "12345678901234567890.123456789", "1E+2", "-1e28", "-9999999999999999999999999999",
            "-99999999999999999999999999999", "-12345678901234567890.123456789",
        ];
        var body = type == EventBodies.Lines
            ? string.Join('\n', numbers.Select((number, index) => EventBodies.Event(_name, $"{_name}{index}", $",\"properties\":{{\"v\":{number}}}")))
            : $"[{string.Join(',', numbers.Select((number, index) =>
                $$$"""{"specversion":"1.0","id":"{{{index}}}","source":"/{{{_name}}}","type":"{{{_name}}}","subject":"c","data":{"v":{{{number}}}}}"""))}]";

        using var response = await server.AdminClient.SendEventsAsync("/v1/events/bulk", body, type);
        await response.ShouldBeAsync(202);
        var page = await server.AdminClient.QueryAsync(new { event_name = _name, page_size = 100 });
        var sum = await server.AdminClient.UsageAsync(new { event_name = _name, aggregation_type = "SUM", property_name = "v" });

        Assert.Equal(
            numbers.Order(StringComparer.Ordinal),
            page.GetProperty("events").EnumerateArray().Select(stored => stored.GetProperty("properties").GetProperty("v").GetRawText()).Order(StringComparer.Ordinal));
        // What cancels itself out is gone to the last digit: −1 + 0.1 + 0.2 + 1.1 + 100 and the smallest stay.
        Assert.Equal("100.4000000000000000000000000001", sum.GetProperty("value").GetRawText());
    }
}
