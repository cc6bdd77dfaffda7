using System.Globalization;
using CsCheck;
using Tollgate.Storage.Log;
using Xunit;

namespace Tollgate.StorageTests.Log;

/// <summary>Batches to append, and the comparison of what comes back.</summary>
internal static class SampleBatches
{
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 12, 0, 0, TimeSpan.Zero);

    private static readonly Gen<string> Text = Gen.OneOf(
        Gen.String[Gen.Char.AlphaNumeric, 0, 40],
        Gen.Const("Größe 尺寸 🚦 \0 \"\\"),
        Gen.Const(new string('x', 5000)));

    private static readonly Gen<DateTimeOffset> Time = Gen.OneOf(
        Gen.Const(DateTimeOffset.MinValue),
        Gen.Const(new DateTimeOffset(DateTimeOffset.MaxValue.Ticks / 10 * 10, TimeSpan.Zero)),
        Gen.Long[0, 4_000_000_000_000_000].Select(micros => DateTimeOffset.UnixEpoch.AddTicks(micros * 10)));

    private static readonly Gen<UInt128> Digest = Gen.Select(Gen.ULong, Gen.ULong, (upper, lower) => new UInt128(upper, lower));

    /// <summary>Any batch that the log takes.</summary>
    public static Gen<EventBatch> Any { get; } = Gen.Select(
        Gen.Select(Text, Text, Text, Gen.Bool, Text.Null(), Text, Text).Select(
            (tenant, environment, account, service, key, request, address) =>
                new EventProvenance(tenant, environment, account, service, key, request, address)),
        Time,
        Gen.Select(Text, Text, Text, Text.Null(), Text.Null(), Time, Text, Digest).Select(
            (id, name, external, customer, source, time, properties, digest) => new LoggedEvent
            {
                EventId = id,
                EventName = name,
                ExternalCustomerId = external,
                CustomerId = customer,
                Source = source,
                Timestamp = time,
                Properties = properties,
                ContentDigest = digest,
            }).Array[1, 5],
        (provenance, time, events) => new EventBatch(provenance, time, events));

    /// <summary>A batch with these ids; equal ids have equal content, unless the digest says otherwise.</summary>
    public static EventBatch Of(params string[] ids) => With([.. ids.Select(id => Event(id))]);

    public static EventBatch With(params LoggedEvent[] events) => new(
        new EventProvenance("tenant_1", "env_1", "acct_1", ByServiceAccount: true, "key_1", "req_1", "192.0.2.7"), Start, events);

    public static LoggedEvent Event(string id, ulong digest = 1) => new()
    {
        EventId = id,
        EventName = "api.request",
        ExternalCustomerId = "customer-7",
        Source = "gateway",
        Timestamp = Start.AddSeconds(1),
        Properties = """{"tokens":1200.50,"model":"large"}""",
        ContentDigest = digest,
    };

    /// <summary>Batches of one event, with the ids <c>first</c> … <c>first + count - 1</c>.</summary>
    public static IEnumerable<EventBatch> Singles(int first, int count) =>
        Enumerable.Range(first, count).Select(number => Of(number.ToString(CultureInfo.InvariantCulture)));

    public static async Task<List<SequencedBatch>> ReadAllAsync(this IEventLog log, long afterSequence = 0)
    {
        var read = new List<SequencedBatch>();
        await foreach (var batch in log.ReadAsync(afterSequence, TestContext.Current.CancellationToken))
        {
            read.Add(batch);
        }

        return read;
    }

    /// <summary>The ids of all events in the log, in order; fails when their numbers have a hole.</summary>
    public static async Task<List<string>> ReadIdsAsync(this IEventLog log)
    {
        var ids = new List<string>();
        foreach (var batch in await log.ReadAllAsync())
        {
            Assert.Equal(ids.Count + 1, batch.FirstSequence);
            ids.AddRange(batch.Batch.Events.Select(each => each.EventId));
        }

        Assert.Equal(log.DurableSequence, ids.Count);
        return ids;
    }

    public static void AssertSame(EventBatch expected, EventBatch actual)
    {
        Assert.Equal(expected.Provenance, actual.Provenance);
        Assert.Equal(expected.IngestedAt, actual.IngestedAt);
        Assert.Equal(expected.Events, actual.Events);
    }
}
