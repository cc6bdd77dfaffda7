using System.Text;
using System.Text.Json;
using Microsoft.Extensions.Time.Testing;
using Tollgate.Contracts;
using Xunit;

namespace Tollgate.ServerTests.Access;

/// <summary>A POST that is repeated with its Idempotency-Key happens once and is answered as it was the first time.</summary>
public sealed class IdempotencyTests(TollgateServer server) : IClassFixture<TollgateServer>
{
    [Fact]
    public async Task Fifty_at_once_with_one_key_create_one_thing_and_get_one_answer()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => CreateAsync(server.AdminClient, "fifty", "Fifty at once")));

        Assert.All(answers, answer => Assert.Equal(201, answer.Status));
        Assert.Single(answers.Select(answer => (answer.Text, answer.Location)).Distinct());
        Assert.Equal(49, answers.Count(answer => answer.Replayed));
        Assert.Equal($"/v1/users/{IdOf(answers[0])}", answers[0].Location);
        Assert.Single(await server.AdminClient.NamedAsync("Fifty at once"));
    }

    [Theory]
    [InlineData("/v1/users", """{"type":"service_account","name":"Another","roles":["event_reader"]}""")]
    [InlineData("/v1/users?x=1", """{"type":"service_account","name":"One body","roles":["event_reader"]}""")]
    [InlineData("/v1/users", """{"type": "service_account","name":"One body","roles":["event_reader"]}""")]
    [InlineData("/v1/environments", """{"name":"One body","type":"development"}""")]
    public async Task The_same_key_for_another_request_is_a_conflict(string path, string body)
    {
        await SendAsync(server.AdminClient, "one key", "/v1/users", """{"type":"service_account","name":"One body","roles":["event_reader"]}""");
        using var request = Request("one key", path, body);
        using var response = await server.AdminClient.SendAsync(request, TestContext.Current.CancellationToken);

        await response.ShouldBeProblemAsync(409, ErrorCodes.Conflict);
    }

    [Fact]
    public async Task The_same_key_for_another_person_is_a_conflict_and_hands_out_no_link_of_the_first()
    {
        var (first, second) = (await server.CreatePersonAsync("all_reader"), await server.CreatePersonAsync("all_reader"));
        using var invited = await InviteAsync(first);
        await invited.ShouldBeAsync(200);
        using var other = await InviteAsync(second);
        await other.ShouldBeProblemAsync(409, ErrorCodes.Conflict);

        async Task<HttpResponseMessage> InviteAsync(Person person)
        {
            using var request = Request("invited", $"/v1/users/{person.Account.Id}/invite", "");
            request.Content = null;
            return await server.AdminClient.SendAsync(request, TestContext.Current.CancellationToken);
        }
    }

    [Fact]
    public async Task The_same_key_of_another_account_environment_or_tenant_is_another_key()
    {
        var first = await CreateAsync(server.AdminClient, "shared", "Shared");
        var person = await server.CreatePersonAsync(BuiltInRoles.SuperAdmin);
        var cookie = await server.LoginAsync(person.Email, person.Password);
        using var session = server.ClientWithSession(cookie);
        using var environments = await session.GetPathAsync("/v1/environments");
        // The same session, so that nothing but the environment tells the two apart.
        using var production = server.ClientWithSession(cookie);
        production.DefaultRequestHeaders.Add("X-Environment-ID", (await environments.ReadAsync<EnvironmentsResponse>(200)).Environments[1].Id);
        using var stranger = server.ClientWith((await server.SecondTenantAsync()).ApiKey);
        Answer[] answers =
        [
            first,
            await CreateAsync(session, "shared", "Shared"),
            await CreateAsync(production, "shared", "Shared"),
            await CreateAsync(stranger, "shared", "Shared"),
        ];

        Assert.All(answers, answer => Assert.Equal((201, false), (answer.Status, answer.Replayed)));
        Assert.Equal(4, answers.Select(IdOf).Distinct().Count());
        Assert.True((await CreateAsync(session, "shared", "Shared")).Replayed);
    }

    [Fact]
    public async Task A_refused_request_may_be_mended_and_sent_with_its_key_again()
    {
        var refused = await SendAsync(server.AdminClient, "mended", "/v1/users", """{"type":"service_account","name":"Mended","roles":["no_such_role"]}""");
        var mended = await CreateAsync(server.AdminClient, "mended", "Mended");

        Assert.Equal((400, 201), (refused.Status, mended.Status));
        Assert.False(mended.Replayed);
    }

    [Fact]
    public async Task A_caller_who_may_no_longer_do_it_gets_no_answer_of_before()
    {
        var account = await server.CreateServiceAccountAsync(BuiltInRoles.SuperAdmin);
        var key = await server.CreateKeyAsync(account);
        using var client = server.ClientWith(key.ApiKey);
        var made = await SendAsync(client, "demoted", "/v1/customers", """{"external_id":"demoted","name":"x"}""");
        Assert.Equal(201, made.Status);
        Assert.True((await SendAsync(client, "demoted", "/v1/customers", """{"external_id":"demoted","name":"x"}""")).Replayed);

        using var demoted = await (await server.AdminSessionAsync()).PutJsonAsync($"/v1/users/{account.Id}/roles", new { roles = new[] { BuiltInRoles.EventReader } });
        await demoted.ShouldBeAsync(200);
        var forbidden = await SendAsync(client, "demoted", "/v1/customers", """{"external_id":"demoted","name":"x"}""");
        using var revoked = await server.AdminClient.DeletePathAsync($"/v1/secrets/api/keys/{key.Id}");
        await revoked.ShouldSucceedAsync();
        var unauthenticated = await SendAsync(client, "demoted", "/v1/customers", """{"external_id":"demoted","name":"x"}""");

        Assert.Equal((403, 401), (forbidden.Status, unauthenticated.Status));
    }

    [Fact]
    public async Task After_24_hours_the_key_is_a_new_one()
    {
        var clock = new FakeTimeProvider(new DateTimeOffset(2026, 5, 1, 0, 0, 0, TimeSpan.Zero));
        await using var own = await TollgateServer.StartAsync(clock);
        var first = await CreateAsync(own.AdminClient, "daily", "Daily");
        clock.Advance(TimeSpan.FromHours(24) - TimeSpan.FromSeconds(1));
        Assert.Equal(IdOf(first), IdOf(await CreateAsync(own.AdminClient, "daily", "Daily")));

        clock.Advance(TimeSpan.FromSeconds(1));
        var later = await CreateAsync(own.AdminClient, "daily", "Daily");

        Assert.False(later.Replayed);
        Assert.Equal(2, (await own.AdminClient.NamedAsync("Daily")).Count);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a\tb")]
    [InlineData("grün")]
    [InlineData("256")]
    public async Task A_key_that_is_none_is_refused(string key)
    {
        var sent = key == "256" ? new string('x', 256) : key;
        var body = """{"name":"Refused","type":"development"}""";
        var answer = await server.RawAsync(
            $"POST /v1/environments HTTP/1.1\r\nHost: localhost\r\nx-api-key: {server.Secrets.ApiKey}\r\nIdempotency-Key: {sent}\r\n"
            + $"Content-Type: application/json\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n{body}");

        Assert.Equal(400, answer.Status);
    }

    [Fact]
    public async Task Two_keys_are_refused_and_where_a_key_means_nothing_it_is_passed_over()
    {
        var body = """{"name":"Twice","type":"development"}""";
        var twice = await server.RawAsync(
            $"POST /v1/environments HTTP/1.1\r\nHost: localhost\r\nx-api-key: {server.Secrets.ApiKey}\r\nIdempotency-Key: one\r\nIdempotency-Key: one\r\n"
            + $"Content-Type: application/json\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n{body}");
        Assert.Equal(400, twice.Status);

        var account = await server.CreateServiceAccountAsync(BuiltInRoles.EventReader);
        using var client = server.ClientWith(server.Secrets.ApiKey);
        client.DefaultRequestHeaders.TryAddWithoutValidation("Idempotency-Key", "passed over");
        using var first = await client.PutJsonAsync($"/v1/users/{account.Id}", new { name = "First" });
        using var second = await client.PutJsonAsync($"/v1/users/{account.Id}", new { name = "Second" });
        Assert.Equal("Second", (await second.ReadAsync<UserResponse>(200)).Name);
        using var searched = await client.PostJsonAsync("/v1/users/search", new { limit = 1 });
        await searched.ShouldBeAsync(200);
    }

    [Fact]
    public async Task A_kept_answer_shows_no_key_and_no_password_in_the_database()
    {
        await using var own = await TollgateServer.StartAsync();
        var person = await SendAsync(own.AdminClient, "a secret key", "/v1/users", """{"type":"user","email":"kept@people.example","name":"Kept"}""");
        var password = JsonDocument.Parse(person.Text).RootElement.GetProperty("password").GetString() ?? "";
        var again = await SendAsync(own.AdminClient, "a secret key", "/v1/users", """{"type":"user","email":"kept@people.example","name":"Kept"}""");
        var key = await SendAsync(own.AdminClient, "another secret key", "/v1/secrets/api/keys", """{"name":"Kept","type":"private_key"}""");
        var token = JsonDocument.Parse(key.Text).RootElement.GetProperty("api_key").GetString() ?? "";

        Assert.True(again.Replayed);
        Assert.Equal(person.Text, again.Text);
        Assert.True(password.Length > 10 && token.Length > 10, $"{person.Text} {key.Text}");
        // The server has the file open and locked; sharing is all that is asked for.
        foreach (var file in Directory.GetFiles(own.Folder, "control.db*"))
        {
            await using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            using var bytes = new MemoryStream();
            await stream.CopyToAsync(bytes, TestContext.Current.CancellationToken);
            var text = Encoding.Latin1.GetString(bytes.ToArray());
            foreach (var secret in new[] { password, token, "a secret key", Convert.ToBase64String(Encoding.UTF8.GetBytes(password)), Convert.ToHexString(Encoding.UTF8.GetBytes(token)) })
            {
                Assert.DoesNotContain(secret, text, StringComparison.OrdinalIgnoreCase);
            }
        }
    }

    [Fact]
    public async Task Every_POST_that_changes_something_can_be_repeated()
    {
        await using var world = new MatrixWorld();
        await world.InitializeAsync();
        var administrator = world.Principals.First(principal => principal is { Administrator: true, Session: true, AtHome: true, Flaw: Flaw.None });
        var routes = world.Routes.Where(route => route.Method == "POST"
            && route.Access != "public"
            && route.Permission?.EndsWith(":read", StringComparison.Ordinal) != true
            && !route.Path.StartsWith("/v1/events", StringComparison.Ordinal)
            // They end the session that asks, and with it whatever it could repeat, or need a second factor.
            && !route.Path.StartsWith("/v1/auth/", StringComparison.Ordinal)
            // They only answer a question.
            && !route.Path.EndsWith("/preview", StringComparison.Ordinal)
            && route.Path is not ("/v1/rbac/can-i" or "/v1/rbac/explain")).ToList();

        Assert.True(routes.Count >= 5);
        foreach (var route in routes)
        {
            var objects = await world.FreshAsync(route, administrator);
            var sample = RouteSamples.For(route, objects);
            using var client = world.Server.ClientWithSession(administrator.Headers[0].Value["__Host-sid=".Length..]);
            client.DefaultRequestHeaders.Add("Idempotency-Key", $"every {objects.Unique}");
            using var first = await client.PostJsonAsync(sample.Path, sample.Body);
            await first.ShouldBeAsync(route.Success);
            using var second = await client.PostJsonAsync(sample.Path, sample.Body);
            await second.ShouldBeAsync(route.Success);

            // What sets a state, or is as it should be already, may be repeated as it is.
            var setsState = route.Path.EndsWith("/enable", StringComparison.Ordinal) || route.Path.EndsWith("/disable", StringComparison.Ordinal);
            Assert.True(setsState || second.Headers.Contains("Idempotency-Replayed"), $"{route} was done twice");
            Assert.Equal(await first.TextAsync(), await second.TextAsync());
            Assert.Equal(first.Headers.Location, second.Headers.Location);
            Assert.Equal(first.Content.Headers.ContentType, second.Content.Headers.ContentType);
        }
    }

    private static Task<Answer> CreateAsync(HttpClient client, string key, string name) =>
        SendAsync(client, key, "/v1/users", $$"""{"type":"service_account","name":"{{name}}","roles":["event_reader"]}""");

    private static async Task<Answer> SendAsync(HttpClient client, string key, string path, string body)
    {
        using var request = Request(key, path, body);
        using var response = await client.SendAsync(request, TestContext.Current.CancellationToken);
        return new Answer(
            (int)response.StatusCode,
            await response.TextAsync(),
            response.Headers.Location?.ToString(),
            response.Headers.TryGetValues("Idempotency-Replayed", out var replayed) && replayed.Single() == "true");
    }

    private static HttpRequestMessage Request(string key, string path, string body)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(path, UriKind.Relative)) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.TryAddWithoutValidation("Idempotency-Key", key);
        return request;
    }

    private static string? IdOf(Answer answer) => JsonDocument.Parse(answer.Text).RootElement.GetProperty("id").GetString();

    private sealed record Answer(int Status, string Text, string? Location, bool Replayed);
}

/// <summary>Looks for accounts by their name.</summary>
internal static class AccountsByName
{
    public static async Task<IReadOnlyList<UserResponse>> NamedAsync(this HttpClient client, string name)
    {
        using var response = await client.PostJsonAsync("/v1/users/search", new { limit = 1000 });
        return [.. (await response.ReadAsync<ListResponse<UserResponse>>(200)).Items.Where(account => account.Name == name)];
    }
}
