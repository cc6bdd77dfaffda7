using System.Text.Json.Nodes;
using Microsoft.Extensions.Time.Testing;
using Tollgate.Contracts;
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

        var cookie = Assert.Single(response.Headers.GetValues("Set-Cookie"));
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
        using var client = await own.AdminSessionAsync();
        for (var minutes = 0; minutes < 700; minutes += 25)
        {
            using var alive = await client.GetPathAsync("/v1/users/me");
            await alive.ShouldBeAsync(200);
            clock.Advance(TimeSpan.FromMinutes(25));
        }

        clock.Advance(TimeSpan.FromMinutes(25));
        using var old = await client.GetPathAsync("/v1/users/me");
        await old.ShouldBeProblemAsync(401, ErrorCodes.Unauthenticated);

        using var idle = await own.AdminSessionAsync();
        clock.Advance(TimeSpan.FromMinutes(31));
        using var late = await idle.GetPathAsync("/v1/users/me");
        await late.ShouldBeProblemAsync(401, ErrorCodes.Unauthenticated);
    }

    private async Task ShouldBeEndedAsync(string cookie)
    {
        using var client = server.ClientWithSession(cookie);
        using var response = await client.GetPathAsync("/v1/users/me");
        await response.ShouldBeProblemAsync(401, ErrorCodes.Unauthenticated);
    }
}
