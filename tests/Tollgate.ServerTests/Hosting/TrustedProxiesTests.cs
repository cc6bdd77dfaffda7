using Tollgate.Contracts;
using Xunit;

namespace Tollgate.ServerTests.Hosting;

/// <summary>Where a request comes from: what a trusted proxy says, and else the socket.</summary>
public sealed class TrustedProxiesTests
{
    [Theory]
    [InlineData(null, "198.51.100.7", "127.0.0.1")]
    [InlineData("10.0.0.0/8", "198.51.100.7", "127.0.0.1")]
    [InlineData("127.0.0.1", "198.51.100.7", "198.51.100.7")]
    [InlineData("127.0.0.0/8;10.0.0.0/8", "198.51.100.7, 10.1.2.3", "198.51.100.7")]
    [InlineData("127.0.0.1", "203.0.113.9, 198.51.100.7", "198.51.100.7")]
    public async Task The_last_address_that_is_no_trusted_proxys_counts(string? proxies, string forwardedFor, string expected)
    {
        await using var server = await TollgateServer.StartAsync(null, proxies is null ? [] : [$"Hosting:TrustedProxies={proxies}"]);
        using var created = await server.AdminClient.PostJsonAsync("/v1/secrets/api/keys", new
        {
            name = "n",
            type = "private_key",
            constraints = new { allowed_cidrs = new[] { expected } },
        });
        var key = await created.ReadAsync<CreatedApiKeyResponse>(201);
        using var client = server.ClientWith(key.ApiKey);
        client.DefaultRequestHeaders.Add("X-Forwarded-For", forwardedFor);
        using var answer = await client.GetPathAsync("/v1/users/me");
        await answer.ShouldBeAsync(200);
        using var shown = await server.AdminClient.GetPathAsync($"/v1/secrets/api/keys/{key.Id}");
        Assert.Equal(expected, (await shown.ReadAsync<SecretResponse>(200)).LastUsedIp);
    }
}
