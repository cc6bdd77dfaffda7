using System.Text.Json;
using Tollgate.Contracts;
using Tollgate.ServerTests.Events;
using Xunit;

namespace Tollgate.ServerTests.Corrections;

/// <summary>What a stolen key sent leaves every answer, is kept, and can be put back.</summary>
public sealed class QuarantineTests(TollgateServer server) : IClassFixture<TollgateServer>
{
    private readonly string _name = EventClients.Unique();

    private HttpClient Admin => server.AdminClient;

    [Fact]
    public async Task What_a_key_sent_leaves_every_answer_and_comes_back_when_it_is_released()
    {
        var (thief, keyId) = await NewSenderAsync();
        var (honest, _) = await NewSenderAsync();
        await honest.IngestManyAsync(Costs("h", 1, 2));
        await thief.IngestManyAsync(Costs("t", 10, 20, 30));
        Assert.Equal(("63", 5, 5), await SeenAsync());

        var made = await QuarantineAsync(new { api_key_id = keyId, reason = "The key was in a public repository." });

        Assert.Equal(3, made.Events);
        Assert.Equal(("3", 2, 2), await SeenAsync());
        var stolen = await LookupAsync("t0" + _name);
        Assert.Equal("quarantined", stolen.GetProperty("status").GetString());
        Assert.Equal(made.Id, stolen.GetProperty("quarantine_id").GetString());

        // Nobody can send it again under the same id, and what the key sends now counts: that is what revoking is for.
        Assert.Equal(["duplicate"], (await honest.IngestManyAsync(Costs("t", 10))).Statuses());
        await thief.IngestManyAsync(Costs("late", 5));
        Assert.Equal(("8", 3, 3), await SeenAsync());

        using (var released = await Admin.DeletePathAsync($"/v1/events/quarantine/{made.Id}"))
        {
            await released.ShouldBeAsync(204);
        }

        Assert.Equal(("68", 6, 6), await SeenAsync());
        Assert.Equal("processed", (await LookupAsync("t0" + _name)).GetProperty("status").GetString());
        Assert.Equal("released", (await GetAsync(made.Id!)).Status);
    }

    [Fact]
    public async Task A_preview_says_what_would_go_and_changes_nothing()
    {
        var (sender, keyId) = await NewSenderAsync();
        await sender.IngestManyAsync([.. Costs("a", 1, 2), .. CostsOf("other", "b", 3)]);

        using var asked = await Admin.PostJsonAsync("/v1/events/quarantine", new { api_key_id = keyId, dry_run = true });
        var preview = await asked.ReadAsync<QuarantineResponse>(200);

        Assert.Null(preview.Id);
        Assert.Equal("preview", preview.Status);
        Assert.Equal(3, preview.Events);
        Assert.Equal(
            [("customer", _name, 2L), ("other", _name, 1L)],
            preview.Effect!.EventsByCustomer.Select(each => (each.ExternalCustomerId, each.EventName, each.Events)));
        Assert.Equal(("6", 3, 3), await SeenAsync());
        using var list = await Admin.GetPathAsync("/v1/events/quarantine?limit=1000");
        Assert.DoesNotContain((await list.ReadAsync<ListResponse<QuarantineResponse>>(200)).Items, each => each.ApiKeyId == keyId);
    }

    [Fact]
    public async Task A_preview_says_what_every_meter_will_say_and_it_does()
    {
        var (thief, keyId) = await NewSenderAsync();
        var (honest, _) = await NewSenderAsync();
        await honest.IngestManyAsync(Costs("h", 1, 2));
        await thief.IngestManyAsync(Costs("t", 10, 20));
        var meters = new Dictionary<string, string>();
        foreach (var (type, field) in new[] { ("AVG", "cost"), ("COUNT", null), ("COUNT_UNIQUE", "cost"), ("LATEST", "cost"), ("MAX", "cost"), ("SUM", "cost"), ("WEIGHTED_SUM", "cost") })
        {
            using var made = await Admin.PostJsonAsync("/v1/meters", new { name = $"{_name} {type}", event_name = _name, aggregation = new { type, field } });
            meters[type] = (await made.ReadAsync<MeterResponse>(201)).Id;
        }

        using var asked = await Admin.PostJsonAsync("/v1/events/quarantine", new { api_key_id = keyId, dry_run = true });
        var effect = (await asked.ReadAsync<QuarantineResponse>(200)).Effect!;

        Assert.Equal(meters.Values, effect.Meters.Select(meter => meter.MeterId));
        Assert.False(effect.HasMoreMeters);
        await ShouldSayAsync(meter => meter.Before);
        Assert.Equal(("4", "2"), (effect.Meters[1].Before.ToString(), effect.Meters[1].After.ToString()));
        Assert.Equal(("33", "3"), (effect.Meters[5].Before.ToString(), effect.Meters[5].After.ToString()));
        await QuarantineAsync(new { api_key_id = keyId, reason = "It was stolen." });
        await ShouldSayAsync(meter => meter.After);
        var verdicts = (await LookupAsync("t0" + _name)).GetProperty("meters").EnumerateArray().ToList();
        Assert.Equal(meters.Count, verdicts.Count);
        Assert.All(verdicts, verdict => Assert.Equal("quarantined", verdict.GetProperty("reason").GetString()));

        async Task ShouldSayAsync(Func<QuarantinedMeterResponse, ExactNumber?> said)
        {
            var (first, last) = (effect.FirstTimestamp!.Value, effect.LastTimestamp!.Value);
            foreach (var meter in effect.Meters)
            {
                using var response = await Admin.PostJsonAsync("/v1/events/usage/meter", new
                {
                    meter_id = meter.MeterId,
                    start_time = first.AddTicks(-(first.UtcTicks % TimeSpan.TicksPerHour)),
                    end_time = last.AddTicks(TimeSpan.TicksPerHour - (last.UtcTicks % TimeSpan.TicksPerHour)),
                });
                Assert.Equal(said(meter), (await response.ReadAsync<MeterUsageResponse>(200)).Value);
            }
        }
    }

    [Fact]
    public async Task Only_what_was_received_in_the_stretch_of_time_goes_whatever_its_timestamp_says()
    {
        var (sender, keyId) = await NewSenderAsync();
        await sender.IngestManyAsync(Costs("before", 1));
        var start = server.Now;
        await Task.Delay(TimeSpan.FromMilliseconds(5), TestContext.Current.CancellationToken);
        // Backdated by whoever has the key.
        await sender.IngestManyAsync(Costs("within", 10));
        await Task.Delay(TimeSpan.FromMilliseconds(5), TestContext.Current.CancellationToken);
        var end = server.Now;
        await Task.Delay(TimeSpan.FromMilliseconds(5), TestContext.Current.CancellationToken);
        await sender.IngestManyAsync(Costs("after", 100));

        var made = await QuarantineAsync(new { api_key_id = keyId, start_time = start, end_time = end, reason = "Leaked for a moment." });

        Assert.Equal(1, made.Events);
        Assert.Equal(("101", 2, 2), await SeenAsync());
    }

    [Fact]
    public async Task What_two_quarantines_take_counts_again_only_when_both_are_released()
    {
        var (sender, keyId) = await NewSenderAsync();
        await sender.IngestManyAsync(Costs("a", 1));
        var first = await QuarantineAsync(new { api_key_id = keyId, reason = "First look." });
        await sender.IngestManyAsync(Costs("b", 10));
        var second = await QuarantineAsync(new { api_key_id = keyId, reason = "It went on." });
        Assert.Equal((1, 1), (first.Events, second.Events));
        Assert.Equal(("0", 0, 0), await SeenAsync());

        using (await Admin.DeletePathAsync($"/v1/events/quarantine/{first.Id}"))
        {
            Assert.Equal(("0", 0, 0), await SeenAsync());
        }

        using (await Admin.DeletePathAsync($"/v1/events/quarantine/{second.Id}"))
        {
            Assert.Equal(("11", 2, 2), await SeenAsync());
        }
    }

    [Fact]
    public async Task It_is_in_the_audit_log_with_its_reason_and_survives_a_restart_and_the_loss_of_the_store()
    {
        await using var own = await TollgateServer.StartAsync();
        var account = await own.CreateServiceAccountAsync(BuiltInRoles.EventIngestor);
        var key = await own.CreateKeyAsync(account);
        await own.ClientWith(key.ApiKey).IngestManyAsync(Costs("t", 1, 2));
        await own.AdminClient.IngestManyAsync(Costs("h", 5));
        using (var made = await own.AdminClient.PostJsonAsync("/v1/events/quarantine", new { api_key_id = key.Id, reason = "Stolen." }))
        {
            await made.ShouldBeAsync(201);
        }

        foreach (var loseStore in (bool[])[false, true])
        {
            await own.RestartAsync(() =>
            {
                if (loseStore)
                {
                    File.Delete(Path.Combine(own.Folder, "events.duckdb"));
                    File.Delete(Path.Combine(own.Folder, "events.duckdb.wal"));
                }

                return Task.CompletedTask;
            });
            var usage = await own.AdminClient.UsageAsync(new
            {
                event_name = _name,
                aggregation_type = "SUM",
                property_name = "cost",
                start_time = "2026-01-01T00:00:00Z",
                end_time = "2026-01-02T00:00:00Z",
            });
            Assert.Equal("5", usage.GetProperty("value").GetRawText());
        }

        using var logs = await own.AdminClient.GetPathAsync("/v1/audit/logs?action=event.quarantine");
        var record = (await logs.JsonAsync(200)).GetProperty("items").EnumerateArray().Single();
        Assert.Equal(key.Id, record.GetProperty("target_id").GetString());
        Assert.Contains("Stolen.", record.GetRawText(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_request_that_can_not_be_meant_is_refused_by_name()
    {
        var (_, keyId) = await NewSenderAsync();
        async Task<string[]> FieldsAsync(object body) => await Admin.RefusedFieldsAsync("/v1/events/quarantine", body);

        Assert.Equal(["reason"], await FieldsAsync(new { api_key_id = keyId }));
        Assert.Equal(["reason"], await FieldsAsync(new { api_key_id = keyId, reason = "  " }));
        using (var unknown = await Admin.PostJsonAsync("/v1/events/quarantine", new { api_key_id = "secret_00000000000000000000000000", reason = "r" }))
        {
            await unknown.ShouldBeProblemAsync(404, "not_found");
        }

        Assert.Equal(["start_time"], await FieldsAsync(new { api_key_id = keyId, reason = "r", start_time = server.Now.AddDays(1) }));
        Assert.Equal(
            ["start_time"],
            await FieldsAsync(new { api_key_id = keyId, reason = "r", start_time = server.Now.AddHours(-1), end_time = server.Now.AddHours(-2) }));
    }

    private IEnumerable<object> Costs(string prefix, params int[] costs) => CostsOf("customer", prefix, costs);

    private IEnumerable<object> CostsOf(string customer, string prefix, params int[] costs) => costs.Select((cost, index) => new
    {
        event_id = $"{prefix}{index}{_name}",
        event_name = _name,
        external_customer_id = customer,
        timestamp = new DateTimeOffset(2026, 1, 1, 10, 30, 0, TimeSpan.Zero).AddMinutes(index),
        properties = new { cost },
    });

    private async Task<(HttpClient Client, string KeyId)> NewSenderAsync()
    {
        var key = await server.CreateKeyAsync(await server.CreateServiceAccountAsync(BuiltInRoles.EventIngestor));
        return (server.ClientWith(key.ApiKey), key.Id);
    }

    private async Task<QuarantineResponse> QuarantineAsync(object body)
    {
        using var made = await Admin.PostJsonAsync("/v1/events/quarantine", body);
        return await made.ReadAsync<QuarantineResponse>(201);
    }

    private async Task<QuarantineResponse> GetAsync(string id)
    {
        using var answer = await Admin.GetPathAsync($"/v1/events/quarantine/{id}");
        return await answer.ReadAsync<QuarantineResponse>(200);
    }

    private async Task<JsonElement> LookupAsync(string id)
    {
        using var answer = await Admin.GetPathAsync($"/v1/events/lookup?id={id}");
        return await answer.JsonAsync(200);
    }

    /// <summary>The sum, from roll-ups; the count, from single events by minute; and the events of a page.</summary>
    private async Task<(string Sum, long Count, int Page)> SeenAsync()
    {
        var (start, end) = ("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z");
        var sum = await Admin.UsageAsync(new { event_name = _name, aggregation_type = "SUM", property_name = "cost", start_time = start, end_time = end });
        var count = await Admin.UsageAsync(
            new { event_name = _name, aggregation_type = "COUNT", window_size = "MINUTE", start_time = start, end_time = end });
        var page = await Admin.QueryAsync(new { event_name = _name, start_time = start, end_time = end });
        return (sum.GetProperty("value").GetRawText(), long.Parse(count.GetProperty("value").GetRawText(), System.Globalization.CultureInfo.InvariantCulture), page.Ids().Length);
    }
}
