using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Tollgate.Contracts;
using Xunit;

namespace Tollgate.ServerTests.ApiKeys;

/// <summary>Keys that turn up where they should not: whose they are, and what follows.</summary>
public sealed class LeakedKeyTests : IAsyncLifetime
{
    private const string Reports = "/v1/secrets/leaks/github";

    private readonly ECDsa _github = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly string _keysFile = Path.Combine(Path.GetTempPath(), $"tollgate-github-{Convert.ToHexString(RandomNumberGenerator.GetBytes(8))}.json");
    private TollgateServer _server = null!;

    public async ValueTask InitializeAsync()
    {
        await WriteKeysAsync("first");
        _server = await TollgateServer.StartAsync(null, $"Leaks:GitHubKeysFile={_keysFile}");
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _github.Dispose();
        File.Delete(_keysFile);
    }

    [Fact]
    public async Task A_whole_key_and_a_piece_of_one_are_recognised_and_a_near_miss_is_not()
    {
        var key = await _server.CreateKeyAsync(await _server.CreateServiceAccountAsync("event_ingestor"));
        var token = key.ApiKey;
        foreach (var right in new object[]
        {
            new { token },
            new { fragment = token[..13] },
            new { fragment = token[..30] },
            new { fragment = token[5..13] },
            new { fragment = token[^8..] },
            new { fragment = token[^20..] },
        })
        {
            Assert.Equal(key.Id, Assert.Single((await IdentifyAsync(right)).Keys).Id);
        }

        var other = token[^1] == 'a' ? 'b' : 'a';
        var (nearToken, nearTail, nearHead) = (token[..^1] + other, token[^8..^1] + other, token[..12] + (token[12] == 'a' ? 'b' : 'a'));
        var misses = new List<string>();
        foreach (var wrong in new object[] { new { token = nearToken }, new { fragment = nearTail }, new { fragment = nearHead }, new { fragment = "00000000" } })
        {
            misses.Add(JsonSerializer.Serialize(await IdentifyAsync(wrong)));
        }

        Assert.Single(misses.Distinct());
        using var shorter = await _server.AdminClient.PostJsonAsync("/v1/secrets/identify", new { fragment = token[^7..] });
        await shorter.ShouldBeProblemAsync(400, ErrorCodes.ValidationError);
        using var neither = await _server.AdminClient.PostJsonAsync("/v1/secrets/identify", new { });
        await neither.ShouldBeProblemAsync(400, ErrorCodes.ValidationError);
    }

    [Fact]
    public async Task Another_tenants_key_is_not_recognised()
    {
        var other = await _server.SecondTenantAsync();
        Assert.False((await IdentifyAsync(new { token = other.ApiKey })).Found);
        Assert.False((await IdentifyAsync(new { fragment = other.ApiKey[^8..] })).Found);
    }

    [Theory]
    [InlineData("notify", 200)]
    [InlineData("revoke", 401)]
    public async Task A_signed_report_does_what_the_tenants_policy_says(string policy, int statusAfter)
    {
        using (var set = await _server.AdminClient.PutJsonAsync("/v1/settings/api-keys", new { max_lifetime_days = (int?)null, leaked_key_policy = policy }))
        {
            await set.ShouldBeAsync(200);
        }

        var key = await _server.CreateKeyAsync(await _server.CreateServiceAccountAsync("event_ingestor"));
        var body = Report(key.ApiKey, "not-one-of-ours");
        for (var repeated = 0; repeated < 2; repeated++)
        {
            using var response = await SendAsync(body, "first");
            var answer = await response.JsonAsync(200);
            Assert.Equal("true_positive", answer[0].GetProperty("label").GetString());
            Assert.Equal(Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(key.ApiKey))), answer[0].GetProperty("token_hash").GetString());
            Assert.Equal("false_positive", answer[1].GetProperty("label").GetString());
        }

        using var client = _server.ClientWith(key.ApiKey);
        using var after = await client.GetPathAsync("/v1/users/me");
        await after.ShouldBeAsync(statusAfter);
        using var shown = await _server.AdminClient.GetPathAsync($"/v1/secrets/api/keys/{key.Id}");
        Assert.NotNull((await shown.ReadAsync<SecretResponse>(200)).LeakedAt);
        using var list = await _server.AdminClient.GetPathAsync("/v1/secrets/api/keys?attention=true");
        var listed = (await list.ReadAsync<ListResponse<SecretResponse>>(200)).Items.SingleOrDefault(item => item.Id == key.Id);
        Assert.Equal(policy == "notify", listed?.Attention?.Contains("leaked") == true);
    }

    [Fact]
    public async Task What_is_not_signed_as_it_came_is_refused()
    {
        var key = await _server.CreateKeyAsync(await _server.CreateServiceAccountAsync("event_ingestor"));
        var body = Report(key.ApiKey);
        var signature = Sign(body);
        var reserialised = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(body).Replace(",", ", ", StringComparison.Ordinal));
        foreach (var (sent, name, signed) in new[]
        {
            (body, "first", Sign(Report("other"))),
            (reserialised, "first", signature),
            (body, "unknown", signature),
            (body, "", signature),
            (body, "first", ""),
            (body, "first", "not base 64"),
        })
        {
            using var response = await SendAsync(sent, name, signed);
            await response.ShouldBeProblemAsync(401, ErrorCodes.Unauthenticated);
        }

        using var shown = await _server.AdminClient.GetPathAsync($"/v1/secrets/api/keys/{key.Id}");
        Assert.Null((await shown.ReadAsync<SecretResponse>(200)).LeakedAt);
    }

    [Fact]
    public async Task Too_many_tokens_at_once_are_refused()
    {
        using var response = await SendAsync(Report([.. Enumerable.Range(0, 10_000).Select(number => $"t{number}")]), "first");
        await response.ShouldBeProblemAsync(413, ErrorCodes.PayloadTooLarge);
    }

    [Fact]
    public async Task Keys_that_GitHub_adds_are_read_when_they_are_first_used()
    {
        using (var early = await SendAsync(Report("t"), "second"))
        {
            await early.ShouldBeAsync(401);
        }

        await WriteKeysAsync("first", "second");
        File.SetLastWriteTimeUtc(_keysFile, _server.Now.UtcDateTime.AddMinutes(1));
        using var late = await SendAsync(Report("t"), "second");
        await late.ShouldBeAsync(200);
    }

    [Fact]
    public async Task Without_a_configured_file_there_is_no_such_route()
    {
        await using var plain = await TollgateServer.StartAsync();
        using var response = await plain.AnonymousClient.PostJsonAsync(Reports, Array.Empty<object>());
        await response.ShouldBeProblemAsync(404, ErrorCodes.NotFound);
    }

    [Fact]
    public async Task A_honeytoken_works_for_nothing_and_is_told_from_no_other_dead_key()
    {
        using var created = await _server.AdminClient.PostJsonAsync(
            "/v1/secrets/api/keys", new { name = "trap", type = "private_key", honeytoken = true });
        var trap = await created.ReadAsync<CreatedApiKeyResponse>(201);
        Assert.Equal("honeytoken", trap.State);
        Assert.Empty(trap.Permissions);
        using var client = _server.ClientWith(trap.ApiKey);
        using var stranger = _server.ClientWith(Server.Access.SecretText.NewKey());
        using var tried = await client.GetPathAsync("/v1/users/me");
        using var unknown = await stranger.GetPathAsync("/v1/users/me");
        var (first, second) = (await tried.ShouldBeProblemAsync(401, ErrorCodes.Unauthenticated), await unknown.ShouldBeProblemAsync(401, ErrorCodes.Unauthenticated));
        Assert.Equal(
            first.ToString().Replace(first.GetProperty("request_id").GetString()!, "", StringComparison.Ordinal),
            second.ToString().Replace(second.GetProperty("request_id").GetString()!, "", StringComparison.Ordinal));

        // Only the audit log says what it was, and aloud.
        using var alarms = await _server.AdminClient.GetPathAsync($"/v1/audit/logs?severity=alert&target_id={trap.Id}");
        var alarm = Assert.Single((await alarms.ReadAsync<ListResponse<AuditLogResponse>>(200)).Items);
        Assert.Equal(("api_key.trapped", "127.0.0.1"), (alarm.Action, alarm.Address));
        using var proof = await _server.AdminClient.GetPathAsync($"/v1/secrets/api/keys/{trap.Id}/revocation");
        Assert.Equal(1, (await proof.ReadAsync<KeyRevocationResponse>(200)).AttemptsSince);
    }

    [Fact]
    public async Task A_honeytoken_is_noticed_wherever_it_is_tried()
    {
        using var created = await _server.AdminClient.PostJsonAsync(
            "/v1/secrets/api/keys", new { name = "trap", type = "private_key", honeytoken = true });
        var trap = await created.ReadAsync<CreatedApiKeyResponse>(201);
        foreach (var (path, header, value) in new (string, string, string)[]
        {
            ("/no/such/route", "x-api-key", trap.ApiKey),
            ("/v1/users/me", "Authorization", $"token {trap.ApiKey}"),
            ("/v1/users/me", "Authorization", $"Bearer {trap.ApiKey}"),
            ("/health", "x-api-key", trap.ApiKey),
            ($"/v1/users/me?key={trap.ApiKey}", "X-Other", "x"),
        })
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(path, UriKind.Relative));
            request.Headers.TryAddWithoutValidation(header, value);
            using var answer = await _server.AnonymousClient.SendAsync(request, TestContext.Current.CancellationToken);
            Assert.DoesNotContain("honey", await answer.TextAsync(), StringComparison.OrdinalIgnoreCase);
        }

        using var alarms = await _server.AdminClient.GetPathAsync($"/v1/audit/logs?severity=alert&target_id={trap.Id}");
        Assert.Equal(5, (await alarms.ReadAsync<ListResponse<AuditLogResponse>>(200)).Pagination.Total);
    }

    private async Task<IdentifyKeyResponse> IdentifyAsync(object request)
    {
        using var response = await _server.AdminClient.PostJsonAsync("/v1/secrets/identify", request);
        return await response.ReadAsync<IdentifyKeyResponse>(200);
    }

    private static byte[] Report(params string[] tokens) => JsonSerializer.SerializeToUtf8Bytes(tokens.Select(token => new
    {
        token,
        type = "tollgate_api_key",
        url = "https://github.example/a/b/blob/c/d.txt",
        source = "content",
    }));

    private string Sign(byte[] body) =>
        Convert.ToBase64String(_github.SignData(body, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence));

    private async Task<HttpResponseMessage> SendAsync(byte[] body, string keyName, string? signature = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(Reports, UriKind.Relative)) { Content = new ByteArrayContent(body) };
        request.Content.Headers.TryAddWithoutValidation("Content-Type", "application/json");
        request.Headers.TryAddWithoutValidation("Github-Public-Key-Identifier", keyName);
        request.Headers.TryAddWithoutValidation("Github-Public-Key-Signature", signature ?? Sign(body));
        return await _server.AnonymousClient.SendAsync(request, TestContext.Current.CancellationToken);
    }

    private async Task WriteKeysAsync(params string[] names)
    {
        var keys = names.Select(name => new { key_identifier = name, key = _github.ExportSubjectPublicKeyInfoPem(), is_current = true });
        await File.WriteAllTextAsync(_keysFile, JsonSerializer.Serialize(new { public_keys = keys }), TestContext.Current.CancellationToken);
    }
}
