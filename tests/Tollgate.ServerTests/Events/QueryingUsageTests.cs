using System.Text.Json;
using Xunit;

namespace Tollgate.ServerTests.Events;

public sealed class QueryingUsageTests(TollgateServer server) : IClassFixture<TollgateServer>
{
    private readonly string _name = EventClients.Unique();

    private HttpClient Admin => server.AdminClient;

    [Fact]
    public async Task A_day_of_25_hours_is_one_window_of_a_day_and_25_of_an_hour()
    {
        var start = new DateTimeOffset(2025, 10, 25, 22, 0, 0, TimeSpan.Zero);
        await Admin.IngestManyAsync(Enumerable.Range(0, 25).Select(hour =>
            new { event_name = _name, external_customer_id = "c", timestamp = start.AddHours(hour) }));
        var query = new
        {
            event_name = _name,
            aggregation_type = "COUNT",
            start_time = start,
            end_time = start.AddHours(25),
            window_size = "DAY",
            timezone = "Europe/Berlin",
        };

        var day = await Admin.UsageAsync(query);
        var hours = await Admin.UsageAsync(query with { window_size = "HOUR" });
        var utc = await Admin.UsageAsync(query with { timezone = "UTC" });

        Assert.Equal([("2025-10-25T22:00:00Z", "25")], Windows(day));
        Assert.Equal(25, Windows(hours).Length);
        Assert.All(Windows(hours), window => Assert.Equal("1", window.Value));
        Assert.Equal([("2025-10-25T00:00:00Z", "2"), ("2025-10-26T00:00:00Z", "23")], Windows(utc));
    }

    [Fact]
    public async Task Sums_are_exact_by_group_and_what_is_no_number_is_counted_apart()
    {
        object[] properties =
        [
            new { model = "large", cost = 0.1m }, new { model = "large", cost = 0.2m }, new { model = "small", cost = "12345678901234567.00000000001" },
            new { cost = 1 }, new { model = "large", cost = "free" }, new { model = "large" },
        ];
        await Admin.IngestManyAsync(properties.Select(each => new { event_name = _name, external_customer_id = "c", properties = each }));

        var usage = await Admin.UsageAsync(new { event_name = _name, aggregation_type = "SUM", property_name = "cost", group_by = (List<string>)["model"] });

        Assert.Equal("12345678901234568.30000000001", usage.GetProperty("value").GetRawText());
        Assert.Equal(2, usage.GetProperty("skipped").GetInt64());
        Assert.Equal(
            new Dictionary<string, string> { ["large"] = "0.3", ["small"] = "12345678901234567.00000000001", [""] = "1" },
            usage.GetProperty("results").EnumerateArray().ToDictionary(
                result => result.GetProperty("group").GetProperty("model").GetString() ?? "",
                result => result.GetProperty("value").GetRawText()));
    }

    [Fact]
    public async Task Every_aggregation_answers_exactly_and_null_where_there_is_no_value()
    {
        var start = new DateTimeOffset(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);
        object[] values = [0.1m, "0.2", 2, "free", 2.0m];
        await Admin.IngestManyAsync(values.Select((value, index) =>
            new { event_name = _name, external_customer_id = "c", timestamp = start.AddHours(6 * index), properties = new { cost = value } }));
        var usage = async (string type, string name, object? multiplier) => (await Admin.UsageAsync(new
        {
            event_name = name,
            aggregation_type = type,
            property_name = "cost",
            multiplier,
            start_time = start,
            end_time = start.AddHours(30),
        })).GetProperty("value").GetRawText();

        Assert.Equal("4.3", await usage("SUM", _name, null));
        Assert.Equal("1.075", await usage("AVG", _name, null));
        Assert.Equal("2", await usage("MAX", _name, null));
        Assert.Equal("4", await usage("COUNT_UNIQUE", _name, null));
        Assert.Equal("2", await usage("LATEST", _name, null));
        // 0.1 × 30/30 + 0.2 × 24/30 + 2 × 18/30 + 2 × 6/30
        Assert.Equal("1.86", await usage("WEIGHTED_SUM", _name, null));
        Assert.Equal("5.3750000000000000000000000043", await usage("SUM_WITH_MULTIPLIER", _name, "1.250000000000000000000000001"));
        Assert.Equal("-8.6", await usage("SUM_WITH_MULTIPLIER", _name, -2));
        Assert.Equal("0", await usage("SUM", _name + "none", null));
        Assert.Equal("0", await usage("COUNT_UNIQUE", _name + "none", null));
        foreach (var type in new[] { "AVG", "MAX", "LATEST" })
        {
            Assert.Equal("null", await usage(type, _name + "none", null));
        }
    }

    [Fact]
    public async Task Usage_that_cannot_be_answered_is_refused_by_name()
    {
        async Task<string[]> FieldsAsync(object query) => await Admin.RefusedFieldsAsync("/v1/events/usage", query);

        Assert.Equal(["event_name", "aggregation_type"], (await FieldsAsync(new { })).Order(StringComparer.Ordinal).Reverse());
        Assert.Equal(["property_name"], await FieldsAsync(new { event_name = "n", aggregation_type = "SUM", property_name = "" }));
        Assert.Equal(["aggregation_type"], await FieldsAsync(new { event_name = "n", aggregation_type = "MEDIAN" }));
        foreach (var type in new[] { "SUM", "AVG", "MAX", "COUNT_UNIQUE", "LATEST", "WEIGHTED_SUM" })
        {
            Assert.Equal(["property_name"], await FieldsAsync(new { event_name = "n", aggregation_type = type }));
            Assert.Equal(
                ["multiplier"], await FieldsAsync(new { event_name = "n", aggregation_type = type, property_name = "p", multiplier = 2 }));
        }

        object[] multipliers = [true, "x", "1e2", "", new string('9', 39), "0." + new string('1', 29)];
        foreach (var multiplier in multipliers)
        {
            Assert.Equal(
                ["multiplier"],
                await FieldsAsync(new { event_name = "n", aggregation_type = "SUM_WITH_MULTIPLIER", property_name = "p", multiplier }));
        }

        Assert.Equal(["multiplier"], await FieldsAsync(new { event_name = "n", aggregation_type = "SUM_WITH_MULTIPLIER", property_name = "p" }));
        Assert.Equal(["timezone"], await FieldsAsync(new { event_name = "n", aggregation_type = "COUNT", timezone = "../../etc/passwd" }));
        Assert.Equal(
            ["window_size"],
            await FieldsAsync(new { event_name = "n", aggregation_type = "COUNT", window_size = "MINUTE", start_time = "2020-01-01T00:00:00Z" }));
        Assert.Equal(
            ["group_by[1]"], await FieldsAsync(new { event_name = "n", aggregation_type = "COUNT", group_by = (List<string>)["a", "a"] }));
        Assert.Equal(
            ["group_by"], await FieldsAsync(new { event_name = "n", aggregation_type = "COUNT", group_by = (List<string>)["a", "b", "c", "d"] }));
        Assert.Equal(
            ["filters.model"],
            await FieldsAsync(new { event_name = "n", aggregation_type = "COUNT", filters = new { model = Array.Empty<string>() } }));
        Assert.Equal(["multiplier"], await FieldsAsync(new { event_name = "n", aggregation_type = "COUNT", multiplier = "2" }));
    }

    private static (string Start, string Value)[] Windows(JsonElement usage) =>
    [
        .. usage.GetProperty("results").EnumerateArray()
            .Select(result => (result.GetProperty("window_size").GetString()!, result.GetProperty("value").GetRawText())),
    ];
}
