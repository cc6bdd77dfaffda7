using System.Globalization;
using Tollgate.Contracts;
using Tollgate.Server.Hosting;
using Xunit;

namespace Tollgate.ServerTests.Sessions;

/// <summary>Guessing is slow, tells nothing, and keeps nobody out who is known.</summary>
public sealed class GuessingTests : IAsyncLifetime
{
    private TollgateServer? _server;

    private TollgateServer Server => _server ?? throw new InvalidOperationException("The server is not started.");

    public async ValueTask InitializeAsync() =>
        _server = await TollgateServer.StartAsync(new Microsoft.Extensions.Time.Testing.FakeTimeProvider(new DateTimeOffset(2026, 5, 1, 0, 0, 0, TimeSpan.Zero)));

    public ValueTask DisposeAsync() => Server.DisposeAsync();

    [Fact]
    public async Task However_a_name_is_typed_it_has_one_counter()
    {
        var person = await Server.CreatePersonAsync("all_reader");
        string[] typed = [person.Email.ToUpperInvariant(), $" {person.Email}", $"{person.Email}  ", person.Email.Replace('k', '\u212a'), person.Email];
        foreach (var name in typed)
        {
            using var wrong = await LoginAsync(name, "not the password");
            await wrong.ShouldBeProblemAsync(401, ErrorCodes.LoginFailed);
        }

        using var right = await LoginAsync(person.Email, person.Password);
        await right.ShouldBeProblemAsync(429, ErrorCodes.TooManyRequests);
    }

    [Fact]
    public async Task Names_that_exist_and_names_that_do_not_are_answered_alike_until_the_end()
    {
        var person = await Server.CreatePersonAsync("all_reader");
        Assert.Equal(await AnswersAsync("nobody.of.this.name@people.example"), await AnswersAsync(person.Email));

        async Task<List<string>> AnswersAsync(string name)
        {
            var answers = new List<string>();
            for (var time = 0; time < 8; time++)
            {
                using var response = await LoginAsync(name, "not the password");
                var body = System.Text.Json.Nodes.JsonNode.Parse(await response.TextAsync())?.AsObject() ?? [];
                body.Remove("request_id");
                answers.Add($"{(int)response.StatusCode} {string.Join(',', response.Headers.Select(header => header.Key).Order())} {body.ToJsonString()}");
            }

            Assert.StartsWith("401", answers[0], StringComparison.Ordinal);
            Assert.StartsWith("429", answers[^1], StringComparison.Ordinal);
            return answers;
        }
    }

    [Fact]
    public async Task Strangers_at_the_same_address_do_not_keep_a_person_out_of_their_own_browser()
    {
        var person = await Server.CreatePersonAsync("all_reader");
        string device;
        using (var login = await LoginAsync(person.Email, person.Password))
        {
            await login.ShouldBeAsync(200);
            device = TollgateServer.CookieOf(login, "__Host-device");
            var cookie = login.Headers.GetValues("Set-Cookie").Single(text => text.StartsWith("__Host-device", StringComparison.Ordinal));
            Assert.All(
                ["path=/", "secure", "samesite=strict", "httponly"],
                attribute => Assert.Contains(attribute, cookie.Split("; "), StringComparer.OrdinalIgnoreCase));
        }

        for (var time = 0; time < 7; time++)
        {
            using var stranger = await LoginAsync(person.Email, "not the password");
            Assert.Contains((int)stranger.StatusCode, new[] { 401, 429 });
        }

        using (var elsewhere = await LoginAsync(person.Email, person.Password))
        {
            await elsewhere.ShouldBeProblemAsync(429, ErrorCodes.TooManyRequests);
        }

        using (var planted = await LoginAsync(person.Email, person.Password, "a value that somebody chose"))
        {
            await planted.ShouldBeProblemAsync(429, ErrorCodes.TooManyRequests);
        }

        using (var owner = await LoginAsync(person.Email, person.Password, device))
        {
            await owner.ShouldBeAsync(200);
            Assert.Equal(device, TollgateServer.CookieOf(owner, "__Host-device"));
        }

        // The cookie opens nothing, and it is the person's: with it, another name still waits.
        using var client = Server.ClientWithSession("");
        client.DefaultRequestHeaders.Remove("Cookie");
        client.DefaultRequestHeaders.Add("Cookie", $"__Host-device={device}");
        using var me = await client.GetPathAsync("/v1/users/me");
        await me.ShouldBeProblemAsync(401, ErrorCodes.Unauthenticated);
    }

    [Fact]
    public async Task A_known_browser_is_known_after_a_restart_and_forgotten_after_half_a_year()
    {
        var person = await Server.CreatePersonAsync("all_reader");
        string device;
        using (var login = await LoginAsync(person.Email, person.Password))
        {
            device = TollgateServer.CookieOf(login, "__Host-device");
        }

        await Server.RestartAsync();
        await BlockAsync(person.Email);
        using (var owner = await LoginAsync(person.Email, person.Password, device))
        {
            await owner.ShouldBeAsync(200);
        }

        Server.Clock.Advance(Limits.KnownDevice);
        await BlockAsync(person.Email);
        using var late = await LoginAsync(person.Email, person.Password, device);
        await late.ShouldBeProblemAsync(429, ErrorCodes.TooManyRequests);
    }

    [Fact]
    public async Task A_flood_of_logins_is_refused_and_ingest_goes_on()
    {
        var statuses = new List<int>();
        var flood = Enumerable.Range(0, 200).Select(async number =>
        {
            using var response = await LoginAsync(string.Create(CultureInfo.InvariantCulture, $"{number}@flood.example"), "not the password");
            lock (statuses)
            {
                statuses.Add((int)response.StatusCode);
            }

            Assert.True((int)response.StatusCode != 429 || response.Headers.Contains("Retry-After"));
        }).ToList();
        using var client = await Server.ClientOfNewAccountAsync("event_ingestor");
        using var sent = await client.PostJsonAsync("/v1/events", new { event_name = "e", external_customer_id = "c", event_id = "flood" });
        await sent.ShouldBeAsync(202);
        await Task.WhenAll(flood);

        Assert.Equal([401, 429], statuses.Distinct().Order());
        Assert.True(statuses.Count(status => status == 401) <= Limits.FreeLoginFailuresOfAddress);
    }

    [Fact]
    public async Task Guesses_sent_at_once_learn_no_more_than_guesses_sent_one_by_one()
    {
        var person = await Server.CreatePersonAsync("all_reader");
        var answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => LoginAsync(person.Email, "not the password")));

        Assert.True(answers.Count(answer => (int)answer.StatusCode == 401) is > 0 and <= Limits.FreeLoginFailures);
        Assert.All(answers, answer => Assert.Contains((int)answer.StatusCode, new[] { 401, 429 }));
        Array.ForEach(answers, answer => answer.Dispose());
    }

    private async Task BlockAsync(string email)
    {
        for (var time = 0; time < 6; time++)
        {
            using var stranger = await LoginAsync(email, "not the password");
            Assert.Contains((int)stranger.StatusCode, new[] { 401, 429 });
        }
    }

    private async Task<HttpResponseMessage> LoginAsync(string email, string password, string? device = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri($"{Server.Url}/v1/auth/login"));
        request.Content = System.Net.Http.Json.JsonContent.Create(new { email, password });
        if (device is not null)
        {
            request.Headers.Add("Cookie", $"__Host-device={device}");
        }

        return await Server.AnonymousClient.SendAsync(request, TestContext.Current.CancellationToken);
    }
}
