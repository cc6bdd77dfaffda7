using System.Text.Json.Nodes;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Tollgate.Contracts;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;
using Xunit;

namespace Tollgate.ServerTests.Sessions;

public sealed class InvitingPeopleTests(TollgateServer server) : IClassFixture<TollgateServer>
{
    private const string NewPassword = "a password of my own";

    [Fact]
    public async Task An_invited_person_sets_a_password_once_and_logs_in()
    {
        var (person, token) = await InviteAsync(server);
        Assert.StartsWith($"{server.Url}/invite#token=", person.InviteUrl, StringComparison.Ordinal);
        Assert.False(person.PasswordSet);
        using var previewed = await PreviewAsync(server, token);
        var preview = await previewed.ReadAsync<InvitationResponse>(200);
        Assert.Equal((LinkPurposes.Invitation, person.Email, person.Tenant.Name), (preview.Purpose, preview.Email, preview.TenantName));
        Assert.Equal(person.CreatedAt + Limits.InvitationLink, preview.ExpiresAt);

        using var accepted = await server.AnonymousClient.PostJsonAsync(
            "/v1/auth/invitations/accept", new { token, password = NewPassword, name = "Grace" });
        Assert.Equal(person.Email, (await accepted.ReadAsync<AcceptedInvitationResponse>(200)).Email);
        Assert.False(accepted.Headers.Contains("Set-Cookie"));

        await ShouldBeDeadAsync(server, token);
        await LoginShouldFailAsync(server, person.Email, person.Password);
        using var session = server.ClientWithSession(await server.LoginAsync(person.Email ?? "", NewPassword));
        using var read = await session.GetPathAsync("/v1/users/me");
        var me = await read.ReadAsync<MeResponse>(200);
        Assert.Equal(("Grace", true, false), (me.Name, me.PasswordSet, me.Principal.PasswordChangeRequired));
        Assert.Equal(["user.create", "user.invite", "user.invite_accept", "login.denied"], await AuditOfAsync(server, person.Id));
    }

    [Fact]
    public async Task A_newer_link_and_a_password_end_an_older_link()
    {
        var (person, first) = await InviteAsync(server);
        var (link, second) = await LinkAsync(server, person.Id);
        Assert.Equal(LinkPurposes.Invitation, link.Purpose);
        await ShouldBeDeadAsync(server, first);
        using (var session = server.ClientWithSession(await server.LoginAsync(person.Email ?? "", person.Password ?? "")))
        using (var changed = await session.PostJsonAsync(
            "/v1/auth/password", new { current_password = person.Password, new_password = NewPassword }))
        {
            await changed.ShouldBeAsync(200);
        }

        await ShouldBeDeadAsync(server, second);
        await server.LoginAsync(person.Email ?? "", NewPassword);
    }

    [Fact]
    public async Task A_reset_link_replaces_a_lost_password_and_ends_every_session()
    {
        var person = await server.CreatePersonAsync("all_reader");
        var cookie = await server.LoginAsync(person.Email, person.Password);
        var (link, token) = await LinkAsync(server, person.Account.Id);
        Assert.Equal(LinkPurposes.Reset, link.Purpose);
        await server.LoginAsync(person.Email, person.Password);

        using (var accepted = await AcceptAsync(server, token))
        {
            await accepted.ShouldBeAsync(200);
        }

        using var client = server.ClientWithSession(cookie);
        using var ended = await client.GetPathAsync("/v1/users/me");
        await ended.ShouldBeProblemAsync(401, ErrorCodes.Unauthenticated);
        await LoginShouldFailAsync(server, person.Email, person.Password);
        await server.LoginAsync(person.Email, NewPassword);
        Assert.Equal(["user.reset_link", "user.password_reset", "login.denied"], (await AuditOfAsync(server, person.Account.Id))[^3..]);
    }

    [Fact]
    public async Task A_link_used_many_times_at_once_works_once()
    {
        var (person, token) = await InviteAsync(server);
        string[] passwords = [.. Enumerable.Range(0, 12).Select(number => $"{NewPassword}, number {number}")];
        var answers = await Task.WhenAll(passwords.Select(password => AcceptAsync(server, token, password)));

        Assert.Equal([200, .. Enumerable.Repeat(401, 11)], answers.Select(answer => (int)answer.StatusCode).Order());
        var winner = passwords[Array.FindIndex(answers, answer => answer.IsSuccessStatusCode)];
        await server.LoginAsync(person.Email ?? "", winner);
        Array.ForEach(answers, answer => answer.Dispose());
    }

    [Fact]
    public async Task Every_link_that_does_not_work_has_the_same_answer()
    {
        var (_, replaced) = await InviteAsync(server);
        var (other, token) = await InviteAsync(server);
        await LinkAsync(server, other.Id);
        string[] dead = [token, replaced[..^1], replaced + "x", "x", other.Id, server.Secrets.ApiKey];

        var bodies = new HashSet<string>();
        foreach (var text in dead)
        {
            using var response = await AcceptAsync(server, text);
            await response.ShouldBeProblemAsync(401, ErrorCodes.LinkInvalid);
            var body = JsonNode.Parse(await response.TextAsync())?.AsObject() ?? [];
            body.Remove("request_id");
            bodies.Add(body.ToJsonString());
        }

        Assert.Single(bodies);
        using var alive = await PreviewAsync(server, replaced);
        await alive.ShouldBeAsync(200);
    }

    [Fact]
    public async Task Links_expire()
    {
        var clock = new FakeTimeProvider(new DateTimeOffset(2026, 5, 1, 0, 0, 0, TimeSpan.Zero));
        await using var own = await TollgateServer.StartAsync(clock);
        var (_, invitation) = await InviteAsync(own);
        var person = await own.CreatePersonAsync("all_reader");
        var (_, reset) = await LinkAsync(own, person.Account.Id);

        clock.Advance(Limits.ResetLink - TimeSpan.FromSeconds(1));
        using (var alive = await PreviewAsync(own, reset))
        {
            await alive.ShouldBeAsync(200);
        }

        clock.Advance(TimeSpan.FromSeconds(1));
        await ShouldBeDeadAsync(own, reset);
        await own.LoginAsync(person.Email, person.Password);

        clock.Advance(Limits.InvitationLink - Limits.ResetLink - TimeSpan.FromSeconds(1));
        using (var alive = await PreviewAsync(own, invitation))
        {
            await alive.ShouldBeAsync(200);
        }

        clock.Advance(TimeSpan.FromSeconds(1));
        await ShouldBeDeadAsync(own, invitation);
    }

    [Theory]
    [InlineData("disable")]
    [InlineData("delete")]
    public async Task A_link_never_brings_a_person_back(string how)
    {
        var (person, token) = await InviteAsync(server);
        using (var done = how == "delete"
            ? await server.AdminClient.DeletePathAsync($"/v1/users/{person.Id}")
            : await server.AdminClient.PostJsonAsync($"/v1/users/{person.Id}/disable", null))
        {
            await done.ShouldSucceedAsync();
        }

        await ShouldBeDeadAsync(server, token);
        await LoginShouldFailAsync(server, person.Email, person.Password);
        using var again = await server.AdminClient.PostJsonAsync($"/v1/users/{person.Id}/invite", null);
        await again.ShouldBeProblemAsync(how == "delete" ? 404 : 409, how == "delete" ? ErrorCodes.NotFound : ErrorCodes.Conflict);
        if (how == "disable")
        {
            using var enabled = await server.AdminClient.PostJsonAsync($"/v1/users/{person.Id}/enable", null);
            await enabled.ShouldBeAsync(200);
            await ShouldBeDeadAsync(server, token);
        }
    }

    [Fact]
    public async Task A_service_account_is_never_invited_and_nobody_invites_themselves()
    {
        var account = await server.CreateServiceAccountAsync("event_reader");
        using var invited = await server.AdminClient.PostJsonAsync($"/v1/users/{account.Id}/invite", null);
        await invited.ShouldBeProblemAsync(400, ErrorCodes.ValidationError);

        using var me = await server.AdminClient.GetPathAsync("/v1/users/me");
        var own = (await me.ReadAsync<MeResponse>(200)).Id;
        using var self = await server.AdminClient.PostJsonAsync($"/v1/users/{own}/invite", null);
        await self.ShouldBeProblemAsync(409, ErrorCodes.Conflict);
    }

    [Fact]
    public async Task A_weak_password_leaves_the_link_as_it_is()
    {
        var (person, token) = await InviteAsync(server);
        foreach (var weak in new[] { "short", "Password1234!", person.Email ?? "", "My Organisation 1" })
        {
            using var refused = await AcceptAsync(server, token, weak);
            var problem = await refused.ShouldBeProblemAsync(400, ErrorCodes.ValidationError);
            Assert.True(problem.GetProperty("details").GetProperty("errors").TryGetProperty("password", out _));
        }

        using var accepted = await AcceptAsync(server, token);
        await accepted.ShouldBeAsync(200);
    }

    [Theory]
    [InlineData("preview")]
    [InlineData("accept")]
    public async Task A_page_of_another_origin_uses_no_link(string route)
    {
        var (_, token) = await InviteAsync(server);
        using var client = server.ClientWithSession("");
        client.DefaultRequestHeaders.Clear();
        client.DefaultRequestHeaders.Add("Sec-Fetch-Site", "cross-site");
        object body = route == "accept" ? new { token, password = NewPassword } : new { token };
        using var response = await client.PostJsonAsync($"/v1/auth/invitations/{route}", body);

        await response.ShouldBeProblemAsync(403, ErrorCodes.CrossOrigin);
    }

    [Fact]
    public async Task Links_name_the_public_address_where_there_is_one()
    {
        await using var own = await TollgateServer.StartAsync(null, "Hosting:PublicUrl=https://tollgate.example.org/");
        var (person, _) = await InviteAsync(own);

        Assert.StartsWith("https://tollgate.example.org/invite#token=", person.InviteUrl, StringComparison.Ordinal);
    }

    internal static async Task<(CreatedUserResponse Person, string Token)> InviteAsync(TollgateServer server)
    {
        var email = $"{new Ids(TimeProvider.System).Request()}@people.example".ToLowerInvariant();
        using var created = await server.AdminClient.PostJsonAsync("/v1/users", new { type = AccountTypes.User, email });
        var person = await created.ReadAsync<CreatedUserResponse>(201);
        return (person, TokenOf(person.InviteUrl));
    }

    internal static async Task<(InviteResponse Link, string Token)> LinkAsync(TollgateServer server, string id)
    {
        using var response = await server.AdminClient.PostJsonAsync($"/v1/users/{id}/invite", null);
        var link = await response.ReadAsync<InviteResponse>(200);
        return (link, TokenOf(link.Url));
    }

    internal static Task<HttpResponseMessage> AcceptAsync(TollgateServer server, string token, string password = NewPassword) =>
        server.AnonymousClient.PostJsonAsync("/v1/auth/invitations/accept", new { token, password });

    private static string TokenOf(string? url) => url?.Split("#token=")[1] ?? throw new InvalidOperationException("There is no link.");

    private static Task<HttpResponseMessage> PreviewAsync(TollgateServer server, string token) =>
        server.AnonymousClient.PostJsonAsync("/v1/auth/invitations/preview", new { token });

    private static async Task ShouldBeDeadAsync(TollgateServer server, string token)
    {
        using var preview = await PreviewAsync(server, token);
        await preview.ShouldBeProblemAsync(401, ErrorCodes.LinkInvalid);
        using var accept = await AcceptAsync(server, token);
        await accept.ShouldBeProblemAsync(401, ErrorCodes.LinkInvalid);
    }

    private static async Task LoginShouldFailAsync(TollgateServer server, string? email, string? password)
    {
        using var response = await server.AnonymousClient.PostJsonAsync("/v1/auth/login", new { email, password });
        await response.ShouldBeProblemAsync(401, ErrorCodes.LoginFailed);
    }

    private static async Task<List<string>> AuditOfAsync(TollgateServer server, string accountId)
    {
        await using var db = server.Host.Services.GetRequiredService<ControlStore>().CreateContext();
        return await db.AuditRecords.Where(record => record.TargetId == accountId).OrderBy(record => record.Number)
            .Select(record => record.Action).ToListAsync(TestContext.Current.CancellationToken);
    }
}
