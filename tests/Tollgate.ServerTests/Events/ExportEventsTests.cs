using System.Text;
using System.Text.Json;
using CsvHelper;
using Tollgate.Contracts;
using Tollgate.ServerTests.Constraints;
using Xunit;

namespace Tollgate.ServerTests.Events;

public sealed class ExportEventsTests(TollgateServer server) : IClassFixture<TollgateServer>
{
    private readonly string _name = EventClients.Unique();

    private HttpClient Admin => server.AdminClient;

    [Theory]
    [InlineData("ndjson", "application/x-ndjson")]
    [InlineData("csv", "text/csv")]
    public async Task An_export_has_every_event_once_in_the_order_of_arrival(string format, string type)
    {
        var sent = await SendAsync(600);
        using var response = await Admin.GetPathAsync($"/v1/events/export?event_name={_name}&format={format}");
        var text = await response.TextAsync();

        var ids = format == "csv" ? Cells(text).Skip(1).Select(row => row[0]) : Lines(text).Select(line => line.GetProperty("id").GetString());
        Assert.Equal(sent, ids);
        Assert.Equal(type, response.Content.Headers.ContentType!.MediaType);
        Assert.Equal($"attachment; filename=\"events.{format}\"", response.Content.Headers.GetValues("Content-Disposition").Single());
        Assert.Equal("no-store", response.Headers.CacheControl!.ToString());
    }

    [Fact]
    public async Task A_line_is_the_event_as_it_is_read_elsewhere()
    {
        var id = await SendOddAsync("a\r\nb");
        using var response = await Admin.GetPathAsync($"/v1/events/export?event_name={_name}");
        using var read = await Admin.GetPathAsync($"/v1/events/{id}");

        var line = Assert.Single(Lines(await response.TextAsync()));

        Assert.True(JsonElement.DeepEquals((await read.JsonAsync(200)).GetProperty("event"), line), line.GetRawText());
    }

    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("a,b", "a,b")]
    [InlineData("say \"yes\"", "say \"yes\"")]
    [InlineData("two\r\nlines", "two\r\nlines")]
    [InlineData("=1+1", "'=1+1")]
    [InlineData("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0")]
    [InlineData("+1", "'+1")]
    [InlineData("-1", "-1")]
    [InlineData("-1.50", "-1.50")]
    [InlineData("-1+1", "'-1+1")]
    [InlineData("@SUM(1)", "'@SUM(1)")]
    [InlineData("=\"x\",1", "'=\"x\",1")]
    [InlineData("'quoted", "''quoted")]
    [InlineData("<script>alert(1)</script>", "<script>alert(1)</script>")]
    public async Task A_cell_is_shown_and_not_run(string text, string shown)
    {
        var id = await SendOddAsync(text);
        using var response = await Admin.GetPathAsync($"/v1/events/export?event_name={_name}&format=csv");
        var body = await response.TextAsync();
        var rows = Cells(body);

        Assert.Equal(
            ["id", "event_name", "external_customer_id", "customer_id", "source", "timestamp", "ingested_at", "environment_id", "api_key_id", "service_account_id", "properties"],
            rows[0]);
        var row = Assert.Single(rows[1..]);
        Assert.Equal((id, shown, shown), (row[0], row[2], row[4]));
        Assert.Equal(text, JsonDocument.Parse(row[10]).RootElement.GetProperty("text").GetString());
        Assert.EndsWith("\r\n", body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_search_without_events_is_a_header_or_nothing()
    {
        using var csv = await Admin.GetPathAsync($"/v1/events/export?event_name={_name}&format=csv");
        using var lines = await Admin.GetPathAsync($"/v1/events/export?event_name={_name}&format=ndjson");

        Assert.Single(Cells(await csv.TextAsync()));
        Assert.Equal("", await lines.TextAsync());
    }

    [Fact]
    public async Task An_export_has_the_filters_and_the_default_interval_of_a_list()
    {
        var account = await server.CreateServiceAccountAsync(BuiltInRoles.EventIngestor);
        var key = await server.CreateKeyAsync(account);
        using var writer = server.ClientWith(key.ApiKey);
        await writer.IngestAsync(new { event_name = _name, external_customer_id = "a", event_id = $"{_name}-new", properties = new { model = "large" } });
        await writer.IngestAsync(new { event_name = _name, external_customer_id = "b", event_id = $"{_name}-old", timestamp = server.Now.AddDays(-8) });
        await Admin.IngestAsync(new { event_name = _name, external_customer_id = "b", event_id = $"{_name}-admin" });
        var start = Uri.EscapeDataString(Rfc3339.Format(server.Now.AddDays(-9)));

        Assert.Equal(["new", "admin"], await IdsAsync(Admin, ""));
        Assert.Equal(["new", "old", "admin"], await IdsAsync(Admin, $"&start_time={start}"));
        Assert.Equal(["new", "old"], await IdsAsync(Admin, $"&start_time={start}&api_key_id={key.Id}"));
        Assert.Equal(["new"], await IdsAsync(Admin, "&property_filters=model:large"));
        Assert.Equal(["admin"], await IdsAsync(Admin, "&external_customer_id=b"));
        Assert.Equal(
            ["new"],
            await IdsAsync(server.ClientWith((await server.CreateKeyAsync(
                new KeyConstraints { ExternalCustomerIds = ["a"] }, await server.CreateServiceAccountAsync(BuiltInRoles.EventReader))).ApiKey), ""));
        using var other = server.ClientWith((await server.SecondTenantAsync()).ApiKey);
        Assert.Empty(await IdsAsync(other, ""));
        Assert.Empty(await IdsAsync(other, $"&api_key_id={key.Id}"));
    }

    [Theory]
    [InlineData("format=xlsx", "format")]
    [InlineData("format=../../x", "format")]
    [InlineData("filename=x.csv", "filename")]
    [InlineData("after=x", "after")]
    [InlineData("through=x", "through")]
    [InlineData("page_size=1", "page_size")]
    [InlineData("start_time=2026-01-02T00:00:00Z&end_time=2026-01-02T00:00:00Z", "start_time")]
    public async Task What_makes_no_sense_is_refused_by_name(string query, string field)
    {
        using var response = await Admin.GetPathAsync($"/v1/events/export?{query}");

        var problem = await response.ShouldBeProblemAsync(400, "validation_error");
        Assert.Equal([field], problem.GetProperty("details").GetProperty("errors").EnumerateObject().Select(error => error.Name));
    }

    [Theory]
    [InlineData("Range: bytes=0-9")]
    [InlineData("Range: bytes=-1,0-0,5-")]
    [InlineData("Accept: image/png;q=0")]
    [InlineData("Accept: ,,,;;=")]
    [InlineData("Accept-Encoding: gzip, br, deflate, zstd, x, y, identity;q=0, *;q=0")]
    public async Task Headers_that_ask_for_another_form_or_a_part_get_the_whole(string header)
    {
        await SendAsync(1);
        var answer = await server.RawAsync(
            $"GET /v1/events/export?event_name={_name} HTTP/1.1\r\nHost: localhost\r\nx-api-key: {server.Secrets.ApiKey}\r\n{header}\r\nConnection: close\r\n\r\n");

        Assert.Equal(200, answer.Status);
        Assert.Equal("none", answer.Headers["Accept-Ranges"]);
        Assert.Contains($"\"id\":\"{_name}-0\"", answer.Body, StringComparison.Ordinal);
        // The last chunk: the whole file has come.
        Assert.EndsWith("\r\n0\r\n\r\n", answer.Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_export_whose_key_is_revoked_breaks_off_visibly()
    {
        // More than lies in buffers between server and reader, so that the server waits in the middle.
        var filler = new string('x', 60_000);
        for (var batch = 0; batch < 8; batch++)
        {
            await Admin.IngestManyAsync(Enumerable.Range(0, 100).Select(_ => new { event_name = _name, external_customer_id = "c", properties = new { filler } }));
        }

        var key = await server.CreateKeyAsync(await server.CreateServiceAccountAsync(BuiltInRoles.EventReader));
        using var client = server.ClientWith(key.ApiKey);
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"/v1/events/export?event_name={_name}", UriKind.Relative));
        using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        await response.ShouldBeAsync(200);
        await (await Admin.DeletePathAsync($"/v1/secrets/api/keys/{key.Id}")).ShouldSucceedAsync();

        var body = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        var broken = await Assert.ThrowsAnyAsync<IOException>(() => body.CopyToAsync(Stream.Null, TestContext.Current.CancellationToken));

        Assert.NotNull(broken);
    }

    [Fact]
    public async Task An_export_ends_while_events_go_on_arriving()
    {
        await SendAsync(300);
        using var stop = new CancellationTokenSource();
        var writing = Task.Run(
            async () =>
            {
                while (!stop.IsCancellationRequested)
                {
                    await Admin.IngestManyAsync(Enumerable.Range(0, 100).Select(_ => new { event_name = _name, external_customer_id = "c" }));
                }
            },
            TestContext.Current.CancellationToken);

        using var response = await Admin.GetPathAsync($"/v1/events/export?event_name={_name}");
        var lines = Lines(await response.TextAsync());
        await stop.CancelAsync();
        await writing;

        Assert.True(lines.Count >= 300);
        Assert.Distinct(lines.Select(line => line.GetProperty("id").GetString()));
    }

    private static List<JsonElement> Lines(string text) =>
        [.. text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)];

    private static List<string[]> Cells(string text)
    {
        var rows = new List<string[]>();
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(text));
        using var csv = CsvReader.Create(stream, CsvReaderOptions.Default with { HasHeader = false });
        while (csv.Read())
        {
            rows.Add([.. Enumerable.Range(0, csv.FieldCount).Select(csv.GetString)]);
        }

        return rows;
    }

    private async Task<string[]> IdsAsync(HttpClient client, string query)
    {
        using var response = await client.GetPathAsync($"/v1/events/export?event_name={_name}{query}");
        await response.ShouldBeAsync(200);
        return [.. Lines(await response.TextAsync()).Select(line => line.GetProperty("id").GetString()![(_name.Length + 1)..])];
    }

    private async Task<string[]> SendAsync(int count)
    {
        string[] ids = [.. Enumerable.Range(0, count).Select(number => $"{_name}-{number}")];
        await Admin.IngestManyAsync(ids.Select((id, index) => new
        {
            // Arrival is not the order of time.
            event_name = _name,
            external_customer_id = "c",
            event_id = id,
            timestamp = server.Now.AddSeconds(-(index * 7919 % 3600)),
        }));
        return ids;
    }

    private async Task<string> SendOddAsync(string text)
    {
        var id = $"{_name}-odd";
        await Admin.IngestAsync(new { event_name = _name, external_customer_id = text, source = text, event_id = id, properties = new { text, number = 1.50m } });
        return id;
    }
}
