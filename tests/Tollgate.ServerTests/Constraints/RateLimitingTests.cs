using System.Globalization;
using Microsoft.Extensions.Time.Testing;
using Tollgate.Contracts;
using Tollgate.ServerTests.Events;
using Xunit;

namespace Tollgate.ServerTests.Constraints;

public sealed class RateLimitingTests
{
    private static readonly object Event = new { event_name = "n", external_customer_id = "c" };

    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 3, 1, 12, 0, 0, TimeSpan.Zero));

    [Fact]
    public async Task A_limited_key_is_told_what_is_left_and_when_to_come_back()
    {
        await using var server = await TollgateServer.StartAsync(_clock);
        using var client = await server.LimitedAdminAsync(new KeyConstraints { RateLimitPerMinute = 3 });

        for (var left = 2; left >= 0; left--)
        {
            using var accepted = await client.PostJsonAsync("/v1/events", Event);
            await accepted.ShouldBeAsync(202);
            Assert.Equal("\"key\";q=3;w=60", Field(accepted, "RateLimit-Policy"));
            Assert.Equal($"\"key\";r={left};t={(3 - left) * 20}", Field(accepted, "RateLimit"));
        }

        using var refused = await client.PostJsonAsync("/v1/events", Event);
        var problem = await refused.ShouldBeProblemAsync(429, "too_many_requests");
        Assert.Equal("20", Field(refused, "Retry-After"));
        Assert.Equal("\"key\";r=0;t=60", Field(refused, "RateLimit"));
        Assert.Equal("key", problem.GetProperty("details").GetProperty("policy").GetString());
        _clock.Advance(TimeSpan.FromMilliseconds(19_999));
        using var early = await client.PostJsonAsync("/v1/events", Event);
        await early.ShouldBeProblemAsync(429, "too_many_requests");
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        using var again = await client.PostJsonAsync("/v1/events", Event);
        await again.ShouldBeAsync(202);
        using var unlimited = await server.AdminClient.GetPathAsync("/v1/events?page_size=500");
        Assert.False(unlimited.Headers.Contains("RateLimit"));
        Assert.Equal(4, (await unlimited.JsonAsync(200)).GetProperty("total_count").GetInt32());
    }

    [Fact]
    public async Task Whatever_becomes_of_a_request_it_counts_and_its_answer_says_what_is_left()
    {
        await using var server = await TollgateServer.StartAsync(_clock);
        var account = await server.CreateServiceAccountAsync("event_ingestor");
        using var client = server.ClientWith((await server.CreateKeyAsync(new KeyConstraints { RateLimitPerMinute = 4 }, account)).ApiKey);

        using var denied = await client.GetPathAsync("/v1/events");
        using var invalid = await client.PostJsonAsync("/v1/events", new { });
        using var malformed = await client.PostJsonAsync("/v1/events", "{");
        using var elsewhere = await SendFromEnvironmentAsync(client, "env_other");
        using var tooMany = await client.GetPathAsync("/v1/events");

        await denied.ShouldBeProblemAsync(403, "permission_denied");
        await invalid.ShouldBeProblemAsync(400, "validation_error");
        await malformed.ShouldBeProblemAsync(400, "validation_error");
        await elsewhere.ShouldBeProblemAsync(403, "environment_mismatch");
        await tooMany.ShouldBeProblemAsync(429, "too_many_requests");
        Assert.Equal(
            ["3", "2", "1", "0", "0"],
            ((HttpResponseMessage[])[denied, invalid, malformed, elsewhere, tooMany]).Select(answer => Field(answer, "RateLimit").Split(["r=", ";t"], StringSplitOptions.None)[1]));
    }

    [Fact]
    public async Task A_key_from_elsewhere_uses_up_nothing_of_its_owners_limit()
    {
        await using var server = await TollgateServer.StartAsync(_clock, "Limits:RequestsPerMinutePerTenant=5");
        var key = await server.CreateKeyAsync(new KeyConstraints { AllowedCidrs = ["192.0.2.0/24"], RateLimitPerMinute = 3 });
        using var client = server.ClientWith(key.ApiKey);

        for (var turn = 0; turn < 20; turn++)
        {
            using var response = await client.GetPathAsync("/v1/users/me");
            await response.ShouldBeProblemAsync(403, "constraint_violation");
            Assert.False(response.Headers.Contains("RateLimit"));
        }

        using var me = await server.AdminClient.GetPathAsync("/v1/users/me");
        Assert.Equal("\"tenant\";r=3;t=24", Field(me, "RateLimit"));
    }

    [Fact]
    public async Task Taking_rights_away_is_never_too_many()
    {
        await using var server = await TollgateServer.StartAsync(
            _clock, "Limits:RequestsPerMinutePerTenant=40", "Limits:RequestsPerMinutePerKey=40");
        var account = await server.CreateServiceAccountAsync("event_ingestor");
        var (key, other) = (await server.CreateKeyAsync(account), await server.CreateKeyAsync(account));
        using var person = await server.AdminSessionAsync();
        using var second = await server.AdminSessionAsync();
        foreach (var client in (HttpClient[])[server.AdminClient, person])
        {
            await UseUpAsync(client);
        }

        using var created = await server.AdminClient.PostJsonAsync("/v1/users", new { type = "service_account", roles = new[] { "event_reader" } });
        using var revoked = await server.AdminClient.DeletePathAsync($"/v1/secrets/api/keys/{key.Id}");
        using var revokedByPerson = await person.DeletePathAsync($"/v1/secrets/api/keys/{other.Id}");
        using var disabled = await server.AdminClient.PostJsonAsync($"/v1/users/{account.Id}/disable", null);
        using var deleted = await person.DeletePathAsync($"/v1/users/{account.Id}");
        using var ended = await person.DeletePathAsync("/v1/auth/sessions");
        using var loggedOut = await person.PostJsonAsync("/v1/auth/logout", null);
        using var health = await server.AnonymousClient.GetPathAsync("/healthz/ready");

        await created.ShouldBeProblemAsync(429, "too_many_requests");
        foreach (var response in (HttpResponseMessage[])[revoked, revokedByPerson, disabled, deleted, ended, loggedOut, health])
        {
            await response.ShouldSucceedAsync();
        }

        using var dead = server.ClientWith(key.ApiKey);
        using var after = await dead.GetPathAsync("/v1/users/me");
        await after.ShouldBeProblemAsync(401, "unauthenticated");
    }

    [Fact]
    public async Task The_way_round_the_limit_is_open_only_to_who_may_take_rights_away()
    {
        await using var server = await TollgateServer.StartAsync(_clock);
        var account = await server.CreateServiceAccountAsync("event_ingestor");
        using var client = server.ClientWith((await server.CreateKeyAsync(new KeyConstraints { RateLimitPerMinute = 2 }, account)).ApiKey);
        await UseUpAsync(client);

        using var response = await client.DeletePathAsync("/v1/secrets/api/keys/secret_other");

        await response.ShouldBeProblemAsync(429, "too_many_requests");
    }

    [Fact]
    public async Task A_tenant_sends_no_more_events_in_a_minute_than_it_may_and_what_is_refused_is_not_stored()
    {
        await using var server = await TollgateServer.StartAsync(_clock, "Limits:EventsPerMinutePerTenant=10");
        using var other = server.ClientWith((await server.SecondTenantAsync()).ApiKey);
        await server.AdminClient.IngestManyAsync(Enumerable.Range(0, 8).Select(_ => new { event_name = "n", external_customer_id = "c" }));

        using (var refused = await server.AdminClient.PostJsonAsync(
            "/v1/events/bulk", new { events = Enumerable.Range(0, 3).Select(_ => new { event_name = "n", external_customer_id = "c" }) }))
        {
            await refused.ShouldBeProblemAsync(429, "too_many_requests");
            Assert.Equal("6", Field(refused, "Retry-After"));
            Assert.Equal("\"events\";q=10;w=60", Field(refused, "RateLimit-Policy"));
            Assert.Equal("\"events\";r=2;t=48", Field(refused, "RateLimit"));
        }

        await other.IngestManyAsync(Enumerable.Range(0, 10).Select(_ => new { event_name = "n", external_customer_id = "c" }));
        await server.AdminClient.IngestManyAsync(Enumerable.Range(0, 2).Select(_ => new { event_name = "n", external_customer_id = "c" }));
        var usage = await server.AdminClient.UsageAsync(new { event_name = "n", aggregation_type = "COUNT" });
        Assert.Equal("10", usage.GetProperty("value").GetRawText());
    }

    /// <summary>E15: however many keys a tenant has, it has one budget; what is refused is not stored.</summary>
    [Fact]
    public async Task A_thousand_keys_of_a_tenant_share_one_budget_and_another_tenant_feels_nothing()
    {
        const int Budget = 50;
        const int Keys = 1_000;
        await using var server = await TollgateServer.StartAsync(_clock, $"Limits:RequestsPerMinutePerTenant={Budget}");
        var account = await server.CreateServiceAccountAsync("event_ingestor");
        var keys = new List<string>();
        while (keys.Count < Keys)
        {
            keys.Add((await server.CreateKeyAsync(account)).ApiKey);
            // Their making is not what is limited here.
            _clock.Advance(TimeSpan.FromSeconds(2));
        }

        _clock.Advance(TimeSpan.FromMinutes(1));
        using var person = await server.AdminSessionAsync();
        using var other = server.ClientWith((await server.SecondTenantAsync()).ApiKey);
        var statuses = await Task.WhenAll(keys.Select(async (key, index) =>
        {
            using var client = server.ClientWith(key);
            using var response = await client.PostJsonAsync("/v1/events", new { event_name = "n", external_customer_id = "c", event_id = $"e{index}" });
            Assert.True((int)response.StatusCode == 202 || Field(response, "Retry-After") == "2", await response.TextAsync());
            return (int)response.StatusCode;
        }));
        // E16: the other tenant's budget is whole.
        for (var turn = 0; turn < Budget; turn++)
        {
            await other.IngestAsync(new { event_name = "n", external_customer_id = "theirs" });
        }

        Assert.Equal(Budget, statuses.Count(status => status == 202));
        Assert.Equal(Keys - Budget, statuses.Count(status => status == 429));
        using var stored = await person.GetPathAsync("/v1/events?page_size=500");
        Assert.Equal(Budget, (await stored.JsonAsync(200)).GetProperty("total_count").GetInt32());
    }

    private static async Task UseUpAsync(HttpClient client)
    {
        var turns = 0;
        while (true)
        {
            using var response = await client.GetPathAsync("/v1/users/me");
            if ((int)response.StatusCode == 429)
            {
                return;
            }

            Assert.InRange(turns++, 0, 100);
        }
    }

    private static async Task<HttpResponseMessage> SendFromEnvironmentAsync(HttpClient client, string environment)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri("/v1/users/me", UriKind.Relative));
        request.Headers.Add("X-Environment-ID", environment);
        return await client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    private static string Field(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out var values) ? string.Join(", ", values) : throw new InvalidOperationException(string.Create(
            CultureInfo.InvariantCulture, $"The answer {(int)response.StatusCode} has no {name}."));
}
