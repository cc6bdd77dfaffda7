using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Microsoft.Extensions.Time.Testing;
using Tollgate.Contracts;
using Xunit;

namespace Tollgate.ServerTests.Events;

public sealed class IngestingEventsTests(TollgateServer server) : IClassFixture<TollgateServer>
{
    private readonly string _name = EventClients.Unique();

    [Fact]
    public async Task An_event_remembers_where_it_came_from_and_nobody_can_say_otherwise()
    {
        var account = await server.CreateServiceAccountAsync(BuiltInRoles.EventIngestor);
        var key = await server.CreateKeyAsync(account);
        using var client = server.ClientWith(key.ApiKey);
        client.DefaultRequestHeaders.Add("X-Forwarded-For", "203.0.113.7");
        client.DefaultRequestHeaders.Add("X-Request-ID", "sent-by-us");

        var answer = await client.IngestAsync(new { event_name = _name, external_customer_id = "c" });
        using var response = await server.AdminClient.GetPathAsync($"/v1/events/{answer.GetProperty("event_id").GetString()}");
        var found = await response.JsonAsync(200);

        var provenance = found.GetProperty("provenance");
        Assert.Equal(account.Id, provenance.GetProperty("account_id").GetString());
        Assert.Equal("service_account", provenance.GetProperty("account_type").GetString());
        Assert.Equal(key.Secret.Id, provenance.GetProperty("api_key_id").GetString());
        Assert.Equal("sent-by-us", provenance.GetProperty("request_id").GetString());
        Assert.Equal("127.0.0.1", provenance.GetProperty("address").GetString());
        Assert.Equal(account.Id, found.GetProperty("event").GetProperty("service_account_id").GetString());
        Assert.Equal(
            ["api_key_id", "service_account_id", "ingested_at", "environment_id"],
            await client.RefusedFieldsAsync("/v1/events", new
            {
                event_name = _name,
                external_customer_id = "c",
                api_key_id = "k",
                service_account_id = "s",
                ingested_at = "2026-01-01T00:00:00Z",
                environment_id = "e",
            }));
    }

    [Fact]
    public async Task An_event_of_a_person_has_no_service_account()
    {
        using var session = await server.AdminSessionAsync();

        await session.IngestAsync(new { event_name = _name, external_customer_id = "c" });
        var page = await session.QueryAsync(new { event_name = _name });

        var stored = Assert.Single(page.GetProperty("events").EnumerateArray());
        Assert.Null(stored.GetProperty("service_account_id").GetString());
        Assert.Null(stored.GetProperty("api_key_id").GetString());
    }

    [Fact]
    public async Task One_id_sent_by_many_at_once_is_stored_once()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 64).Select(_ =>
            server.AdminClient.IngestAsync(new { event_name = _name, external_customer_id = "c", event_id = _name })));

        Assert.Single(answers, answer => answer.GetProperty("status").GetString() == "accepted");
        Assert.Equal(63, answers.Count(answer => answer.GetProperty("status").GetString() == "duplicate"));
        Assert.Equal(1, (await server.AdminClient.QueryAsync(new { event_name = _name })).GetProperty("total_count").GetInt64());
    }

    [Fact]
    public async Task An_event_without_a_timestamp_can_be_sent_again_later()
    {
        var clock = new FakeTimeProvider(new DateTimeOffset(2026, 3, 15, 12, 0, 0, TimeSpan.Zero));
        await using var own = await TollgateServer.StartAsync(clock);
        var sent = new { event_name = _name, external_customer_id = "c", event_id = "e" };
        await own.AdminClient.IngestAsync(sent);
        clock.Advance(TimeSpan.FromHours(25));
        await own.RestartAsync();

        var again = await own.AdminClient.IngestAsync(sent);
        var page = await own.AdminClient.QueryAsync(new { event_name = _name });

        Assert.Equal("duplicate", again.GetProperty("status").GetString());
        Assert.Equal("2026-03-15T12:00:00Z", Assert.Single(page.GetProperty("events").EnumerateArray()).GetProperty("timestamp").GetString());
    }

    [Fact]
    public async Task An_event_is_in_the_next_query_even_if_no_time_has_passed()
    {
        await using var own = await TollgateServer.StartAsync(new FakeTimeProvider(new DateTimeOffset(2026, 3, 15, 12, 0, 0, TimeSpan.Zero)));

        await own.AdminClient.IngestAsync(new { event_name = _name, external_customer_id = "c" });

        Assert.Single((await own.AdminClient.QueryAsync(new { event_name = _name })).Ids());
    }

    [Fact]
    public async Task The_same_id_with_other_content_is_a_conflict_and_the_first_stays()
    {
        await server.AdminClient.IngestAsync(new { event_name = _name, external_customer_id = "first", event_id = _name });

        using var response = await server.AdminClient.PostJsonAsync(
            "/v1/events", new { event_name = _name, external_customer_id = "second", event_id = _name });
        await response.ShouldBeProblemAsync(409, "conflict");

        var page = await server.AdminClient.QueryAsync(new { event_name = _name });
        Assert.Equal("first", Assert.Single(page.GetProperty("events").EnumerateArray()).GetProperty("external_customer_id").GetString());
    }

    [Fact]
    public async Task The_same_id_in_another_tenant_is_another_event()
    {
        using var other = server.ClientWith((await server.SecondTenantAsync()).ApiKey);
        var sent = new { event_name = _name, external_customer_id = "c", event_id = _name };

        var first = await server.AdminClient.IngestAsync(sent);
        var second = await other.IngestAsync(sent with { external_customer_id = "theirs" });

        Assert.Equal("accepted", first.GetProperty("status").GetString());
        Assert.Equal("accepted", second.GetProperty("status").GetString());
        using var ours = await server.AdminClient.GetPathAsync($"/v1/events/{_name}");
        Assert.Equal("c", (await ours.JsonAsync(200)).GetProperty("event").GetProperty("external_customer_id").GetString());
    }

    [Fact]
    public async Task A_conflict_keeps_a_whole_batch_out_and_one_event_of_a_partial_one()
    {
        await server.AdminClient.IngestAsync(new { event_name = _name, external_customer_id = "first", event_id = _name });
        var batch = new
        {
            events = new object[]
            {
                new { event_name = _name, external_customer_id = "new" },
                new { event_name = _name, external_customer_id = "second", event_id = _name },
            },
        };

        using var whole = await server.AdminClient.PostJsonAsync("/v1/events/bulk", batch);
        var problem = await whole.ShouldBeProblemAsync(409, "conflict");
        Assert.Equal(
            "events[1].event_id", Assert.Single(problem.GetProperty("details").GetProperty("errors").EnumerateObject()).Name);
        Assert.Single((await server.AdminClient.QueryAsync(new { event_name = _name })).Ids());

        var partial = await server.AdminClient.IngestManyAsync(batch.events, "?mode=partial");
        Assert.Equal(["accepted", "conflict"], partial.Statuses());
        Assert.Equal(2, (await server.AdminClient.QueryAsync(new { event_name = _name })).Ids().Length);
    }

    [Fact]
    public async Task All_errors_of_a_batch_are_in_one_answer_and_nothing_is_stored()
    {
        var fields = await server.AdminClient.RefusedFieldsAsync("/v1/events/bulk", new
        {
            events = new object[]
            {
                new { event_name = _name, external_customer_id = "c" },
                new { event_name = "", external_customer_id = "c", colour = "red" },
                new { event_name = _name, external_customer_id = "c", properties = new { a = new object[] { 1, "\0" } } },
            },
        });

        Assert.Equal(["events[1].event_name", "events[1].colour", "events[2].properties.a[1]"], fields);
        Assert.Empty((await server.AdminClient.QueryAsync(new { event_name = _name })).Ids());
    }

    [Theory]
    [InlineData("?mode=whole", "mode")]
    [InlineData("?mode=partial&mode=partial", "mode")]
    [InlineData("?Mode=partial&x=1", "Mode")]
    public async Task A_batch_has_no_other_modes(string query, string field)
    {
        var fields = await server.AdminClient.RefusedFieldsAsync(
            "/v1/events/bulk" + query, new { events = new[] { new { event_name = _name, external_customer_id = "c" } } });

        Assert.Contains(field, fields);
    }

    [Fact]
    public async Task Properties_as_deep_as_a_body_may_be_can_be_read_back()
    {
        var nested = new string('[', 62) + new string(']', 62);
        using var response = await server.AdminClient.PostJsonAsync(
            "/v1/events", $$$"""{"event_name":"{{{_name}}}","external_customer_id":"c","properties":{"a":{{{nested}}}}}""");
        await response.ShouldBeAsync(202);

        using var page = await server.AdminClient.GetPathAsync($"/v1/events?event_name={_name}");

        Assert.Contains(nested, await (await page.ShouldBeAsync(200)).TextAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_beyond_the_limit_is_a_413_however_it_is_sent()
    {
        var body = new string(' ', (8 * 1024 * 1024) + 1);
        using var declared = await server.AdminClient.PostJsonAsync("/v1/events", body);
        await declared.ShouldBeProblemAsync(413, "payload_too_large");

        using var chunked = new HttpRequestMessage(HttpMethod.Post, new Uri("/v1/events/bulk", UriKind.Relative))
        {
            Content = new StringContent(body, Encoding.UTF8, new MediaTypeHeaderValue("application/json")),
        };
        chunked.Headers.TransferEncodingChunked = true;
        using var response = await server.AdminClient.SendAsync(chunked, TestContext.Current.CancellationToken);
        await response.ShouldBeProblemAsync(413, "payload_too_large");
    }

    [Fact]
    public async Task A_key_that_is_revoked_while_its_body_arrives_stores_nothing()
    {
        var key = await server.CreateKeyAsync(await server.CreateServiceAccountAsync(BuiltInRoles.EventIngestor));
        using var client = server.ClientWith(key.ApiKey);
        using var body = new SlowBody($$"""{"event_name":"{{_name}}","external_customer_id":"c"}""");
        // CA2025: it is awaited below, before either ends.
#pragma warning disable CA2025
        var sending = client.PostAsync(new Uri("/v1/events", UriKind.Relative), body, TestContext.Current.CancellationToken);
#pragma warning restore CA2025
        await body.HalfSent;

        using var revoked = await server.AdminClient.DeletePathAsync($"/v1/secrets/api/keys/{key.Secret.Id}");
        await revoked.ShouldBeAsync(204);
        body.SendRest();

        using var response = await sending;
        await response.ShouldBeAsync(401);
        Assert.Empty((await server.AdminClient.QueryAsync(new { event_name = _name })).Ids());
    }

    /// <summary>A body that stops in the middle until it may go on.</summary>
    private sealed class SlowBody : HttpContent
    {
        private readonly byte[] _bytes;
        private readonly TaskCompletionSource _half = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _rest = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public SlowBody(string text)
        {
            _bytes = Encoding.UTF8.GetBytes(text);
            Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }

        public Task HalfSent => _half.Task;

        public void SendRest() => _rest.SetResult();

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync(_bytes.AsMemory(0, _bytes.Length / 2));
            await stream.FlushAsync();
            _half.SetResult();
            await _rest.Task;
            await stream.WriteAsync(_bytes.AsMemory(_bytes.Length / 2));
        }

        protected override bool TryComputeLength(out long length)
        {
            length = _bytes.Length;
            return true;
        }
    }
}
