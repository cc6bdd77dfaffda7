using System.Text.Json;
using Tollgate.Contracts;
using Tollgate.Server.Hosting;
using Xunit;

namespace Tollgate.ServerTests.Events;

/// <summary>Events are selected by the key and account that sent them.</summary>
public sealed class ReadProvenanceTests(TollgateServer server) : IClassFixture<TollgateServer>
{
    private readonly string _name = EventClients.Unique();

    private HttpClient Admin => server.AdminClient;

    [Fact]
    public async Task Events_are_selected_by_key_and_by_account()
    {
        var account = await server.CreateServiceAccountAsync(BuiltInRoles.EventIngestor);
        var keys = new[] { await server.CreateKeyAsync(account), await server.CreateKeyAsync(account) };
        foreach (var (key, id) in keys.Zip(["one", "two"]))
        {
            using var writer = server.ClientWith(key.ApiKey);
            await SendAsync(writer, id);
        }

        await SendAsync(Admin, "person");
        using var me = await Admin.GetPathAsync("/v1/users/me");
        var person = (await me.JsonAsync(200)).GetProperty("id").GetString();

        Assert.Equal(["one"], await IdsAsync(new { event_name = _name, api_key_id = keys[0].Id }));
        Assert.Equal(["one", "two"], await IdsAsync(new { event_name = _name, service_account_id = account.Id }));
        Assert.Equal(["one", "two"], await IdsAsync(new { event_name = _name, account_id = account.Id }));
        Assert.Equal(["person"], await IdsAsync(new { event_name = _name, account_id = person }));
        Assert.Equal(["two"], await IdsAsync(new { event_name = _name, account_id = account.Id, api_key_id = keys[1].Id }));
        // A person is no service account, and nobody has this key.
        Assert.Empty(await IdsAsync(new { event_name = _name, service_account_id = person }));
        Assert.Empty(await IdsAsync(new { event_name = _name, api_key_id = new Ids(TimeProvider.System).ApiKey() }));
        using var list = await Admin.GetPathAsync($"/v1/events?event_name={_name}&api_key_id={keys[1].Id}");
        Assert.Equal([$"{_name}-two"], (await list.JsonAsync(200)).Ids());
    }

    [Fact]
    public async Task A_key_of_another_tenant_selects_nothing_as_one_that_does_not_exist()
    {
        var theirs = await server.SecondTenantAsync();
        using var other = server.ClientWith(theirs.ApiKey);
        await SendAsync(other, "theirs");
        using var me = await other.GetPathAsync("/v1/users/me");
        var account = await me.JsonAsync(200);
        var key = account.GetProperty("principal").GetProperty("api_key").GetProperty("id").GetString();

        Assert.Empty(await IdsAsync(new { event_name = _name, api_key_id = key }));
        Assert.Empty(await IdsAsync(new { event_name = _name, account_id = account.GetProperty("id").GetString() }));
        Assert.Empty(await IdsAsync(new { event_name = _name, service_account_id = account.GetProperty("id").GetString() }));
    }

    [Theory]
    [InlineData("api_key_id", "secret_x")]
    [InlineData("api_key_id", "user_01ARZ3NDEKTSV4RRFFQ69G5FAV")]
    [InlineData("account_id", "'; DROP TABLE events; --")]
    [InlineData("service_account_id", "user_01arz3ndektsv4rrffq69g5fav")]
    public async Task What_is_no_id_is_refused_by_name(string field, string value)
    {
        Assert.Equal([field], await Admin.RefusedFieldsAsync("/v1/events/query", new Dictionary<string, string> { [field] = value }));
    }

    [Fact]
    public async Task Two_accounts_at_once_are_refused()
    {
        var id = (await server.CreateServiceAccountAsync(BuiltInRoles.EventIngestor)).Id;

        Assert.Equal(["account_id"], await Admin.RefusedFieldsAsync("/v1/events/query", new { account_id = id, service_account_id = id }));
    }

    [Fact]
    public async Task A_page_key_belongs_to_the_account_it_was_given_out_for()
    {
        var account = await server.CreateServiceAccountAsync(BuiltInRoles.EventIngestor);
        using var writer = server.ClientWith((await server.CreateKeyAsync(account)).ApiKey);
        await SendAsync(writer, "one");
        var page = await Admin.QueryAsync(new { event_name = _name, account_id = account.Id });
        var key = page.GetProperty("iter_last_key").GetString();

        Assert.Equal(["iter_last_key"], await Admin.RefusedFieldsAsync("/v1/events/query", new { event_name = _name, iter_last_key = key }));
        Assert.Empty((await Admin.QueryAsync(new { event_name = _name, account_id = account.Id, iter_last_key = key })).Ids());
    }

    private Task<JsonElement> SendAsync(HttpClient client, string id) =>
        client.IngestAsync(new { event_name = _name, external_customer_id = "c", event_id = $"{_name}-{id}" });

    private async Task<string[]> IdsAsync(object query) =>
        [.. (await Admin.QueryAsync(query)).Ids().Select(id => id[(_name.Length + 1)..]).Order(StringComparer.Ordinal)];
}
