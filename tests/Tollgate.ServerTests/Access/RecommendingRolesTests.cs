using Microsoft.Extensions.Time.Testing;
using Tollgate.Contracts;
using Xunit;

namespace Tollgate.ServerTests.Access;

/// <summary><c>GET /v1/rbac/recommendations</c>: what accounts hold, held against what they did.</summary>
public sealed class RecommendingRolesTests
{
    [Fact]
    public async Task Who_holds_more_than_they_used_is_recommended_less()
    {
        var clock = new FakeTimeProvider(new DateTimeOffset(2026, 5, 1, 12, 0, 0, TimeSpan.Zero));
        await using var server = await TollgateServer.StartAsync(clock);
        using var made = await server.AdminClient.PostJsonAsync("/v1/rbac/roles", new
        {
            id = "pair",
            name = "Pair",
            permissions = new Dictionary<string, string[]> { ["customer"] = ["read"], ["meter"] = ["read"] },
            assignable_to = AccountTypes.All,
        });
        await made.ShouldBeAsync(201);
        var sender = await server.CreateServiceAccountAsync("super_admin");
        var reader = await server.CreateServiceAccountAsync("event_reader", "event_ingestor");
        var pair = await server.CreateServiceAccountAsync("pair");
        var idle = await server.CreateServiceAccountAsync("event_reader");
        var exact = await server.CreateServiceAccountAsync("event_reader");
        var sendersKey = await server.CreateKeyAsync(sender);
        using var asSender = server.ClientWith(sendersKey.ApiKey);
        using var asReader = server.ClientWith((await server.CreateKeyAsync(reader)).ApiKey);
        using var asPair = server.ClientWith((await server.CreateKeyAsync(pair)).ApiKey);
        using var asExact = server.ClientWith((await server.CreateKeyAsync(exact)).ApiKey);
        clock.Advance(TimeSpan.FromDays(40));
        var young = await server.CreateServiceAccountAsync("event_reader");
        for (var call = 0; call < 3; call++)
        {
            using var sent = await asSender.PostJsonAsync("/v1/events", new { event_name = "e", external_customer_id = "c" });
            await sent.ShouldBeAsync(202);
        }

        await ReadAsync(asReader, "/v1/events");
        await ReadAsync(asPair, "/v1/customers");
        await ReadAsync(asExact, "/v1/events");
        using (var denied = await asExact.GetPathAsync("/v1/customers"))
        {
            // What was refused is no use.
            await denied.ShouldBeAsync(403);
        }

        var found = (await RecommendationsAsync(server.AdminClient, "?days=30")).ToDictionary(item => item.Account.Id);

        Assert.Equal(new[] { sender.Id, reader.Id, pair.Id, idle.Id }.Order(StringComparer.Ordinal), found.Keys.Order(StringComparer.Ordinal));
        Assert.DoesNotContain(young.Id, found.Keys);
        var sending = found[sender.Id];
        Assert.Equal(("narrower_roles", 3L, true), (sending.Finding, sending.Calls, sending.Smallest));
        Assert.Equal(["event_ingestor"], sending.SuggestedRoles);
        Assert.Equal(["event:write"], sending.UsedPermissions);
        Assert.Equal(["event:write"], sending.ExactPermissions);
        Assert.Empty(sending.ExcessPermissions ?? ["none"]);
        Assert.Equal(Permissions.All.Count - 1, sending.UnusedPermissions.Count);
        var key = Assert.Single(sending.ApiKeys);
        Assert.Equal((sendersKey.Id, 3L), (key.Id, key.Calls));
        Assert.Equal(server.Now, key.LastUsedAt);
        Assert.Equal(["event_reader"], found[reader.Id].SuggestedRoles);
        Assert.Equal("custom_role", found[pair.Id].Finding);
        Assert.Null(found[pair.Id].SuggestedRoles);
        Assert.Equal(["customer:read"], found[pair.Id].ExactPermissions);
        Assert.Equal(("no_use", null), (found[idle.Id].Finding, found[idle.Id].LastUsedAt));

        // Taking the advice makes it go away, and does not refuse what was done.
        using var narrowed = await server.AdminClient.PutJsonAsync($"/v1/users/{sender.Id}/roles", new { roles = sending.SuggestedRoles });
        await narrowed.ShouldBeAsync(200);
        using var still = await asSender.PostJsonAsync("/v1/events", new { event_name = "e", external_customer_id = "c" });
        await still.ShouldBeAsync(202);
        Assert.DoesNotContain(await RecommendationsAsync(server.AdminClient, ""), item => item.Account.Id == sender.Id);
    }

    [Fact]
    public async Task Use_counts_for_as_many_days_as_are_asked_for()
    {
        var clock = new FakeTimeProvider(new DateTimeOffset(2026, 5, 1, 12, 0, 0, TimeSpan.Zero));
        await using var server = await TollgateServer.StartAsync(clock);
        var account = await server.CreateServiceAccountAsync("event_reader");
        using var client = server.ClientWith((await server.CreateKeyAsync(account)).ApiKey);
        await ReadAsync(client, "/v1/events");
        clock.Advance(TimeSpan.FromDays(40));

        Assert.Equal("no_use", (await RecommendationsAsync(server.AdminClient, "?days=40")).Single(item => item.Account.Id == account.Id).Finding);
        Assert.DoesNotContain(await RecommendationsAsync(server.AdminClient, "?days=41"), item => item.Account.Id == account.Id);
        foreach (var wrong in new[] { "?days=0", "?days=91", "?days=x", "?limit=0", "?account_id=*" })
        {
            using var refused = await server.AdminClient.GetPathAsync($"/v1/rbac/recommendations{wrong}");
            await refused.ShouldBeProblemAsync(400, ErrorCodes.ValidationError);
        }
    }

    [Fact]
    public async Task Who_is_no_administrator_sees_only_what_is_recommended_to_them()
    {
        var clock = new FakeTimeProvider(new DateTimeOffset(2026, 5, 1, 12, 0, 0, TimeSpan.Zero));
        await using var server = await TollgateServer.StartAsync(clock);
        await server.CreateServiceAccountAsync("event_reader");
        var person = await server.CreatePersonAsync("all_writer");
        clock.Advance(TimeSpan.FromDays(31));
        using var client = server.ClientWithSession(await server.LoginAsync(person.Email, person.Password));

        var own = Assert.Single(await RecommendationsAsync(client, ""));

        Assert.Equal((person.Account.Id, "narrower_roles"), (own.Account.Id, own.Finding));
        Assert.Equal(["role:read"], own.UsedPermissions);
        Assert.Equal(["all_reader"], own.SuggestedRoles);
        Assert.True((await RecommendationsAsync(server.AdminClient, "")).Count >= 2);
    }

    private static async Task ReadAsync(HttpClient client, string path)
    {
        using var response = await client.GetPathAsync(path);
        await response.ShouldBeAsync(200);
    }

    private static async Task<IReadOnlyList<RecommendationResponse>> RecommendationsAsync(HttpClient client, string query)
    {
        using var response = await client.GetPathAsync($"/v1/rbac/recommendations{query}");
        var page = await response.ReadAsync<ListResponse<RecommendationResponse>>(200);
        Assert.Equal(page.Items.Count, page.Pagination.Total);
        return page.Items;
    }
}
