using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using Tollgate.Contracts;
using Tollgate.Server.Hosting;
using Xunit;

namespace Tollgate.ServerTests.ApiKeys;

/// <summary>Expiry, rest, replacement and use of keys, with a clock that the test moves.</summary>
public sealed class KeyLifeTests : IAsyncLifetime
{
    private const string Keys = "/v1/secrets/api/keys";

    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 5, 4, 12, 0, 0, TimeSpan.Zero));
    private TollgateServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await TollgateServer.StartAsync(_clock);

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task A_key_can_be_given_a_life_in_days_and_not_two_at_once()
    {
        var key = await CreateAsync(new { name = "n", type = "private_key", expires_in_days = 3 });
        Assert.Equal(_clock.GetUtcNow().AddDays(3), key.ExpiresAt);
        using var both = await _server.AdminClient.PostJsonAsync(
            Keys, new { name = "n", type = "private_key", expires_in_days = 3, expires_at = _clock.GetUtcNow().AddDays(1) });
        await both.ShouldBeProblemAsync(400, ErrorCodes.ValidationError);
        using var client = _server.ClientWith(key.ApiKey);
        _clock.Advance(TimeSpan.FromDays(3) - TimeSpan.FromMilliseconds(1));
        Assert.Equal(200, await StatusAsync(client));
        _clock.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(401, await StatusAsync(client));
    }

    [Fact]
    public async Task The_longest_life_that_the_tenant_allows_bounds_new_keys()
    {
        using (var set = await _server.AdminClient.PutJsonAsync("/v1/settings/api-keys", new { max_lifetime_days = 30, leaked_key_policy = "notify" }))
        {
            await set.ShouldBeAsync(200);
        }

        using (var read = await _server.AdminClient.GetPathAsync("/v1/settings/api-keys"))
        {
            Assert.Equal(30, (await read.JsonAsync(200)).GetProperty("max_lifetime_days").GetInt32());
        }

        Assert.Equal(_clock.GetUtcNow().AddDays(30), (await CreateAsync(new { name = "n", type = "private_key" })).ExpiresAt);
        using var longer = await _server.AdminClient.PostJsonAsync(Keys, new { name = "n", type = "private_key", expires_in_days = 31 });
        var problem = await longer.ShouldBeProblemAsync(400, ErrorCodes.ValidationError);
        Assert.Contains("30 days", problem.GetProperty("message").GetString(), StringComparison.Ordinal);
        Assert.Contains("exceeds_max_lifetime", await AttentionOfFirstKeyAsync());
    }

    [Fact]
    public async Task A_disabled_key_rests_and_works_again()
    {
        var (client, key) = await IngestorAsync();
        using (client)
        {
            using (var disabled = await _server.AdminClient.PostJsonAsync($"{Keys}/{key.Id}/disable", null))
            {
                var answer = await disabled.ReadAsync<SecretResponse>(200);
                Assert.Equal(("disabled", "archived"), (answer.State, answer.Status));
                Assert.Equal("none", Assert.Single(disabled.Headers.GetValues("X-Last-Accepted")));
            }

            Assert.Equal(401, await StatusAsync(client));
            using (var enabled = await _server.AdminClient.PostJsonAsync($"{Keys}/{key.Id}/enable", null))
            {
                Assert.Equal("active", (await enabled.ReadAsync<SecretResponse>(200)).State);
            }

            Assert.Equal(200, await StatusAsync(client));
        }
    }

    [Fact]
    public async Task What_an_administrator_disabled_its_owner_does_not_enable()
    {
        var person = await _server.CreatePersonAsync("all_writer");
        using var session = _server.ClientWithSession(await _server.LoginAsync(person.Email, person.Password));
        using var created = await session.PostJsonAsync(Keys, new { name = "mine", type = "private_key" });
        var key = await created.ReadAsync<CreatedApiKeyResponse>(201);
        using (var disabled = await _server.AdminClient.PostJsonAsync($"{Keys}/{key.Id}/disable", null))
        {
            await disabled.ShouldBeAsync(200);
        }

        using var refused = await session.PostJsonAsync($"{Keys}/{key.Id}/enable", null);
        var problem = await refused.ShouldBeProblemAsync(403, ErrorCodes.PermissionDenied);
        Assert.True(problem.GetProperty("details").GetProperty("requires_administrator").GetBoolean());
    }

    [Fact]
    public async Task A_key_rotates_itself_and_the_old_one_dies_when_the_overlap_ends()
    {
        var (client, old) = await IngestorAsync();
        using (client)
        {
            using var rotated = await client.PostJsonAsync($"{Keys}/{old.Id}/rotate", new { overlap_seconds = 60 });
            var made = await rotated.ReadAsync<CreatedApiKeyResponse>(201);
            Assert.Equal(old.Id, made.RotatedFrom);
            Assert.Equal(old.Permissions, made.Permissions);
            using var next = _server.ClientWith(made.ApiKey);
            Assert.Equal(200, await StatusAsync(next));
            _clock.Advance(TimeSpan.FromSeconds(59));
            Assert.Equal(200, await StatusAsync(client));

            using (var seen = await _server.AdminClient.GetPathAsync($"{Keys}/{made.Id}/rotation"))
            {
                var rotation = await seen.ReadAsync<KeyRotationResponse>(200);
                Assert.Equal(_clock.GetUtcNow(), rotation.OldLastAccepted?.At);
                Assert.Equal("127.0.0.1", rotation.OldLastAccepted?.Address);
                Assert.True(rotation.NewUsed);
                Assert.False(rotation.Finished);
            }

            _clock.Advance(TimeSpan.FromSeconds(1));
            Assert.Equal(401, await StatusAsync(client));
            Assert.Equal(200, await StatusAsync(next));
            using var finished = await _server.AdminClient.GetPathAsync($"{Keys}/{old.Id}/rotation");
            Assert.True((await finished.ReadAsync<KeyRotationResponse>(200)).Finished);
        }
    }

    [Fact]
    public async Task Only_the_newest_two_of_a_line_live_and_a_dead_key_is_not_rotated()
    {
        var (client, first) = await IngestorAsync();
        using (client)
        {
            var second = await RotateAsync(client, first.Id, new { overlap_seconds = 3600 });
            using (var again = await client.PostJsonAsync($"{Keys}/{first.Id}/rotate", new { overlap_seconds = 3600 }))
            {
                await again.ShouldBeProblemAsync(409, ErrorCodes.Conflict);
            }

            using var asSecond = _server.ClientWith(second.ApiKey);
            var third = await RotateAsync(asSecond, second.Id, new { overlap_seconds = 3600 });
            Assert.Equal(401, await StatusAsync(client));
            Assert.Equal(200, await StatusAsync(asSecond));
            using var asThird = _server.ClientWith(third.ApiKey);
            Assert.Equal(200, await StatusAsync(asThird));
            using (var deleted = await _server.AdminClient.DeletePathAsync($"{Keys}/{third.Id}"))
            {
                await deleted.ShouldBeAsync(204);
            }

            using var dead = await _server.AdminClient.PostJsonAsync($"{Keys}/{third.Id}/rotate", new { });
            await dead.ShouldBeProblemAsync(409, ErrorCodes.Conflict);
        }
    }

    [Fact]
    public async Task A_rotation_never_widens_a_key()
    {
        var account = await _server.CreateServiceAccountAsync("event_ingestor");
        var key = await _server.CreateKeyAsync(account);
        await SetRolesAsync(account.Id, "event_ingestor", "event_reader");
        using var client = _server.ClientWith(key.ApiKey);
        var made = await RotateAsync(client, key.Id, new { overlap_seconds = 60 });
        Assert.Equal(["event:write"], made.Permissions);

        using (var wider = await _server.AdminClient.PostJsonAsync($"{Keys}/{made.Id}/rotate", new { permissions = new[] { "event:write", "event:read" } }))
        {
            await wider.ShouldBeProblemAsync(403, ErrorCodes.WouldEscalate);
        }

        // What the account lost meanwhile is lost for good, even when it holds it again later.
        await SetRolesAsync(account.Id, "event_reader");
        var narrowed = await RotateAsync(_server.AdminClient, made.Id, new { });
        Assert.Empty(narrowed.Permissions);
        await SetRolesAsync(account.Id, "event_ingestor");
        using var asNarrowed = _server.ClientWith(narrowed.ApiKey);
        using var refused = await asNarrowed.PostJsonAsync("/v1/events", new { event_name = "e", external_customer_id = "c" });
        await refused.ShouldBeProblemAsync(403, ErrorCodes.PermissionDenied);
    }

    [Fact]
    public async Task A_key_that_rotates_itself_gets_no_longer_life_than_it_was_made_for()
    {
        var account = await _server.CreateServiceAccountAsync("event_ingestor");
        var key = await _server.CreateKeyAsync(account, _clock.GetUtcNow().AddDays(10));
        using var client = _server.ClientWith(key.ApiKey);
        _clock.Advance(TimeSpan.FromDays(9));
        using (var longer = await client.PostJsonAsync($"{Keys}/{key.Id}/rotate", new { expires_in_days = 11 }))
        {
            await longer.ShouldBeProblemAsync(400, ErrorCodes.ValidationError);
        }

        Assert.Equal(_clock.GetUtcNow().AddDays(10), (await RotateAsync(client, key.Id, new { })).ExpiresAt);
    }

    [Fact]
    public async Task A_key_that_lives_to_the_end_of_time_rotates()
    {
        var key = await CreateAsync(new { name = "n", type = "private_key", expires_at = "9999-12-31T23:59:59Z" });
        _clock.Advance(TimeSpan.FromDays(1));
        Assert.NotNull((await RotateAsync(_server.AdminClient, key.Id, new { })).ExpiresAt);
    }

    [Fact]
    public async Task A_tenant_has_no_more_live_keys_than_the_limit()
    {
        await _server.FillWithKeysAsync(Limits.MaxKeysPerTenant - 1);
        var last = await CreateAsync(new { name = "n", type = "private_key" });
        foreach (var path in new[] { Keys, $"{Keys}/{last.Id}/rotate" })
        {
            using var beyond = await _server.AdminClient.PostJsonAsync(
                path, path == Keys ? new { name = "n", type = "private_key" } : new { overlap_seconds = 60 });
            await beyond.ShouldBeProblemAsync(409, ErrorCodes.Conflict);
        }

        // One fewer makes room for one more.
        using (var deleted = await _server.AdminClient.DeletePathAsync($"{Keys}/{last.Id}"))
        {
            await deleted.ShouldBeAsync(204);
        }

        await CreateAsync(new { name = "n", type = "private_key" });
    }

    [Fact]
    public async Task A_key_rotates_no_other_key()
    {
        var (client, _) = await IngestorAsync();
        var (other, key) = await IngestorAsync();
        using (client)
        using (other)
        {
            using var refused = await client.PostJsonAsync($"{Keys}/{key.Id}/rotate", new { });
            await refused.ShouldBeProblemAsync(403, ErrorCodes.PermissionDenied);
        }
    }

    [Fact]
    public async Task The_use_of_a_key_is_counted_by_permission_and_day_and_survives_a_restart()
    {
        var (client, key) = await IngestorAsync();
        using (client)
        {
            for (var count = 0; count < 3; count++)
            {
                using var sent = await client.PostJsonAsync("/v1/events", new { event_name = "e", external_customer_id = "c" });
                await sent.ShouldBeAsync(202);
            }

            _clock.Advance(TimeSpan.FromDays(1));
            using var refused = await client.GetPathAsync("/v1/events");
            await refused.ShouldBeProblemAsync(403, ErrorCodes.PermissionDenied);
            var before = await UsageAsync(key.Id);
            await _server.RestartAsync();
            var after = await UsageAsync(key.Id);
            Assert.Equal(JsonSerializer.Serialize(before), JsonSerializer.Serialize(after));
            Assert.Equal((3, 1, 2), (after.Accepted, after.Denied, after.ByDay.Count));
            Assert.Equal(["event:read", "event:write"], after.ByPermission.Select(row => row.Permission));
            using var shown = await _server.AdminClient.GetPathAsync($"{Keys}/{key.Id}");
            var secret = await shown.ReadAsync<SecretResponse>(200);
            Assert.Equal((_clock.GetUtcNow(), "127.0.0.1"), (secret.LastUsedAt, secret.LastUsedIp));
        }
    }

    [Fact]
    public async Task Keys_that_need_attention_are_listed_with_the_reasons()
    {
        var account = await _server.CreateServiceAccountAsync("event_ingestor");
        var used = await _server.CreateKeyAsync(account);
        var expiring = await _server.CreateKeyAsync(account, _clock.GetUtcNow().AddDays(100));
        var unused = await _server.CreateKeyAsync(account, _clock.GetUtcNow().AddDays(400));
        foreach (var key in new[] { used, expiring })
        {
            using var client = _server.ClientWith(key.ApiKey);
            Assert.Equal(200, await StatusAsync(client));
        }

        Assert.Equal([("never_used", unused.Id)], await AttentionAsync(account.Id));
        _clock.Advance(TimeSpan.FromDays(89));
        Assert.Equal([("never_used", unused.Id), ("expiring", expiring.Id)], await AttentionAsync(account.Id));
        _clock.Advance(TimeSpan.FromDays(1));
        Assert.Equal(
            [("old,never_used", unused.Id), ("old,expiring", expiring.Id), ("old", used.Id)], await AttentionAsync(account.Id));
        _clock.Advance(TimeSpan.FromDays(20));
        Assert.Equal([("old,never_used", unused.Id), ("old", used.Id)], await AttentionAsync(account.Id));
    }

    private async Task<List<(string Reasons, string Id)>> AttentionAsync(string accountId)
    {
        using var response = await _server.AdminClient.GetPathAsync($"{Keys}?attention=true&service_account_id={accountId}");
        var list = await response.ReadAsync<ListResponse<SecretResponse>>(200);
        Assert.Equal(list.Items.Count, list.Pagination.Total);
        return [.. list.Items.Select(key => (string.Join(',', key.Attention ?? []), key.Id))];
    }

    private async Task<IReadOnlyList<string>> AttentionOfFirstKeyAsync()
    {
        using var response = await _server.AdminClient.GetPathAsync($"{Keys}?attention=true");
        return (await response.ReadAsync<ListResponse<SecretResponse>>(200)).Items.Single(key => key.Name == "First key").Attention ?? [];
    }

    private async Task<KeyUsageResponse> UsageAsync(string id)
    {
        using var response = await _server.AdminClient.GetPathAsync($"{Keys}/{id}/usage?days=2");
        return await response.ReadAsync<KeyUsageResponse>(200);
    }

    private async Task<CreatedApiKeyResponse> CreateAsync(object request)
    {
        using var response = await _server.AdminClient.PostJsonAsync(Keys, request);
        return await response.ReadAsync<CreatedApiKeyResponse>(201);
    }

    private static async Task<CreatedApiKeyResponse> RotateAsync(HttpClient client, string id, object request)
    {
        using var response = await client.PostJsonAsync($"{Keys}/{id}/rotate", request);
        return await response.ReadAsync<CreatedApiKeyResponse>(201);
    }

    private async Task SetRolesAsync(string accountId, params string[] roles)
    {
        using var response = await _server.AdminClient.PutJsonAsync($"/v1/users/{accountId}/roles", new { roles });
        await response.ShouldBeAsync(200);
    }

    private async Task<(HttpClient Client, CreatedApiKeyResponse Key)> IngestorAsync()
    {
        var key = await _server.CreateKeyAsync(await _server.CreateServiceAccountAsync("event_ingestor"));
        return (_server.ClientWith(key.ApiKey), key);
    }

    private static async Task<int> StatusAsync(HttpClient client)
    {
        using var response = await client.GetPathAsync("/v1/users/me");
        return (int)response.StatusCode;
    }
}
