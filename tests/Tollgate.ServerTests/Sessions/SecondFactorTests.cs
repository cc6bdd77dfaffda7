using Microsoft.Extensions.Time.Testing;
using Tollgate.Contracts;
using Tollgate.Server.Hosting;
using Xunit;

namespace Tollgate.ServerTests.Sessions;

public sealed class SecondFactorTests : IAsyncLifetime
{
    private static readonly TimeSpan Step = TimeSpan.FromSeconds(30);

    private readonly FakeTimeProvider _clock = new(new DateTimeOffset(2026, 5, 1, 0, 0, 0, TimeSpan.Zero));
    private TollgateServer? _server;

    private TollgateServer Server => _server ?? throw new InvalidOperationException("The server is not started.");

    public async ValueTask InitializeAsync() => _server = await TollgateServer.StartAsync(_clock);

    public ValueTask DisposeAsync() => Server.DisposeAsync();

    [Fact]
    public async Task A_login_asks_for_a_code_once_one_was_confirmed_and_not_before()
    {
        var person = await Server.CreatePersonAsync("all_reader");
        using var session = Server.ClientWithSession(await Server.LoginAsync(person.Email, person.Password));
        using (var wrong = await session.PostJsonAsync("/v1/auth/totp/enroll", new { current_password = "not the password" }))
        {
            await wrong.ShouldBeProblemAsync(400, ErrorCodes.ValidationError);
        }

        var app = await Authenticator.EnrollAsync(session, person.Password);
        var other = await Server.LoginAsync(person.Email, person.Password);
        using (var wrong = await session.PostJsonAsync("/v1/auth/totp/confirm", new { code = app.CodeAt(Server.Now + (10 * Step)) }))
        {
            await wrong.ShouldBeProblemAsync(400, ErrorCodes.ValidationError);
        }

        var (cookie, codes) = await app.ConfirmAsync(session, Server.Now);

        Assert.Equal(Limits.RecoveryCodes, codes.Distinct().Count());
        await ShouldBeEndedAsync(other);
        using var ended = await session.GetPathAsync("/v1/auth/totp");
        await ended.ShouldBeProblemAsync(401, ErrorCodes.Unauthenticated);
        using var going = Server.ClientWithSession(cookie);
        using var status = await going.GetPathAsync("/v1/auth/totp");
        Assert.Equal(
            new TotpResponse { Enabled = true, EnabledAt = Server.Now, RecoveryCodesLeft = Limits.RecoveryCodes },
            await status.ReadAsync<TotpResponse>(200));

        using var without = await LoginAsync(person);
        await without.ShouldBeProblemAsync(401, ErrorCodes.SecondFactorRequired);
        Assert.False(without.Headers.Contains("Set-Cookie"));
        using var bad = await LoginAsync(person with { Password = "not the password" }, code: app.CodeAt(Server.Now + Step));
        await bad.ShouldBeProblemAsync(401, ErrorCodes.LoginFailed);
        using var with = await LoginAsync(person, code: app.CodeAt(Server.Now + Step));
        Assert.True((await with.ReadAsync<LoginResponse>(200)).User.SecondFactor);
    }

    [Fact]
    public async Task A_code_works_once()
    {
        var (person, app, _, _) = await WithSecondFactorAsync();
        using (var again = await LoginAsync(person, code: app.CodeAt(Server.Now)))
        {
            await again.ShouldBeProblemAsync(401, ErrorCodes.SecondFactorFailed);
        }

        _clock.Advance(Step);
        using (var first = await LoginAsync(person, code: app.CodeAt(Server.Now)))
        {
            await first.ShouldBeAsync(200);
        }

        using var second = await LoginAsync(person, code: app.CodeAt(Server.Now));
        await second.ShouldBeProblemAsync(401, ErrorCodes.SecondFactorFailed);
    }

    [Fact]
    public async Task One_code_in_fifty_logins_at_once_lets_one_in()
    {
        var (person, app, _, _) = await WithSecondFactorAsync();
        _clock.Advance(Step);
        var code = app.CodeAt(Server.Now);
        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => LoginAsync(person, code: code)));

        Assert.Single(answers, answer => answer.IsSuccessStatusCode);
        Assert.All(answers.Where(answer => !answer.IsSuccessStatusCode), answer => Assert.Contains((int)answer.StatusCode, new[] { 401, 429 }));
        Assert.Contains(answers, answer => (int)answer.StatusCode == 401);
        Array.ForEach(answers, answer => answer.Dispose());
    }

    [Fact]
    public async Task A_code_of_ninety_seconds_ago_is_refused()
    {
        var (person, app, _, _) = await WithSecondFactorAsync();
        _clock.Advance(10 * Step);
        using (var late = await LoginAsync(person, code: app.CodeAt(Server.Now.AddSeconds(-90))))
        {
            await late.ShouldBeProblemAsync(401, ErrorCodes.SecondFactorFailed);
        }

        using var slow = await LoginAsync(person, code: app.CodeAt(Server.Now.AddSeconds(-30)));
        await slow.ShouldBeAsync(200);
    }

    [Fact]
    public async Task After_five_wrong_codes_even_the_right_one_must_wait()
    {
        var (person, app, _, _) = await WithSecondFactorAsync();
        _clock.Advance(10 * Step);
        for (var time = 0; time < 5; time++)
        {
            using var wrong = await LoginAsync(person, code: app.CodeAt(Server.Now.AddHours(time + 1)));
            await wrong.ShouldBeProblemAsync(401, ErrorCodes.SecondFactorFailed);
            // The right password without a code makes good nothing.
            using var without = await LoginAsync(person);
            Assert.Contains((int)without.StatusCode, new[] { 401, 429 });
        }

        using (var right = await LoginAsync(person, code: app.CodeAt(Server.Now)))
        {
            await right.ShouldBeProblemAsync(429, ErrorCodes.TooManyRequests);
            Assert.Equal("1", right.Headers.GetValues("Retry-After").Single());
            Assert.Equal("\"login\";r=0;t=1", right.Headers.GetValues("RateLimit").Single());
        }

        _clock.Advance(TimeSpan.FromSeconds(1));
        using var later = await LoginAsync(person, code: app.CodeAt(Server.Now));
        await later.ShouldBeAsync(200);
    }

    [Fact]
    public async Task A_recovery_code_works_once_and_until_there_are_new_ones()
    {
        var (person, _, cookie, codes) = await WithSecondFactorAsync();
        var answers = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => LoginAsync(person, recoveryCode: codes[0].ToUpperInvariant())));
        Assert.Equal([200, 401, 401, 401], answers.Select(answer => (int)answer.StatusCode).Order());
        Array.ForEach(answers, answer => answer.Dispose());

        using var session = Server.ClientWithSession(cookie);
        using (var both = await LoginAsync(person, "123456", codes[1]))
        {
            await both.ShouldBeProblemAsync(400, ErrorCodes.ValidationError);
        }

        using var renewed = await session.PostJsonAsync(
            "/v1/auth/totp/recovery-codes", new { current_password = person.Password, recovery_code = codes[1] });
        var fresh = (await renewed.ReadAsync<RecoveryCodesResponse>(200)).RecoveryCodes;
        Assert.Empty(fresh.Intersect(codes));
        using (var old = await LoginAsync(person, recoveryCode: codes[2]))
        {
            await old.ShouldBeProblemAsync(401, ErrorCodes.SecondFactorFailed);
        }

        using var used = await LoginAsync(person, recoveryCode: fresh[0]);
        await used.ShouldBeAsync(200);
        using var status = await session.GetPathAsync("/v1/auth/totp");
        Assert.Equal(Limits.RecoveryCodes - 1, (await status.ReadAsync<TotpResponse>(200)).RecoveryCodesLeft);
    }

    [Fact]
    public async Task Its_owner_takes_it_away_with_password_and_code()
    {
        var (person, app, cookie, codes) = await WithSecondFactorAsync();
        using var session = Server.ClientWithSession(cookie);
        object[] refused =
        [
            new { current_password = person.Password },
            new { current_password = person.Password, code = app.CodeAt(Server.Now) },
            new { current_password = person.Password, recovery_code = "000000-000000-000000-000000" },
            new { current_password = "not the password", recovery_code = codes[0] },
        ];
        foreach (var body in refused)
        {
            using var response = await session.SendAsync(HttpMethod.Delete, "/v1/auth/totp", body);
            await response.ShouldBeProblemAsync(400, ErrorCodes.ValidationError);
        }

        using (var still = await LoginAsync(person))
        {
            await still.ShouldBeProblemAsync(401, ErrorCodes.SecondFactorRequired);
        }

        using (var enrolled = await session.PostJsonAsync("/v1/auth/totp/enroll", new { current_password = person.Password }))
        {
            await enrolled.ShouldBeProblemAsync(409, ErrorCodes.Conflict);
        }

        using var gone = await session.SendAsync(
            HttpMethod.Delete, "/v1/auth/totp", new { current_password = person.Password, recovery_code = codes[0] });
        await gone.ShouldBeAsync(204);
        await Server.LoginAsync(person.Email, person.Password);
    }

    [Fact]
    public async Task An_administrator_takes_it_away_from_others_and_their_sessions_end()
    {
        var (person, _, cookie, codes) = await WithSecondFactorAsync("super_admin");
        using (var own = await Server.ClientWithSession(cookie).DeletePathAsync($"/v1/users/{person.Account.Id}/totp"))
        {
            await own.ShouldBeProblemAsync(409, ErrorCodes.Conflict);
        }

        using (var gone = await Server.AdminClient.DeletePathAsync($"/v1/users/{person.Account.Id}/totp"))
        {
            await gone.ShouldBeAsync(204);
        }

        await ShouldBeEndedAsync(cookie);
        await Server.LoginAsync(person.Email, person.Password);
        using var unused = await LoginAsync(person, recoveryCode: codes[0]);
        await unused.ShouldBeAsync(200);
    }

    [Fact]
    public async Task A_reset_link_does_not_get_around_it()
    {
        var (person, app, _, _) = await WithSecondFactorAsync();
        var (_, token) = await InvitingPeopleTests.LinkAsync(Server, person.Account.Id);
        using var accepted = await InvitingPeopleTests.AcceptAsync(Server, token, "a reset long password");
        Assert.True((await accepted.ReadAsync<AcceptedInvitationResponse>(200)).SecondFactor);

        using var without = await LoginAsync(person with { Password = "a reset long password" });
        await without.ShouldBeProblemAsync(401, ErrorCodes.SecondFactorRequired);
        _clock.Advance(Step);
        using var with = await LoginAsync(person with { Password = "a reset long password" }, code: app.CodeAt(Server.Now));
        await with.ShouldBeAsync(200);
    }

    [Fact]
    public async Task Without_its_key_the_server_does_not_start_and_with_another_recovery_codes_still_work()
    {
        var (person, app, _, codes) = await WithSecondFactorAsync();
        var key = Path.Combine(Server.Folder, "instance.key");
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(key));
        await Server.RestartAsync(async () =>
        {
            File.Delete(key);
            var options = ServerOptions.Read([$"--Storage:Folder={Server.Folder}", "--Urls=http://127.0.0.1:0"], new Dictionary<string, string>());
            var refused = await Assert.ThrowsAsync<ConfigurationException>(
                () => TollgateHost.StartAsync(options, _clock, _ => Task.CompletedTask, TestContext.Current.CancellationToken));
            Assert.Contains("instance.key", refused.Message, StringComparison.Ordinal);
            await File.WriteAllBytesAsync(key, new byte[32], TestContext.Current.CancellationToken);
        });

        _clock.Advance(Step);
        using (var unreadable = await LoginAsync(person, code: app.CodeAt(Server.Now)))
        {
            await unreadable.ShouldBeProblemAsync(503, ErrorCodes.ServiceUnavailable);
        }

        using var recovered = await LoginAsync(person, recoveryCode: codes[0]);
        await recovered.ShouldBeAsync(200);
    }

    [Fact]
    public async Task New_recovery_codes_that_got_lost_on_the_way_are_answered_again()
    {
        var (person, _, cookie, codes) = await WithSecondFactorAsync();
        using var session = Server.ClientWithSession(cookie);
        session.DefaultRequestHeaders.Add("Idempotency-Key", "renew");
        var request = new { current_password = person.Password, recovery_code = codes[0] };
        using var first = await session.PostJsonAsync("/v1/auth/totp/recovery-codes", request);
        using var second = await session.PostJsonAsync("/v1/auth/totp/recovery-codes", request);
        Assert.Equal(
            (await first.ReadAsync<RecoveryCodesResponse>(200)).RecoveryCodes, (await second.ReadAsync<RecoveryCodesResponse>(200)).RecoveryCodes);
        Assert.True(second.Headers.Contains("Idempotency-Replayed"));
    }

    private async Task<(Person Person, Authenticator App, string Cookie, IReadOnlyList<string> RecoveryCodes)> WithSecondFactorAsync(
        string role = "all_reader")
    {
        var person = await Server.CreatePersonAsync(role);
        using var session = Server.ClientWithSession(await Server.LoginAsync(person.Email, person.Password));
        var app = await Authenticator.EnrollAsync(session, person.Password);
        var (cookie, codes) = await app.ConfirmAsync(session, Server.Now);
        return (person, app, cookie, codes);
    }

    private Task<HttpResponseMessage> LoginAsync(Person person, string? code = null, string? recoveryCode = null) =>
        Server.AnonymousClient.PostJsonAsync(
            "/v1/auth/login", new { email = person.Email, password = person.Password, code, recovery_code = recoveryCode });

    private async Task ShouldBeEndedAsync(string cookie)
    {
        using var client = Server.ClientWithSession(cookie);
        using var response = await client.GetPathAsync("/v1/users/me");
        await response.ShouldBeProblemAsync(401, ErrorCodes.Unauthenticated);
    }
}
