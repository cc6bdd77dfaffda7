using Tollgate.Contracts;
using Xunit;

namespace Tollgate.ServerTests.Access;

/// <summary>A request has one credential, in its place, or none.</summary>
public sealed class CredentialTests(TollgateServer server) : IClassFixture<TollgateServer>
{
    private string Key => server.Secrets.ApiKey;

    [Fact]
    public async Task One_key_is_taken_from_either_header_and_the_same_from_both()
    {
        Assert.Equal(200, await StatusAsync("/v1/users/me", ("x-api-key", Key)));
        Assert.Equal(200, await StatusAsync("/v1/users/me", ("Authorization", $"Bearer {Key}")));
        Assert.Equal(200, await StatusAsync("/v1/users/me", ("x-api-key", Key), ("Authorization", $"Bearer {Key}")));
    }

    [Fact]
    public async Task More_than_one_credential_is_none()
    {
        var other = (await server.CreateKeyAsync(await server.CreateServiceAccountAsync("event_reader"))).ApiKey;
        var cookie = await server.LoginAsync(server.Secrets.Email, server.Secrets.Password);

        Assert.Equal(401, await StatusAsync("/v1/users/me", ("x-api-key", Key), ("x-api-key", Key)));
        Assert.Equal(401, await StatusAsync("/v1/users/me", ("Authorization", $"Bearer {Key}"), ("Authorization", $"Bearer {Key}")));
        Assert.Equal(401, await StatusAsync("/v1/users/me", ("x-api-key", Key), ("Authorization", $"Bearer {other}")));
        Assert.Equal(401, await StatusAsync("/v1/users/me", ("x-api-key", Key), ("Cookie", $"__Host-sid={cookie}"), ("Sec-Fetch-Site", "same-origin")));
    }

    [Fact]
    public async Task A_key_in_an_address_is_given_away_and_lets_nobody_in()
    {
        Assert.Equal(401, await StatusAsync($"/v1/events?api_key={Key}", ("x-api-key", Key)));
        Assert.Equal(401, await StatusAsync($"/v1/events?api_key={Key.Replace("_", "%5F", StringComparison.Ordinal)}", ("x-api-key", Key)));
        Assert.Equal(401, await StatusAsync($"/v1/customers/{Key}", ("x-api-key", Key)));
    }

    [Fact]
    public async Task Two_environments_are_refused_even_if_they_are_one()
    {
        using var client = server.ClientWith(Key);
        using var read = await client.GetPathAsync("/v1/environments");
        var environment = (await read.ReadAsync<EnvironmentsResponse>(200)).Environments[0].Id;

        Assert.Equal(200, await StatusAsync("/v1/users/me", ("x-api-key", Key), ("X-Environment-ID", environment)));
        Assert.Equal(400, await StatusAsync("/v1/users/me", ("x-api-key", Key), ("X-Environment-ID", environment), ("X-Environment-ID", environment)));
    }

    [Fact]
    public async Task A_page_of_another_origin_logs_nobody_in_and_uses_up_no_link()
    {
        foreach (var (header, value) in new[] { ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Site", "same-site"), ("Origin", "https://evil.example") })
        {
            using var page = server.ClientWith("none");
            page.DefaultRequestHeaders.Clear();
            page.DefaultRequestHeaders.Add(header, value);
            using var login = await page.PostJsonAsync("/v1/auth/login", new { email = server.Secrets.Email, password = server.Secrets.Password });
            await login.ShouldBeProblemAsync(403, ErrorCodes.CrossOrigin);
            using var link = await page.PostJsonAsync("/v1/auth/invitations/accept", new { token = new string('a', 43), password = "a password of my own" });
            await link.ShouldBeProblemAsync(403, ErrorCodes.CrossOrigin);
        }
    }

    [Fact]
    public async Task A_key_is_no_session_and_names_its_account_only_with_the_permission()
    {
        Assert.Equal(401, await StatusAsync("/v1/auth/sessions", ("x-api-key", Key)));
        Assert.Equal(401, await StatusAsync("/v1/auth/totp", ("x-api-key", Key)));

        using var reader = await server.ClientOfNewAccountAsync("event_reader");
        using var renamed = await reader.PutJsonAsync("/v1/users/me", new { name = "Renamed" });
        await renamed.ShouldBeProblemAsync(403, ErrorCodes.PermissionDenied);
    }

    // As bytes, because a client joins two headers of one name into one.
    private async Task<int> StatusAsync(string path, params (string Name, string Value)[] headers)
    {
        var lines = string.Concat(headers.Select(header => $"{header.Name}: {header.Value}\r\n"));
        var answer = await server.RawAsync($"GET {path} HTTP/1.1\r\nHost: {new Uri(server.Url).Authority}\r\n{lines}\r\n");
        return answer.Status;
    }
}
