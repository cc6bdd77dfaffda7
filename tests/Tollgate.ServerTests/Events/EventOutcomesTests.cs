using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using Tollgate.Contracts;
using Tollgate.ServerTests.Constraints;
using Xunit;

namespace Tollgate.ServerTests.Events;

public sealed class EventOutcomesTests : IAsyncLifetime
{
    private static readonly DateTimeOffset Now = new(2026, 6, 15, 12, 30, 0, TimeSpan.Zero);

    private readonly FakeTimeProvider _time = new(Now);
    private TollgateServer _server = null!;

    private HttpClient Admin => _server.AdminClient;

    public async ValueTask InitializeAsync() => _server = await TollgateServer.StartAsync(_time);

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    [Fact]
    public async Task What_was_sent_is_accepted_a_duplicate_or_refused()
    {
        await SendAsync("", Event("a"), Event("b"));
        await SendAsync("", Event("a"), Event("c"));
        await SendAsync("", Event("d"), new { event_name = "" });
        await SendAsync("", Event("a", "another customer"), Event("e"));
        await SendAsync("?mode=partial", Event("a"), Event("f"), Event("b", "another customer"), new { event_name = "" });
        await PostAsync(Admin, "/v1/events", Event("g"));
        await PostAsync(Admin, "/v1/events", Event("g"));
        await PostAsync(Admin, "/v1/events", new { event_name = 7 });

        // a b, c, f, g; then a, a, g; then d and its neighbour, a and e, b and its neighbour, and the last.
        Assert.Equal((5, 3, 7), Counts(await OutcomesAsync(Admin)));
    }

    [Fact]
    public async Task A_dry_run_and_a_request_without_the_right_to_send_count_nothing()
    {
        await SendAsync("?dry_run=true", Event("a"), new { event_name = "" });
        await SendAsync("?mode=partial&dry_run=true", Event("a"), new { event_name = "" });
        await PostAsync(Admin, "/v1/events?dry_run=true", new { event_name = "" });
        using var reader = await _server.ClientOfNewAccountAsync(BuiltInRoles.EventReader);
        await PostAsync(reader, "/v1/events", Event("b"));

        Assert.Equal((0, 0, 0), Counts(await OutcomesAsync(Admin)));
    }

    [Fact]
    public async Task It_is_told_by_key_and_by_the_hour_of_sending()
    {
        var sender = await _server.CreateServiceAccountAsync(BuiltInRoles.EventIngestor);
        var limited = await _server.CreateKeyAsync(new KeyConstraints { EventNames = ["only.this"] }, sender);
        using var client = _server.ClientWith(limited.ApiKey);
        await SendAsync("", Event("a"));
        await PostAsync(client, "/v1/events", Event("b"));
        _time.Advance(TimeSpan.FromHours(1));
        await SendAsync("", Event("c"), Event("d"));

        var answer = await OutcomesAsync(Admin);
        var keys = answer.GetProperty("by_api_key").EnumerateArray().ToList();
        var hours = answer.GetProperty("by_hour").EnumerateArray().ToList();

        Assert.Equal(Now.AddMinutes(30).AddHours(-23), answer.GetProperty("start_time").GetDateTimeOffset());
        Assert.Equal(limited.Id, keys[0].GetProperty("api_key_id").GetString());
        Assert.Equal([(0, 0, 1), (3, 0, 0)], keys.Select(Counts));
        Assert.Equal([(2, 0, 0), (1, 0, 1)], hours.Select(Counts));
        Assert.Equal([Now.AddMinutes(30), Now.AddMinutes(-30)], hours.Select(hour => hour.GetProperty("hour").GetDateTimeOffset()));
        Assert.Equal((2, 0, 0), Counts(await OutcomesAsync(Admin, "?hours=1")));
    }

    [Fact]
    public async Task A_limited_key_and_another_tenant_see_their_own()
    {
        await SendAsync("", Event("a"), Event("b"));
        using var other = _server.ClientWith((await _server.SecondTenantAsync()).ApiKey);
        using var limited = _server.ClientWith((await _server.CreateKeyAsync(
            new KeyConstraints { ExternalCustomerIds = ["right"] }, await _server.CreateServiceAccountAsync(BuiltInRoles.EventReader))).ApiKey);

        Assert.Equal((0, 0, 0), Counts(await OutcomesAsync(other)));
        Assert.Equal((0, 0, 0), Counts(await OutcomesAsync(limited)));
    }

    [Theory]
    [InlineData("?hours=0", "hours")]
    [InlineData("?hours=2161", "hours")]
    [InlineData("?days=1", "days")]
    public async Task What_makes_no_sense_is_refused_by_name(string query, string field)
    {
        using var response = await Admin.GetPathAsync($"/v1/events/outcomes{query}");

        var problem = await response.ShouldBeProblemAsync(400, "validation_error");
        Assert.Equal([field], problem.GetProperty("details").GetProperty("errors").EnumerateObject().Select(error => error.Name));
    }

    private static object Event(string id, string customer = "c") => new { event_id = id, event_name = "n", external_customer_id = customer, timestamp = Now };

    private static (int Accepted, int Duplicate, int Refused) Counts(JsonElement part) =>
        (part.GetProperty("accepted").GetInt32(), part.GetProperty("duplicate").GetInt32(), part.GetProperty("refused").GetInt32());

    private static async Task<JsonElement> OutcomesAsync(HttpClient client, string query = "")
    {
        using var response = await client.GetPathAsync($"/v1/events/outcomes{query}");
        return await response.JsonAsync(200);
    }

    private static async Task PostAsync(HttpClient client, string path, object body)
    {
        using var response = await client.PostJsonAsync(path, body);
    }

    private Task SendAsync(string query, params object[] events) => PostAsync(Admin, $"/v1/events/bulk{query}", new { events });
}
