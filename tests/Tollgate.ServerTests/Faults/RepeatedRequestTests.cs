using System.Globalization;
using System.Text;
using Tollgate.Contracts;
using Tollgate.ServerTests.Access;
using Xunit;

namespace Tollgate.ServerTests.Faults;

/// <summary>A client that repeats a request with its Idempotency-Key until it is answered has done it once, whatever happens to the server.</summary>
[Collection("Alone")]
public sealed class RepeatedRequestTests : IDisposable
{
    private const int Rounds = 15;

    private readonly string _folder = Directory.CreateTempSubdirectory("tollgate-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Kills_at_random_moments_make_nothing_twice()
    {
        var random = new Random(10);
        var server = await ServerProcess.StartAsync(_folder);
        var key = server.ApiKey;
        var names = new List<string>();
        var replayed = 0;
        for (var round = 0; round < Rounds; round++)
        {
            names.Add(string.Create(CultureInfo.InvariantCulture, $"Round {round}"));
            var sending = TryCreateAsync(server.Url, key, names[^1]);
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(0, 60)), TestContext.Current.CancellationToken);
            await server.KillAsync();
            var before = await sending;
            await server.DisposeAsync();

            server = await ServerProcess.StartAsync(_folder);
            var (status, text, again) = await TryCreateAsync(server.Url, key, names[^1]);
            Assert.Equal(201, status);
            Assert.True(before.Status is 0 or 201);
            // What was answered before the kill is durable, and the repeated request gets the very same answer.
            Assert.True(before.Status == 0 || (again && before.Text == text));
            replayed += again ? 1 : 0;
        }

        Assert.True(replayed > 0, "No kill came after the commit.");
        using var client = NewClient(server.Url, key);
        foreach (var name in names)
        {
            Assert.Single(await client.NamedAsync(name));
        }

        using var verified = await client.PostJsonAsync("/v1/audit/verify", null);
        var log = await verified.ReadAsync<VerifyAuditLogResponse>(200);
        Assert.True(log.Valid, log.Problem?.Message);
        await server.DisposeAsync();
    }

    private static HttpClient NewClient(string url, string key)
    {
        var client = new HttpClient { BaseAddress = new Uri(url) };
        client.DefaultRequestHeaders.Add("x-api-key", key);
        return client;
    }

    private static async Task<(int Status, string Text, bool Replayed)> TryCreateAsync(string url, string key, string name)
    {
        using var client = NewClient(url, key);
        client.DefaultRequestHeaders.Add("Idempotency-Key", name);
        using var content = new StringContent($$"""{"type":"service_account","name":"{{name}}","roles":["event_reader"]}""", Encoding.UTF8, "application/json");
        try
        {
            using var response = await client.PostAsync(new Uri("/v1/users", UriKind.Relative), content, TestContext.Current.CancellationToken);
            return ((int)response.StatusCode, await response.TextAsync(), response.Headers.Contains("Idempotency-Replayed"));
        }
        catch (HttpRequestException)
        {
            return (0, "", false);
        }
    }
}
