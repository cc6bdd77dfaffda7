using System.Collections.Concurrent;
using System.Diagnostics;
using Tollgate.Contracts;
using Xunit;

namespace Tollgate.ServerTests.ApiKeys;

/// <summary>An answer that says a credential is dead can be relied on, and proved.</summary>
public sealed class RevocationTests(TollgateServer server) : IClassFixture<TollgateServer>
{
    private const string Keys = "/v1/secrets/api/keys";

    [Fact]
    public async Task No_request_that_starts_after_the_answer_passes_and_the_answer_names_the_last_that_did()
    {
        const int Rounds = 1000;
        const int Probes = 4;
        var account = await server.CreateServiceAccountAsync("event_ingestor");
        for (var round = 0; round < Rounds; round++)
        {
            var key = await server.CreateKeyAsync(account);
            using var client = server.ClientWith(key.ApiKey);
            var passed = new ConcurrentQueue<(long Began, string RequestId, int Status)>();
            using var stop = new CancellationTokenSource();
            var probes = Enumerable.Range(0, Probes).Select(async _ =>
            {
                while (!stop.IsCancellationRequested)
                {
                    var began = Stopwatch.GetTimestamp();
                    using var response = await client.PostJsonAsync("/v1/events", new { event_name = "probe", external_customer_id = key.Id });
                    passed.Enqueue((began, response.Headers.GetValues("X-Request-ID").Single(), (int)response.StatusCode));
                }
            }).ToList();
            while (passed.Count < 2)
            {
                await Task.Yield();
            }

            using var deleted = await server.AdminClient.DeletePathAsync($"{Keys}/{key.Id}");
            var answered = Stopwatch.GetTimestamp();
            await deleted.ShouldBeAsync(204);
            // Counting takes longer than all the rest, so not every round does.
            var counts = round % 10 == 0;
            var counted = counts ? await CountAsync(key.Id) : 0;
            // Every probe is sent once more at the least, by then surely refused.
            var seen = passed.Count;
            while (passed.Count < seen + (2 * Probes))
            {
                await Task.Yield();
            }

            await stop.CancelAsync();
            await Task.WhenAll(probes);

            Assert.All(passed, probe => Assert.True(probe.Status == 202 || probe.Status == 401, $"Status {probe.Status}"));
            Assert.DoesNotContain(passed, probe => probe.Began >= answered && probe.Status != 401);
            var accepted = passed.Where(probe => probe.Status == 202).Select(probe => probe.RequestId).ToHashSet();
            Assert.Contains(deleted.Headers.GetValues("X-Last-Accepted-Request").Single(), accepted);
            // What was let in before had stored what it had to when the answer came, and nothing came later.
            if (counts)
            {
                Assert.Equal(counted, await CountAsync(key.Id));
                Assert.Equal(accepted.Count, counted);
            }
        }
    }

    [Fact]
    public async Task The_proof_names_the_moment_the_person_the_last_request_and_the_tries_since()
    {
        var key = await server.CreateKeyAsync(await server.CreateServiceAccountAsync("event_ingestor"));
        using var client = server.ClientWith(key.ApiKey);
        string last;
        using (var used = await client.PostJsonAsync("/v1/events", new { event_name = "e", external_customer_id = "c" }))
        {
            await used.ShouldBeAsync(202);
            last = used.Headers.GetValues("X-Request-ID").Single();
        }

        using (var refused = await client.GetPathAsync("/v1/events"))
        {
            await refused.ShouldBeAsync(403);
        }

        using (var before = await server.AdminClient.GetPathAsync($"{Keys}/{key.Id}/revocation"))
        {
            Assert.False((await before.ReadAsync<KeyRevocationResponse>(200)).Revoked);
        }

        foreach (var step in new[] { "disable", "enable" })
        {
            using var changed = await server.AdminClient.PostJsonAsync($"{Keys}/{key.Id}/{step}", null);
            await changed.ShouldBeAsync(200);
            using var resting = await client.GetPathAsync("/v1/events");
            await resting.ShouldBeAsync(step == "disable" ? 401 : 403);
        }

        using (var deleted = await server.AdminClient.DeletePathAsync($"{Keys}/{key.Id}"))
        {
            Assert.Equal(last, deleted.Headers.GetValues("X-Last-Accepted-Request").Single());
            Assert.Equal("POST /v1/events", deleted.Headers.GetValues("X-Last-Accepted-Route").Single());
        }

        // The tries of a key that only rested are none of these.
        for (var tries = 0; tries < 5; tries++)
        {
            using var dead = await client.GetPathAsync("/v1/events");
            await dead.ShouldBeAsync(401);
        }

        using var proof = await server.AdminClient.GetPathAsync($"{Keys}/{key.Id}/revocation");
        var revocation = await proof.ReadAsync<KeyRevocationResponse>(200);
        using var me = await server.AdminClient.GetPathAsync("/v1/users/me");
        Assert.True(revocation.Revoked);
        Assert.Equal("revoked", revocation.Reason);
        Assert.Equal((await me.JsonAsync(200)).GetProperty("id").GetString(), revocation.RevokedBy);
        Assert.Equal(last, revocation.LastAcceptedRequest?.RequestId);
        Assert.True(revocation.LastAcceptedRequest?.At <= revocation.RevokedAt);
        Assert.Equal(5, revocation.AttemptsSince);
        Assert.Equal(("127.0.0.1", 5), (Assert.Single(revocation.Attempts).Address, revocation.Attempts[0].Attempts));
    }

    [Fact]
    public async Task A_revoked_key_stays_so_through_a_restart_and_its_tries_are_still_counted()
    {
        await using var own = await TollgateServer.StartAsync();
        var key = await own.CreateKeyAsync(await own.CreateServiceAccountAsync("event_ingestor"));
        using (var deleted = await own.AdminClient.DeletePathAsync($"{Keys}/{key.Id}"))
        {
            await deleted.ShouldBeAsync(204);
        }

        await own.RestartAsync();
        using var client = own.ClientWith(key.ApiKey);
        using (var dead = await client.GetPathAsync("/v1/users/me"))
        {
            await dead.ShouldBeAsync(401);
        }

        using var proof = await own.AdminClient.GetPathAsync($"{Keys}/{key.Id}/revocation");
        Assert.Equal(1, (await proof.ReadAsync<KeyRevocationResponse>(200)).AttemptsSince);
    }

    [Fact]
    public async Task Disabling_an_account_and_ending_a_session_name_the_last_request_too()
    {
        var account = await server.CreateServiceAccountAsync("event_ingestor");
        using var client = server.ClientWith((await server.CreateKeyAsync(account)).ApiKey);
        using (var sent = await client.PostJsonAsync("/v1/events", new { event_name = "e", external_customer_id = "c" }))
        using (var disabled = await server.AdminClient.PostJsonAsync($"/v1/users/{account.Id}/disable", null))
        {
            await disabled.ShouldBeAsync(200);
            Assert.Equal(sent.Headers.GetValues("X-Request-ID").Single(), disabled.Headers.GetValues("X-Last-Accepted-Request").Single());
        }

        using (var dead = await client.GetPathAsync("/v1/users/me"))
        {
            await dead.ShouldBeAsync(401);
        }

        var person = await server.CreatePersonAsync("all_reader");
        using var session = server.ClientWithSession(await server.LoginAsync(person.Email, person.Password));
        using var used = await session.GetPathAsync("/v1/events");
        await used.ShouldBeAsync(200);
        using var list = await server.AdminClient.GetPathAsync($"/v1/users/{person.Account.Id}/sessions");
        var id = (await list.ReadAsync<SessionsResponse>(200)).Sessions[0].Id;
        using var ended = await server.AdminClient.DeletePathAsync($"/v1/users/{person.Account.Id}/sessions/{id}");
        Assert.Equal(used.Headers.GetValues("X-Request-ID").Single(), ended.Headers.GetValues("X-Last-Accepted-Request").Single());
        using var after = await session.GetPathAsync("/v1/events");
        await after.ShouldBeAsync(401);
    }

    [Fact]
    public async Task The_last_request_of_a_session_is_known_after_a_restart()
    {
        await using var own = await TollgateServer.StartAsync();
        var person = await own.CreatePersonAsync("all_reader");
        var cookie = await own.LoginAsync(person.Email, person.Password);
        string last;
        using (var session = own.ClientWithSession(cookie))
        using (var used = await session.GetPathAsync("/v1/events"))
        {
            await used.ShouldBeAsync(200);
            last = used.Headers.GetValues("X-Request-ID").Single();
        }

        await own.RestartAsync();
        using var ended = await own.AdminClient.DeletePathAsync($"/v1/users/{person.Account.Id}/sessions");
        Assert.Equal(last, ended.Headers.GetValues("X-Last-Accepted-Request").Single());
        using var disabled = await own.AdminClient.PostJsonAsync($"/v1/users/{person.Account.Id}/disable", null);
        Assert.Equal(last, disabled.Headers.GetValues("X-Last-Accepted-Request").Single());
    }

    private async Task<long> CountAsync(string customer)
    {
        using var response = await server.AdminClient.PostJsonAsync(
            "/v1/events/usage", new { event_name = "probe", external_customer_id = customer, aggregation_type = "COUNT" });
        return (await response.JsonAsync(200)).GetProperty("value").GetInt64();
    }
}
