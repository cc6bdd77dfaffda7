using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Contracts;
using Tollgate.Server.Events;
using Tollgate.Server.Hosting;
using Tollgate.ServerTests.Constraints;
using Xunit;

namespace Tollgate.ServerTests.Events;

public sealed class StreamEventsTests(TollgateServer server) : IClassFixture<TollgateServer>
{
    // A second by contract; the rest is for a machine that is busy with other tests.
    private static readonly TimeSpan AtOnce = TimeSpan.FromSeconds(2.5);

    private readonly string _name = EventClients.Unique();

    private HttpClient Admin => server.AdminClient;

    [Fact]
    public async Task A_stream_sends_events_as_they_are_accepted_in_the_form_in_which_they_are_read()
    {
        await SendAsync("before");
        await using var stream = await StreamClient.OpenAsync(Admin, $"event_name={_name}");
        await Admin.IngestAsync(new
        {
            event_name = _name,
            external_customer_id = "c\n\ndata: x",
            event_id = $"{_name}-now",
            properties = new { text = "a\r\nb", number = 1.50m },
        });

        var message = await stream.NextAsync();

        using var read = await Admin.GetPathAsync($"/v1/events/{_name}-now");
        Assert.Equal("event", message!.Event);
        Assert.True(JsonElement.DeepEquals((await read.JsonAsync(200)).GetProperty("event"), message.Data), message.Data.GetRawText());
        Assert.Equal("text/event-stream", stream.Response.Content.Headers.ContentType!.MediaType);
        Assert.Equal("no-store", stream.Response.Headers.CacheControl!.ToString());
    }

    [Fact]
    public async Task A_stream_has_the_same_filters_as_a_list()
    {
        var account = await server.CreateServiceAccountAsync(BuiltInRoles.EventIngestor);
        var key = await server.CreateKeyAsync(account);
        using var writer = server.ClientWith(key.ApiKey);
        string[] queries =
        [
            $"event_name={_name}&external_customer_id=right", $"event_name={_name}&source=right", $"event_id={_name}-right",
            $"event_name={_name}&property_filters=model:right", $"event_name={_name}&api_key_id={key.Id}", $"event_name={_name}&service_account_id={account.Id}",
        ];
        var streams = await Task.WhenAll(queries.Select(query => StreamClient.OpenAsync(Admin, query)));
        await SendAsync("wrong");
        await writer.IngestAsync(new
        {
            event_name = _name,
            external_customer_id = "right",
            event_id = $"{_name}-right",
            source = "right",
            properties = new { model = "right" },
        });

        foreach (var stream in streams)
        {
            Assert.Equal([$"{_name}-right"], await stream.EventsAsync(1));
            await stream.DisposeAsync();
        }
    }

    [Fact]
    public async Task A_stream_shows_nothing_of_another_tenant_and_takes_none_of_its_places()
    {
        using var other = server.ClientWith((await server.SecondTenantAsync()).ApiKey);
        await using var mine = await StreamClient.OpenAsync(Admin, $"event_name={_name}");
        await using var theirs = await StreamClient.OpenAsync(other, $"event_name={_name}");
        await other.IngestAsync(new { event_name = _name, external_customer_id = "c", event_id = $"{_name}-theirs" });
        await SendAsync("mine");

        Assert.Equal([$"{_name}-mine"], await mine.EventsAsync(1));
        Assert.Equal([$"{_name}-theirs"], await theirs.EventsAsync(1));
        using var stolen = await StreamClient.AskAsync(Admin, lastEventId: theirs.LastEventId);
        Assert.Equal(["Last-Event-ID"], await FieldsAsync(stolen));
    }

    [Theory]
    [InlineData("after=made-up", null, "after")]
    [InlineData("", "made up", "Last-Event-ID")]
    [InlineData("", "42", "Last-Event-ID")]
    [InlineData("max_seconds=-1", null, "max_seconds")]
    [InlineData("start_time=2026-01-01T00:00:00Z", null, "start_time")]
    [InlineData("api_key_id=x", null, "api_key_id")]
    [InlineData("property_filters=x", null, "property_filters")]
    public async Task What_makes_no_sense_is_refused_by_name(string query, string? lastEventId, string field)
    {
        using var response = await StreamClient.AskAsync(Admin, query, lastEventId);

        Assert.Equal([field], await FieldsAsync(response));
    }

    [Fact]
    public async Task A_reader_who_comes_back_misses_nothing_and_sees_nothing_twice()
    {
        var sent = new List<string>();
        var seen = new List<string>();
        string? place = null;
        for (var round = 0; round < 5; round++)
        {
            await using var stream = await StreamClient.OpenAsync(Admin, $"event_name={_name}", place);
            sent.AddRange(await SendAsync($"{round}-a", $"{round}-b", $"{round}-c"));
            // Cut off with events on the way: they come when the reader is back.
            seen.AddRange(await stream.EventsAsync(round == 4 ? sent.Count - seen.Count : 2));
            place = stream.LastEventId;
        }

        await using var last = await StreamClient.OpenAsync(Admin, $"event_name={_name}&max_seconds=0&after={place}");

        Assert.Equal(sent, seen);
        Assert.Equal(["end"], (await last.RestAsync()).Select(message => message.Event));
    }

    [Fact]
    public async Task With_no_time_to_wait_a_stream_sends_what_there_is()
    {
        await using var stream = await StreamClient.OpenAsync(Admin, $"event_name={_name}");
        var sent = await SendAsync([.. Enumerable.Range(0, 250).Select(number => $"{number}")]);
        await stream.EventsAsync(10);

        await using var rest = await StreamClient.OpenAsync(Admin, $"event_name={_name}&max_seconds=0", stream.LastEventId);
        var messages = await rest.RestAsync();

        Assert.Equal(sent[10..], messages[..^1].Select(message => message.Data.GetProperty("id").GetString()));
        Assert.Equal("time", messages[^1].Data.GetProperty("reason").GetString());
    }

    [Fact]
    public async Task A_stream_ends_at_once_when_its_key_is_revoked()
    {
        var key = await server.CreateKeyAsync(await server.CreateServiceAccountAsync(BuiltInRoles.EventReader));

        var end = await EndAfterAsync(key.ApiKey, async () => await (await Admin.DeletePathAsync($"/v1/secrets/api/keys/{key.Id}")).ShouldSucceedAsync());

        Assert.Equal("unauthenticated", end.GetProperty("reason").GetString());
    }

    [Fact]
    public async Task A_stream_ends_at_once_when_its_account_may_no_longer_read_events()
    {
        var account = await server.CreateServiceAccountAsync(BuiltInRoles.EventReader);
        var key = await server.CreateKeyAsync(account);
        using var admin = await server.AdminSessionAsync();

        var end = await EndAfterAsync(
            key.ApiKey,
            async () => await (await admin.PutJsonAsync($"/v1/users/{account.Id}/roles", new { roles = new[] { BuiltInRoles.EventIngestor } })).ShouldSucceedAsync());

        Assert.Equal("permission_denied", end.GetProperty("reason").GetString());
        Assert.Equal("Insufficient permissions to read event", end.GetProperty("message").GetString());
    }

    [Fact]
    public async Task A_stream_ends_when_its_key_expires()
    {
        var key = await server.CreateKeyAsync(await server.CreateServiceAccountAsync(BuiltInRoles.EventReader), server.Now.AddSeconds(2));

        var end = await EndAfterAsync(key.ApiKey, () => Task.Delay(TimeSpan.FromSeconds(2), TestContext.Current.CancellationToken));

        Assert.Equal("unauthenticated", end.GetProperty("reason").GetString());
    }

    [Fact]
    public async Task A_constrained_key_follows_what_it_may_read()
    {
        var key = await server.CreateKeyAsync(
            new KeyConstraints { ExternalCustomerIds = ["right*"] }, await server.CreateServiceAccountAsync(BuiltInRoles.EventReader));
        using var client = server.ClientWith(key.ApiKey);
        await using var stream = await StreamClient.OpenAsync(client, $"event_name={_name}");
        await SendAsync("wrong");
        await Admin.IngestAsync(new { event_name = _name, external_customer_id = "right-1", event_id = $"{_name}-right" });

        Assert.Equal([$"{_name}-right"], await stream.EventsAsync(1));
    }

    [Fact]
    public async Task A_reader_too_far_behind_is_told_what_it_missed_and_can_fetch_it()
    {
        await using var own = await TollgateServer.StartAsync();
        await using var early = await StreamClient.OpenAsync(own.AdminClient, "event_name=n");
        await own.AdminClient.IngestAsync(new { event_name = "n", external_customer_id = "c", event_id = "first" });
        Assert.Equal(["first"], await early.EventsAsync(1));
        var place = early.LastEventId;
        for (var batch = 0; batch <= Limits.MaxStreamLag / 1000; batch++)
        {
            await own.AdminClient.IngestManyAsync(Enumerable.Range(0, 1000).Select(number => (object)new { event_name = number == 7 ? "other" : "n", external_customer_id = "c" }));
        }

        await using var stream = await StreamClient.OpenAsync(own.AdminClient, "event_name=n", place);
        var missed = (await stream.NextAsync())!;
        await own.AdminClient.IngestAsync(new { event_name = "n", external_customer_id = "c", event_id = "last" });
        var next = await stream.EventsAsync(1);
        using var export = await own.AdminClient.GetPathAsync(
            $"/v1/events/export?event_name=n&after={missed.Data.GetProperty("after").GetString()}&through={missed.Data.GetProperty("through").GetString()}");
        var lines = (await export.TextAsync()).Split('\n', StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal("missed", missed.Event);
        Assert.Equal(missed.Id, missed.Data.GetProperty("through").GetString());
        Assert.Equal(["last"], next);
        Assert.Equal(999 * ((Limits.MaxStreamLag / 1000) + 1), lines.Length);
        // Of the events of another name there are few: their reader missed none.
        await using var others = await StreamClient.OpenAsync(own.AdminClient, "event_name=other&max_seconds=0", place);
        Assert.Equal((Limits.MaxStreamLag / 1000) + 1, (await others.RestAsync()).Count(message => message.Event == "event"));
    }

    [Fact]
    public async Task A_tenant_has_no_more_streams_at_once_than_the_limit()
    {
        using var other = server.ClientWith((await server.SecondTenantAsync()).ApiKey);
        var streams = new List<StreamClient>();
        for (var number = 0; number < Limits.MaxStreamsPerTenant; number++)
        {
            streams.Add(await StreamClient.OpenAsync(other));
        }

        using var refused = await StreamClient.AskAsync(other);
        await using var mine = await StreamClient.OpenAsync(Admin);
        await streams[0].DisposeAsync();

        await refused.ShouldBeProblemAsync(429, "too_many_requests");
        Assert.NotNull(refused.Headers.RetryAfter);
        await using var again = await EventuallyOpenAsync(other);
        await Task.WhenAll(streams.Select(stream => stream.DisposeAsync().AsTask()));
    }

    [Fact]
    public async Task A_stream_ends_at_once_when_the_server_stops()
    {
        await using var own = await TollgateServer.StartAsync();
        await using var stream = await StreamClient.OpenAsync(own.AdminClient);
        var clock = Stopwatch.StartNew();
        await own.Host.StopAsync(TestContext.Current.CancellationToken);

        var messages = await stream.RestAsync();

        Assert.True(clock.Elapsed < AtOnce, $"{clock.Elapsed}");
        Assert.Equal("shutdown", Assert.Single(messages).Data.GetProperty("reason").GetString());
        Assert.Equal(0, own.Host.Services.GetRequiredService<EventStreams>().Open);
    }

    [Fact]
    public async Task A_reader_who_takes_nothing_does_not_hold_up_the_servers_stop()
    {
        await using var own = await TollgateServer.StartAsync();
        using var client = await RawHttp.ConnectAsync(own.Url, TestContext.Current.CancellationToken);
        var request = $"GET /v1/events/stream HTTP/1.1\r\nHost: localhost\r\nx-api-key: {own.Secrets.ApiKey}\r\n\r\n";
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(request), TestContext.Current.CancellationToken);
        // More than the buffers of both ends take.
        var filler = new string('x', 60_000);
        for (var batch = 0; batch < 3; batch++)
        {
            await own.AdminClient.IngestManyAsync(Enumerable.Range(0, 100).Select(_ => new { event_name = "n", external_customer_id = "c", properties = new { filler } }));
        }

        Assert.Equal(1, own.Host.Services.GetRequiredService<EventStreams>().Open);
        var clock = Stopwatch.StartNew();
        await own.Host.StopAsync(TestContext.Current.CancellationToken);

        Assert.True(clock.Elapsed < AtOnce, $"{clock.Elapsed}");
        Assert.Equal(0, own.Host.Services.GetRequiredService<EventStreams>().Open);
    }

    [Fact]
    public async Task What_several_write_at_once_reaches_every_reader_once_and_in_one_order()
    {
        var readers = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => StreamClient.OpenAsync(Admin, $"event_name={_name}")));
        var sent = (await Task.WhenAll(Enumerable.Range(0, 8).Select(async writer =>
        {
            var ids = new List<string>();
            for (var number = 0; number < 25; number++)
            {
                ids.AddRange(await SendAsync($"{writer}-{number}"));
            }

            return ids;
        }))).SelectMany(ids => ids).ToHashSet();

        var seen = await Task.WhenAll(readers.Select(reader => reader.EventsAsync(sent.Count)));

        Assert.All(seen, each => Assert.Equal(seen[0], each));
        Assert.Distinct(seen[0]);
        Assert.Equal(sent, seen[0].ToHashSet());
        await Task.WhenAll(readers.Select(reader => reader.DisposeAsync().AsTask()));
    }

    /// <summary>The last message of a stream of this key; nothing that is sent after the act comes through it.</summary>
    private async Task<JsonElement> EndAfterAsync(string key, Func<Task> act)
    {
        using var client = server.ClientWith(key);
        await using var stream = await StreamClient.OpenAsync(client, $"event_name={_name}");
        await SendAsync("allowed");
        Assert.Equal([$"{_name}-allowed"], await stream.EventsAsync(1));
        await act();
        var clock = Stopwatch.StartNew();
        await SendAsync("late");

        var rest = await stream.RestAsync();

        Assert.True(clock.Elapsed < AtOnce, $"{clock.Elapsed}");
        Assert.Equal("end", Assert.Single(rest).Event);
        return rest[0].Data;
    }

    private static async Task<StreamClient> EventuallyOpenAsync(HttpClient client)
    {
        // The server hears of a closed connection a moment later.
        for (var attempt = 0; ; attempt++)
        {
            var response = await StreamClient.AskAsync(client, "max_seconds=0");
            if ((int)response.StatusCode == 200 || attempt == 100)
            {
                response.Dispose();
                return await StreamClient.OpenAsync(client);
            }

            response.Dispose();
            await Task.Delay(TimeSpan.FromMilliseconds(50), TestContext.Current.CancellationToken);
        }
    }

    private static async Task<string[]> FieldsAsync(HttpResponseMessage response)
    {
        var problem = await response.ShouldBeProblemAsync(400, "validation_error");
        return [.. problem.GetProperty("details").GetProperty("errors").EnumerateObject().Select(error => error.Name)];
    }

    private async Task<string[]> SendAsync(params string[] ids)
    {
        string[] all = [.. ids.Select(id => $"{_name}-{id}")];
        await Admin.IngestManyAsync(all.Select(id => new { event_name = _name, external_customer_id = "c", event_id = id }));
        return all;
    }
}
