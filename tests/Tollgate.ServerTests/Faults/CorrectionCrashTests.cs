using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Tollgate.Contracts;
using Tollgate.ServerTests.Corrections;
using Tollgate.ServerTests.Events;
using Xunit;

namespace Tollgate.ServerTests.Faults;

/// <summary>
/// A kill while events are taken out of sums or removed: afterwards each correction is in force or was never made, nothing in between, and
/// the sums say which.
/// </summary>
[Collection("Alone")]
public sealed class CorrectionCrashTests(ITestOutputHelper output) : IDisposable
{
    private const string EventName = "corrected";
    private const int EventsEach = 40;
    private const int EventsBeside = 5;

    private static readonly int Rounds = int.Parse(
        Environment.GetEnvironmentVariable("TOLLGATE_TEST_CORRECTION_KILLS") ?? "16", CultureInfo.InvariantCulture);

    private readonly string _folder = Directory.CreateTempSubdirectory("tollgate-test-").FullName;
    private readonly Random _random = new(31);
    private string _key = "";

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Kills_while_events_are_corrected_leave_each_correction_whole_or_undone()
    {
        var server = await ServerProcess.StartAsync(_folder, "Storage:SegmentBytes=65536");
        _key = server.ApiKey;
        var (counted, made) = (0L, 0);
        for (var round = 0; round < Rounds; round++)
        {
            var customer = $"customer-{round}";
            var (keyId, events) = await SendAsync(server.Url, round, customer);
            counted += events;
            var before = counted;
            var correction = CorrectUntilGoneAsync(server.Url, round, customer, keyId);
            await Task.Delay(TimeSpan.FromMilliseconds(_random.Next(1, 120)), TestContext.Current.CancellationToken);
            await server.KillAsync();
            await correction;
            await server.DisposeAsync();

            server = await ServerProcess.StartAsync(_folder, "Storage:SegmentBytes=65536");
            using var client = ClientOf(server.Url);
            var isMade = await IsMadeAsync(client, round, customer, keyId);
            made += isMade ? 1 : 0;
            // Sums that are kept count on; events in quarantine, and sums that go, do not.
            counted -= isMade && round % 4 is (1 or 2) ? EventsEach : 0;
            Assert.True(counted == await CountAsync(client), $"round {round}: made {isMade}, {before} before, {await CountAsync(client)} now");
            Assert.Equal(isMade ? 0 : EventsEach, await PageAsync(client, customer));
        }

        server.Terminate();
        await server.WaitForExitAsync();
        await server.DisposeAsync();
        foreach (var file in Directory.GetFiles(_folder, "events.duckdb*"))
        {
            File.Delete(file);
        }

        await using var rebuilt = await ServerProcess.StartAsync(_folder, "Storage:SegmentBytes=65536");
        using (var client = ClientOf(rebuilt.Url))
        {
            Assert.Equal(counted, await CountAsync(client));
        }

        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Rounds} kills, {made} corrections made, the others undone; the same sums after a rebuild"));
    }

    /// <summary>Some events of one customer by a key of their own, and some beside them that stay.</summary>
    private async Task<(string KeyId, int Events)> SendAsync(string url, int round, string customer)
    {
        using var admin = ClientOf(url);
        using var account = await admin.PostJsonAsync(
            "/v1/users", new { type = AccountTypes.ServiceAccount, name = customer, roles = new[] { BuiltInRoles.EventIngestor } });
        using var made = await admin.PostJsonAsync("/v1/secrets/api/keys", new
        {
            name = customer,
            type = "private_key",
            service_account_id = (await account.ReadAsync<CreatedUserResponse>(201)).Id,
        });
        var key = await made.ReadAsync<CreatedApiKeyResponse>(201);
        using var sender = new HttpClient { BaseAddress = new Uri(url) };
        sender.DefaultRequestHeaders.Add("x-api-key", key.ApiKey);
        await sender.IngestManyAsync(Enumerable.Range(0, EventsEach).Select(_ => Event(customer, round % 4 == 3 ? AgeOf(round) : 0)));
        await admin.IngestManyAsync(Enumerable.Range(0, EventsBeside).Select(_ => Event("somebody else", 0)));
        return (key.Id, EventsEach + EventsBeside);
    }

    private static object Event(string customer, int daysAgo) =>
        new { event_name = EventName, external_customer_id = customer, timestamp = TimeProvider.System.GetUtcNow().AddDays(-daysAgo) };

    /// <summary>How many days old the events are that a round's retention takes; those of each round are younger than those before.</summary>
    private static int AgeOf(int round) => 3000 - (20 * round);

    private async Task CorrectUntilGoneAsync(string url, int round, string customer, string keyId)
    {
        try
        {
            using var client = ClientOf(url);
            using var response = (round % 4) switch
            {
                0 => await client.PostJsonAsync("/v1/events/erase", new { external_customer_id = customer, sums = "keep", reason = "A test." }),
                1 => await client.PostJsonAsync("/v1/events/erase", new { external_customer_id = customer, sums = "remove", reason = "A test." }),
                2 => await client.PostJsonAsync("/v1/events/quarantine", new { api_key_id = keyId, reason = "A test." }),
                _ => await client.PutJsonAsync(await RetentionOfAsync(client), new { days = AgeOf(round) - 10 }),
            };
        }
        catch (Exception exception) when (exception is HttpRequestException or IOException)
        {
            // The server is gone.
        }
    }

    private static async Task<bool> IsMadeAsync(HttpClient client, int round, string customer, string keyId)
    {
        if (round % 4 == 3)
        {
            using var retention = await client.GetPathAsync(await RetentionOfAsync(client));
            var isSet = (await retention.ReadAsync<RetentionResponse>(200)).Days == AgeOf(round) - 10;
            // The server removes what is too old when it starts, whoever asked before.
            for (var look = 0; isSet && look < 3000 && await PageAsync(client, customer) > 0; look++)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), TestContext.Current.CancellationToken);
            }

            return isSet;
        }

        if (round % 4 == 2)
        {
            using var list = await client.GetPathAsync("/v1/events/quarantine?limit=1000");
            return (await list.ReadAsync<ListResponse<QuarantineResponse>>(200)).Items.Any(each => each.ApiKeyId == keyId);
        }

        var digest = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(customer)));
        using var removals = await client.GetPathAsync("/v1/events/removals?limit=1000");
        var found = (await removals.ReadAsync<ListResponse<RemovalResponse>>(200)).Items.FirstOrDefault(each => each.CustomerDigest == digest);
        if (found is not null)
        {
            await Removals.CompletedAsync(client, found.Id!);
        }

        return found is not null;
    }

    private static async Task<long> CountAsync(HttpClient client)
    {
        var now = TimeProvider.System.GetUtcNow();
        var usage = await client.UsageAsync(
            new { event_name = EventName, aggregation_type = "COUNT", start_time = now.AddDays(-3500), end_time = now.AddMinutes(1) });
        return usage.GetProperty("value").GetInt64();
    }

    private static async Task<int> PageAsync(HttpClient client, string customer) => (await client.QueryAsync(
        new { event_name = EventName, external_customer_id = customer, page_size = 500, start_time = TimeProvider.System.GetUtcNow().AddDays(-3500) })).Ids().Length;

    private static async Task<string> RetentionOfAsync(HttpClient client)
    {
        using var all = await client.GetPathAsync("/v1/environments");
        // The first key is bound to it.
        return $"/v1/environments/{(await all.ReadAsync<EnvironmentsResponse>(200)).Environments.Single(each => each.Name == "Sandbox").Id}/retention";
    }

    private HttpClient ClientOf(string url)
    {
        var client = new HttpClient { BaseAddress = new Uri(url) };
        client.DefaultRequestHeaders.Add("x-api-key", _key);
        return client;
    }
}
