using System.Text.Json.Nodes;
using Microsoft.Extensions.Time.Testing;
using Tollgate.Contracts;
using Tollgate.Server.Hosting;
using Xunit;

namespace Tollgate.ServerTests.Sessions;

public sealed class LoggingInTests(TollgateServer server) : IClassFixture<TollgateServer>
{
    [Fact]
    public async Task Every_failure_looks_the_same()
    {
        var person = await server.CreatePersonAsync("all_reader");
        var disabled = await server.CreatePersonAsync("all_reader");
        var account = await server.CreateServiceAccountAsync("event_reader");
        using (var answer = await server.AdminClient.PostJsonAsync($"/v1/users/{disabled.Account.Id}/disable", null))
        {
            await answer.ShouldBeAsync(200);
        }

        (string Email, string Password)[] tries =
        [
            (person.Email, "not the password"), (disabled.Email, disabled.Password), ("nobody@nowhere.example", "not the password"),
            (account.Id, "not the password"), (account.Name!, "not the password"),
        ];
        var bodies = new HashSet<string>();
        foreach (var (email, password) in tries)
        {
            using var response = await server.AnonymousClient.PostJsonAsync("/v1/auth/login", new { email, password });
            await response.ShouldBeProblemAsync(401, ErrorCodes.LoginFailed);
            Assert.False(response.Headers.Contains("Set-Cookie"));
            var body = JsonNode.Parse(await response.TextAsync())!.AsObject();
            body.Remove("request_id");
            bodies.Add(body.ToJsonString());
        }

        Assert.Single(bodies);
    }

    [Fact]
    public async Task The_name_is_one_however_it_is_typed()
    {
        var person = await server.CreatePersonAsync("all_reader");
        await server.LoginAsync($"  {person.Email.ToUpperInvariant()} ", person.Password);
        using var again = await server.AdminClient.PostJsonAsync("/v1/users", new { type = "user", email = person.Email.ToUpperInvariant() });
        await again.ShouldBeProblemAsync(409, ErrorCodes.AlreadyExists);
    }

    [Fact]
    public async Task The_cookie_is_tied_to_this_origin_and_out_of_reach_of_scripts()
    {
        using var response = await server.AnonymousClient.PostJsonAsync(
            "/v1/auth/login", new { email = server.Secrets.Email, password = server.Secrets.Password });
        await response.ShouldBeAsync(200);

        var cookie = Assert.Single(response.Headers.GetValues("Set-Cookie"), text => text.StartsWith("__Host-sid=", StringComparison.Ordinal));
        Assert.StartsWith("__Host-sid=", cookie, StringComparison.Ordinal);
        Assert.All(
            ["path=/", "secure", "samesite=strict", "httponly"],
            attribute => Assert.Contains(attribute, cookie.Split("; "), StringComparer.OrdinalIgnoreCase));
        Assert.DoesNotContain("domain", cookie, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task A_session_ends_with_logout_password_role_and_disabling()
    {
        var person = await server.CreatePersonAsync("all_reader");
        var cookie = await server.LoginAsync(person.Email, person.Password);
        using var client = server.ClientWithSession(cookie);
        using (var logout = await client.PostJsonAsync("/v1/auth/logout", null))
        {
            await logout.ShouldBeAsync(204);
        }

        await ShouldBeEndedAsync(cookie);

        var before = await server.LoginAsync(person.Email, person.Password);
        using (var changing = server.ClientWithSession(before))
        using (var changed = await changing.PostJsonAsync(
            "/v1/auth/password", new { current_password = person.Password, new_password = "another long password" }))
        {
            await changed.ShouldBeAsync(200);
        }

        await ShouldBeEndedAsync(before);

        cookie = await server.LoginAsync(person.Email, "another long password");
        using (var roles = await server.AdminClient.PutJsonAsync($"/v1/users/{person.Account.Id}/roles", new { roles = new[] { "all_writer" } }))
        {
            await roles.ShouldBeAsync(200);
        }

        await ShouldBeEndedAsync(cookie);

        cookie = await server.LoginAsync(person.Email, "another long password");
        using (var disabled = await server.AdminClient.PostJsonAsync($"/v1/users/{person.Account.Id}/disable", null))
        {
            await disabled.ShouldBeAsync(200);
        }

        await ShouldBeEndedAsync(cookie);
    }

    [Fact]
    public async Task Sessions_are_listed_and_ended_one_by_one()
    {
        var person = await server.CreatePersonAsync("all_reader");
        var (first, second) = (await server.LoginAsync(person.Email, person.Password), await server.LoginAsync(person.Email, person.Password));
        using var client = server.ClientWithSession(second);
        using var listed = await client.GetPathAsync("/v1/auth/sessions");
        var sessions = (await listed.JsonAsync(200)).GetProperty("sessions").EnumerateArray().ToList();
        var other = sessions.Last(session => !session.GetProperty("current").GetBoolean() && session.GetProperty("id").GetString() != null);

        using var ended = await client.DeletePathAsync("/v1/auth/sessions");
        await ended.ShouldBeAsync(204);

        await ShouldBeEndedAsync(first);
        using var gone = await client.DeletePathAsync($"/v1/auth/sessions/{other.GetProperty("id").GetString()}");
        await gone.ShouldBeProblemAsync(404, ErrorCodes.NotFound);
        using var mine = await client.GetPathAsync("/v1/users/me");
        await mine.ShouldBeAsync(200);
    }

    [Theory]
    [InlineData("Sec-Fetch-Site", "cross-site")]
    [InlineData("Sec-Fetch-Site", "same-site")]
    [InlineData("Origin", "https://evil.example")]
    public async Task A_page_of_another_origin_changes_nothing_with_a_session(string header, string value)
    {
        using var client = server.ClientWithSession(await server.LoginAsync(server.Secrets.Email, server.Secrets.Password));
        client.DefaultRequestHeaders.Remove("Sec-Fetch-Site");
        client.DefaultRequestHeaders.Add(header, value);
        using var response = await client.PostJsonAsync("/v1/environments", new { name = "Forged", type = "development" });

        await response.ShouldBeProblemAsync(403, ErrorCodes.CrossOrigin);
    }

    [Fact]
    public async Task A_first_password_opens_nothing_but_its_change()
    {
        using var created = await server.AdminClient.PostJsonAsync(
            "/v1/users", new { type = "user", email = "new@people.example", roles = new[] { "super_admin" } });
        var account = await created.ReadAsync<CreatedUserResponse>(201);
        using var client = server.ClientWithSession(await server.LoginAsync("new@people.example", account.Password!));
        using var refused = await client.GetPathAsync("/v1/environments");
        await refused.ShouldBeProblemAsync(403, ErrorCodes.PasswordChangeRequired);
        using var me = await client.GetPathAsync("/v1/users/me");
        await me.ShouldBeAsync(200);
    }

    [Fact]
    public async Task Idle_and_old_sessions_end()
    {
        var clock = new FakeTimeProvider(new DateTimeOffset(2026, 5, 1, 0, 0, 0, TimeSpan.Zero));
        await using var own = await TollgateServer.StartAsync(clock);
        // The clock is set and not let run: so it is the gate that notices, and not the sweep that forgets ended sessions every minute.
        var begun = clock.GetUtcNow();
        using var client = await own.AdminSessionAsync();
        for (var age = TimeSpan.Zero; age < Limits.SessionLifetime; age += TimeSpan.FromMinutes(25))
        {
            await ShouldBeAsync(client, begun + age, 200);
        }

        await ShouldBeAsync(client, begun + Limits.SessionLifetime - TimeSpan.FromSeconds(1), 200);
        await ShouldBeAsync(client, begun + Limits.SessionLifetime, 401);

        using var idle = await own.AdminSessionAsync();
        await ShouldBeAsync(idle, clock.GetUtcNow() + Limits.SessionIdle - TimeSpan.FromSeconds(1), 200);
        await ShouldBeAsync(idle, clock.GetUtcNow() + Limits.SessionIdle, 401);

        async Task ShouldBeAsync(HttpClient session, DateTimeOffset at, int status)
        {
            clock.AdjustTime(at);
            using var response = await session.GetPathAsync("/v1/users/me");
            await response.ShouldBeAsync(status);
        }
    }

    [Fact]
    public async Task A_login_begins_its_own_session_whatever_cookie_came_along()
    {
        var chosen = new string('x', 43);
        using var client = server.ClientWithSession(chosen);
        using var response = await client.PostJsonAsync("/v1/auth/login", new { email = server.Secrets.Email, password = server.Secrets.Password });
        await response.ShouldBeAsync(200);
        Assert.NotEqual(chosen, TollgateServer.SessionOf(response));
        await ShouldBeEndedAsync(chosen);

        // Neither does a valid one lend its secret to the next.
        var first = TollgateServer.SessionOf(response);
        using var second = server.ClientWithSession(first);
        using var again = await second.PostJsonAsync("/v1/auth/login", new { email = server.Secrets.Email, password = server.Secrets.Password });
        await again.ShouldBeAsync(200);
        Assert.NotEqual(first, TollgateServer.SessionOf(again));
    }

    [Theory]
    [InlineData("/v1/auth/login")]
    [InlineData("/v1/users/me")]
    [InlineData("/v1/events")]
    public async Task A_preflight_of_another_origin_is_allowed_nothing(string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Options, new Uri(path, UriKind.Relative));
        request.Headers.Add("Origin", "https://evil.example");
        request.Headers.Add("Access-Control-Request-Method", "POST");
        request.Headers.Add("Access-Control-Request-Headers", "x-api-key");
        using var response = await server.AnonymousClient.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.False(response.IsSuccessStatusCode);
        Assert.DoesNotContain(response.Headers, header => header.Key.StartsWith("Access-Control", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task A_form_of_another_page_can_not_send_a_login()
    {
        using var form = new FormUrlEncodedContent(new Dictionary<string, string> { ["email"] = server.Secrets.Email });
        using var response = await server.AnonymousClient.PostAsync(
            new Uri("/v1/auth/login", UriKind.Relative), form, TestContext.Current.CancellationToken);

        await response.ShouldBeProblemAsync(415, ErrorCodes.UnsupportedMediaType);
    }

    [Fact]
    public async Task An_administrator_lists_and_ends_the_sessions_of_a_person()
    {
        var person = await server.CreatePersonAsync("all_reader");
        var cookies = new[] { await server.LoginAsync(person.Email, person.Password), await server.LoginAsync(person.Email, person.Password) };
        using var admin = await server.AdminSessionAsync();
        using var listed = await admin.GetPathAsync($"/v1/users/{person.Account.Id}/sessions");
        var sessions = (await listed.ReadAsync<SessionsResponse>(200)).Sessions;
        Assert.Equal(3, sessions.Count);
        Assert.All(sessions, session => Assert.False(session.Current));

        using (var one = await admin.DeletePathAsync($"/v1/users/{person.Account.Id}/sessions/{sessions[0].Id}"))
        {
            await one.ShouldBeAsync(204);
        }

        await ShouldBeEndedAsync(cookies[1]);
        using (var alive = server.ClientWithSession(cookies[0]))
        using (var me = await alive.GetPathAsync("/v1/users/me"))
        {
            await me.ShouldBeAsync(200);
        }

        var other = await server.CreatePersonAsync("all_reader");
        using (var mismatch = await admin.DeletePathAsync($"/v1/users/{other.Account.Id}/sessions/{sessions[1].Id}"))
        {
            await mismatch.ShouldBeProblemAsync(404, ErrorCodes.NotFound);
        }

        using (var all = await admin.DeletePathAsync($"/v1/users/{person.Account.Id}/sessions"))
        {
            await all.ShouldBeAsync(204);
        }

        await ShouldBeEndedAsync(cookies[0]);
        using var none = await admin.GetPathAsync($"/v1/users/{person.Account.Id}/sessions");
        Assert.Empty((await none.ReadAsync<SessionsResponse>(200)).Sessions);
    }

    [Fact]
    public async Task A_live_session_follows_an_edit_of_its_role_at_once()
    {
        const string Role = "session_follower";
        await WriteRoleAsync(HttpMethod.Post, "/v1/rbac/roles", "customer", Role);
        var person = await server.CreatePersonAsync(Role);
        using var client = server.ClientWithSession(await server.LoginAsync(person.Email, person.Password));
        using (var before = await client.GetPathAsync("/v1/customers"))
        {
            await before.ShouldBeAsync(200);
        }

        await WriteRoleAsync(HttpMethod.Put, $"/v1/rbac/roles/{Role}", "event", null);
        using (var lost = await client.GetPathAsync("/v1/customers"))
        {
            await lost.ShouldBeProblemAsync(403, ErrorCodes.PermissionDenied);
        }

        using var gained = await client.GetPathAsync("/v1/events");
        await gained.ShouldBeAsync(200);

        async Task WriteRoleAsync(HttpMethod method, string path, string entity, string? id)
        {
            var body = new Dictionary<string, object>
            {
                ["name"] = "A role",
                ["permissions"] = new Dictionary<string, string[]> { [entity] = ["read"] },
                ["assignable_to"] = new[] { AccountTypes.User },
            };
            if (id is not null)
            {
                body["id"] = id;
            }

            using var response = await server.AdminClient.SendAsync(method, path, body);
            await response.ShouldSucceedAsync();
        }
    }

    [Theory]
    [InlineData("Password1234!")]
    [InlineData("qwertyuiop12")]
    [InlineData("test person 1")]
    public async Task A_weak_new_password_is_refused_with_the_reason(string weak)
    {
        var person = await server.CreatePersonAsync("all_reader");
        using var client = server.ClientWithSession(await server.LoginAsync(person.Email, person.Password));
        using var response = await client.PostJsonAsync("/v1/auth/password", new { current_password = person.Password, new_password = weak });

        var problem = await response.ShouldBeProblemAsync(400, ErrorCodes.ValidationError);
        Assert.True(problem.GetProperty("details").GetProperty("errors").TryGetProperty("new_password", out _));
    }

    private async Task ShouldBeEndedAsync(string cookie)
    {
        using var client = server.ClientWithSession(cookie);
        using var response = await client.GetPathAsync("/v1/users/me");
        await response.ShouldBeProblemAsync(401, ErrorCodes.Unauthenticated);
    }
}
