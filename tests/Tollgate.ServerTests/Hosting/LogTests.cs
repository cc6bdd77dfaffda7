using System.Text;
using System.Text.RegularExpressions;
using Tollgate.Contracts;
using Xunit;

namespace Tollgate.ServerTests.Hosting;

/// <summary>At the most talkative level the log holds no secret, and nothing that a request says breaks a line of it.</summary>
public sealed partial class LogTests : IDisposable
{
    private const string Password = "correct horse battery staple";
    private const string WrongPassword = "wrong horse battery staple";

    private static readonly string[] Roles = ["event_ingestor"];

    private readonly string _folder = Directory.CreateTempSubdirectory("tollgate-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task The_log_holds_no_secret_that_was_used()
    {
        var file = Path.Combine(_folder, "bootstrap.json");
        await using var server = await ServerProcess.StartAsync(
            Path.Combine(_folder, "data"), "Logging:Level=Trace", $"Bootstrap:AdminPassword={Password}", $"Bootstrap:File={file}");
        var key = FirstKey().Match(await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken)).Value;
        var secrets = new List<string> { Password, WrongPassword, key };
        using var client = new HttpClient { BaseAddress = new Uri(server.Url) };
        client.DefaultRequestHeaders.Add("x-api-key", key);

        using (var account = await client.PostJsonAsync("/v1/users", new { type = "service_account", roles = Roles }))
        using (var made = await client.PostJsonAsync("/v1/secrets/api/keys", new
        {
            name = "key",
            type = "private_key",
            service_account_id = (await account.JsonAsync(201)).GetProperty("id").GetString(),
        }))
        {
            secrets.Add((await made.ReadAsync<CreatedApiKeyResponse>(201)).ApiKey);
        }

        using (var login = await client.PostJsonAsync("/v1/auth/login", new { email = "admin@tollgate.local", password = Password }))
        {
            await login.ShouldBeAsync(200);
            secrets.Add(Cookie().Match(login.Headers.GetValues("Set-Cookie").Single(text => text.StartsWith("__Host-sid=", StringComparison.Ordinal))).Groups[1].Value);
        }

        using (var wrong = await client.PostJsonAsync("/v1/auth/login", new { email = "admin@tollgate.local", password = WrongPassword }))
        {
            await wrong.ShouldBeAsync(401);
        }

        using (var person = await client.PostJsonAsync("/v1/users", new { type = "user", email = "ada@example.com" }))
        {
            var created = await person.ReadAsync<CreatedUserResponse>(201);
            secrets.Add(created.Password ?? "");
            secrets.Add(created.InviteUrl?.Split('=')[^1] ?? "");
        }

        using (var ingestor = new HttpClient { BaseAddress = new Uri(server.Url) })
        {
            ingestor.DefaultRequestHeaders.Add("x-api-key", secrets[3]);
            using var refused = await ingestor.GetPathAsync($"/v1/events?page_size=1&note={secrets[3]}");
            await refused.ShouldBeAsync(401);
            using var denied = await ingestor.GetPathAsync("/v1/customers");
            await denied.ShouldBeAsync(403);
        }

        using (var broken = await client.SendAsync(HttpMethod.Post, "/v1/users", $$"""{"type":"{{key}}","{{Password}}":1"""))
        {
            await broken.ShouldBeAsync(400);
        }

        server.Terminate();
        await server.WaitForExitAsync();

        Assert.Equal(7, secrets.Count);
        var log = server.Output + server.Errors;
        Assert.Contains("customer", log, StringComparison.Ordinal);
        foreach (var secret in secrets)
        {
            Assert.True(secret.Length > 10);
            Assert.DoesNotContain(secret, log, StringComparison.Ordinal);
            Assert.DoesNotContain(Convert.ToBase64String(Encoding.UTF8.GetBytes(secret)), log, StringComparison.Ordinal);
            Assert.DoesNotContain(Uri.EscapeDataString(secret), log, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Nothing_that_a_request_says_breaks_a_line_of_the_log()
    {
        await using var server = await ServerProcess.StartAsync(Path.Combine(_folder, "data"), "Logging:Level=Trace");
        var host = new Uri(server.Url).Authority;
        foreach (var path in new[] { "/v1/users/%0d%0aforged", "/v1/users/%1b[31mred", "/v1/users/%e2%80%aeright-to-left", $"/v1/users/{new string('x', 4000)}" })
        {
            await RawHttp.SendAsync(
                server.Url,
                $"GET {path} HTTP/1.1\r\nHost: {host}\r\nx-api-key: {server.ApiKey}\r\nUser-Agent: \u001b[2Jcleared\r\nX-Request-ID: \u001b[31m\r\n\r\n");
        }

        server.Terminate();
        await server.WaitForExitAsync();

        var lines = server.Output.Split('\n').SkipWhile(line => !line.StartsWith("Tollgate listens", StringComparison.Ordinal)).Skip(1)
            .Concat(server.Errors.Split('\n')).Where(line => line.Length > 0);
        Assert.All(lines, line =>
        {
            Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z ", line);
            Assert.DoesNotContain(line, letter => char.IsControl(letter) || letter is '\u202e' or '\u2028' or '\u2029');
        });
    }

    [GeneratedRegex(@"tgsk_[0-9A-Za-z]{49}")]
    private static partial Regex FirstKey();

    [GeneratedRegex(@"^__Host-sid=([^;]+);")]
    private static partial Regex Cookie();
}
