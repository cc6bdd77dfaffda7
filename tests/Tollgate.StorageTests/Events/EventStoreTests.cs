using System.Globalization;
using System.Numerics;
using System.Text.Json;
using CsCheck;
using Tollgate.Storage.Events;
using Tollgate.Storage.Log;
using Xunit;

namespace Tollgate.StorageTests.Events;

/// <summary>What every event store must do, whatever its engine.</summary>
public abstract class EventStoreTests : IAsyncLifetime
{
    private static readonly DateTimeOffset Epoch = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly EventScope Here = new("tenant_A", "env_A");
    private static readonly EventReach AllHere = new(Here, null);
    private static readonly EventScope Elsewhere = new("tenant_A", "env_B");

    private static readonly string[] OddValues =
    [
        "1", "1.50", "\"1.5\"", "15e-1", "0.1", "0.2", "-0", "-3.25", "1e3", "123456789012345678901234567890", "0.0000000000000000000000000001",
        "1e400", "\"abc\"", "\"007\"", "\"\"", "true", "null", "{\"a\":1}", "[1,2]", "99999999999999.999999999999", "\"1e2\"", "\"'; DROP TABLE events; --\"",
    ];

    private IEventStore _store = null!;

    protected IEventStore Store => _store;

    protected abstract Task<IEventStore> OpenAsync();

    public async ValueTask InitializeAsync() => _store = await OpenAsync();

    public virtual async ValueTask DisposeAsync()
    {
        await _store.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    [Fact]
    public async Task Applied_events_are_read_with_everything_they_came_with()
    {
        var sent = Event("id 1 ☂ '\"", "name", "cust", """{"a":1.50,"b":"x\u0001"}""", Epoch.AddMicroseconds(7), source: "s", customerId: "c");
        await ApplyAsync(Batch(1, Here, sent));

        var found = await Store.FindBySequenceAsync(AllHere, 1, Token);

        Assert.NotNull(found);
        Assert.Equal(
            ("id 1 ☂ '\"", "name", "cust", "c", "s", sent.Timestamp, """{"a":1.50,"b":"x\u0001"}"""),
            (found.EventId, found.EventName, found.ExternalCustomerId, found.CustomerId, found.Source, found.Timestamp, found.Properties));
        Assert.Equal(
            ("user_1", true, "secret_1", "req_1", "10.0.0.1", "env_A"),
            (found.AccountId, found.ByServiceAccount, found.ApiKeyId, found.RequestId, found.Address, found.EnvironmentId));
        Assert.Null(await Store.FindBySequenceAsync(new EventReach(Elsewhere, null), 1, Token));
        Assert.Null(await Store.FindBySequenceAsync(AllHere, 2, Token));
        Assert.Equal(1, Store.AppliedSequence);
    }

    [Fact]
    public async Task Applying_a_batch_twice_changes_nothing()
    {
        var batch = Batch(1, Here, [.. Enumerable.Range(0, 10).Select(index => Event($"e{index}", "n", "c", "{}", Epoch))]);
        await ApplyAsync(batch);
        await ApplyAsync(batch);
        await ApplyAsync(new SequencedBatch(6, batch.Batch with { Events = [.. batch.Batch.Events.Skip(5), Event("e10", "n", "c", "{}", Epoch)] }));

        Assert.Equal(11, await Store.CountAsync(new EventFilter { Reach = AllHere }, Token));
        Assert.Equal(11, Store.AppliedSequence);
    }

    [Fact]
    public async Task A_hole_in_the_sequence_is_refused_and_nothing_is_applied()
    {
        await Assert.ThrowsAsync<InvalidOperationException>(() => ApplyAsync(Batch(2, Here, Event("e", "n", "c", "{}", Epoch))));

        Assert.Equal(0, Store.AppliedSequence);
        Assert.Equal(0, await Store.CountAsync(new EventFilter { Reach = AllHere }, Token));
    }

    [Fact]
    public async Task Identifier_collation_regression_ids_that_differ_in_case_are_different()
    {
        await ApplyAsync(Batch(1, Here, Event("ID", "Name", "Cust", "{}", Epoch), Event("id", "name", "cust", "{}", Epoch)));

        Assert.Equal(1, await Store.CountAsync(new EventFilter { Reach = AllHere, EventId = "id" }, Token));
        Assert.Equal(1, await Store.CountAsync(new EventFilter { Reach = AllHere, ExternalCustomerId = "Cust" }, Token));
    }

    [Fact]
    public async Task Text_never_becomes_sql()
    {
        const string Hostile = "x') OR 1=1; DROP TABLE events; -- \" $1 ?";
        var properties = JsonSerializer.Serialize(new Dictionary<string, string> { [Hostile] = Hostile });
        await ApplyAsync(Batch(1, Here, Event(Hostile, Hostile, Hostile, properties, Epoch), Event("other", "n", "c", "{}", Epoch)));
        var filter = new EventFilter
        {
            Reach = AllHere,
            EventName = Hostile,
            Properties = new Dictionary<string, IReadOnlyList<string>> { [Hostile] = [Hostile] },
        };

        Assert.Equal(1, await Store.CountAsync(filter, Token));
        var usage = await Store.UsageAsync(
            new UsageQuery { Filter = filter, Aggregation = Aggregation.Count, GroupBy = [Property(Hostile)] }, Token);
        Assert.Equal(Hostile, Assert.Single(usage.Buckets).Group.Single());
    }

    [Fact]
    public async Task A_sum_has_every_digit_and_no_order()
    {
        var values = Enumerable.Repeat("0.1", 1000).Concat(["1e28", "-1e28", "0.0000000000000000000000000001", "\"2.5\"", "\"x\"", "1e400"]);
        await ApplyAsync(Batch(1, Here, [.. values.Select((value, index) => Event($"e{index}", "n", "c", $$"""{"v":{{value}}}""", Epoch))]));

        var usage = await Store.UsageAsync(
            new UsageQuery { Filter = new EventFilter { Reach = AllHere }, Aggregation = Aggregation.Sum, PropertyName = "v" }, Token);

        Assert.Equal("102.5000000000000000000000000001", Plain(usage.Value!.Value));
        Assert.Equal(2, usage.Skipped);
    }

    [Fact]
    public async Task Everything_is_as_a_simple_model_says()
    {
        var properties = Gen.OneOf(
            Gen.Const("{}"),
            Gen.Select(One(OddValues), One(OddValues), (a, b) => $$"""{"a":{{a}},"b":{{b}}}"""),
            Gen.Select(One(OddValues), a => $$"""{"a":{{a}}}"""));
        var events = Gen.Select(
            One("n1", "n2"), One("c1", "c2", "C1"), properties, Gen.Int[0, 200_000], One<string?>("s1", null, "s2"),
            One(Here, Elsewhere),
            (name, customer, props, minute, source, scope) => (scope, Event: Event("", name, customer, props, Epoch.AddMinutes(minute), source)));
        var all = new List<(EventScope Scope, long Sequence, LoggedEvent Event)>();
        foreach (var (scope, item) in events.Array[400].Single())
        {
            var sequence = all.Count + 1L;
            var named = Event($"e{sequence}", item.EventName, item.ExternalCustomerId, item.Properties, item.Timestamp, item.Source);
            all.Add((scope, sequence, named));
            await ApplyAsync(Batch(sequence, scope, named));
        }

        var filters = Gen.Select(
            One<string?>("n1", null, "n2"), One<string?>("c1", null, "C1"), One<string?>("s1", null), Minutes,
            Minutes, One<string?>("1.5", "1.50", "abc", "true", "007", "1000", null, "-0", ""),
            (name, customer, source, start, end, value) => new EventFilter
            {
                Reach = AllHere,
                EventName = name,
                ExternalCustomerId = customer,
                Source = source,
                Start = start is { } from ? Epoch.AddMinutes(from) : null,
                End = end is { } to ? Epoch.AddMinutes(to) : null,
                Properties = value is null
                    ? new Dictionary<string, IReadOnlyList<string>>()
                    : new Dictionary<string, IReadOnlyList<string>> { ["a"] = [value, "2"] },
            });
        await Gen.Select(filters, Gen.Bool, One(EventSort.Timestamp, EventSort.EventName), Gen.Bool, Gen.Int[1, 60])
            .SampleAsync(
                async (filter, descending, sort, grouped, pageSize) =>
                {
                    var expected = Model.Matching(all, filter, sort, descending);
                    Assert.Equal(expected.Count, await Store.CountAsync(filter, Token));
                    Assert.Equal(expected, await PagesAsync(filter, sort, descending, pageSize));
                    await AssertUsageAsync(all.Where(item => expected.Contains(item.Event.EventId)).ToList(), filter, grouped);
                },
                iter: 250,
                threads: 1);
    }

    [Fact]
    public async Task What_is_out_of_a_readers_reach_does_not_exist()
    {
        string[] texts = ["n", "n1", "N1", "n%", "n_", "né", "n😀", "n😀x", "日", "日本", "'", "1"];
        var events = Gen.Select(
            One(texts), One(texts), One<string?>("s", "S", null, "s*"), Gen.Int[0, 1000], One(OddValues), One(Here, Elsewhere),
            (name, customer, source, minute, value, scope) =>
                (scope, Event: Event("", name, customer, $$"""{"a":{{value}}}""", Epoch.AddMinutes(minute), source)));
        var all = new List<(EventScope Scope, long Sequence, LoggedEvent Event)>();
        foreach (var (scope, item) in events.Array[400].Single())
        {
            var sequence = all.Count + 1L;
            var named = Event($"e{sequence}", item.EventName, item.ExternalCustomerId, item.Properties, item.Timestamp, item.Source);
            all.Add((scope, sequence, named));
            await ApplyAsync(Batch(sequence, scope, named));
        }

        var patterns = Gen.Select(One(texts).Array[0, 3], One(texts).Array[0, 2], Gen.Bool, (exact, prefixes, any) => any ? null : new TextBounds(exact, prefixes));
        var bounds = Gen.Select(
            patterns, patterns, One<string[]?>(null, null, ["s"], ["S", "s*"], []), Minutes,
            (names, customers, sources, minute) => new EventBounds
            {
                EventNames = names,
                ExternalCustomerIds = customers,
                Sources = sources,
                NotBefore = minute is { } at ? Epoch.AddMinutes(at / 200) : null,
            });
        await Gen.Select(bounds, One(texts), Gen.Bool, Gen.Int[0, all.Count - 1]).SampleAsync(
            async (within, name, byName, index) =>
            {
                var filter = new EventFilter { Reach = new EventReach(Here, within), EventName = byName ? name : null };
                var expected = Model.Matching(all, filter, EventSort.Timestamp, descending: true);
                Assert.Equal(expected.Count, await Store.CountAsync(filter, Token));
                var page = await Store.QueryAsync(new EventQuery { Filter = filter, PageSize = all.Count }, Token);
                Assert.Equal(expected, page.Events.Select(item => item.EventId));
                await AssertUsageAsync(all.Where(item => expected.Contains(item.Event.EventId)).ToList(), filter, grouped: true);
                var one = all[index];
                var found = await Store.FindBySequenceAsync(filter.Reach, one.Sequence, Token);
                Assert.Equal(one.Scope == Here && Model.IsInside(one.Event, within), found is not null);
            },
            iter: 1_000,
            threads: 1);
    }

    [Fact]
    public async Task A_query_ends_soon_after_its_caller_has_gone()
    {
        for (var start = 1L; start < 200_000; start += 20_000)
        {
            await ApplyAsync(Batch(start, Here, [.. Enumerable.Range(0, 20_000).Select(index =>
                Event($"e{start + index}", $"n{index}", $"c{start + index}", $$"""{"v":"{{start + index}}x"}""", Epoch.AddSeconds(index)))]));
        }

        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(Token);
        var query = Store.UsageAsync(
            new UsageQuery
            {
                Filter = new EventFilter { Reach = AllHere },
                Aggregation = Aggregation.Sum,
                PropertyName = "v",
                GroupBy = [Property("v"), new(EventGroupKind.ExternalCustomerId, "customer"), new(EventGroupKind.Source, "source")],
                WindowStarts = [.. Enumerable.Range(0, 90_000).Select(index => Epoch.AddSeconds(index))],
            },
            leaving.Token);
        await leaving.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => query);
        Assert.Equal(200_000, await Store.CountAsync(new EventFilter { Reach = AllHere }, Token));
    }

    private static Gen<int?> Minutes { get; } = Gen.Int[-100_000, 200_000].Select(minute => minute < 0 ? (int?)null : minute);

    private static Gen<T> One<T>(params T[] items) => Gen.Int[0, items.Length - 1].Select(index => items[index]);

    protected static CancellationToken Token => TestContext.Current.CancellationToken;

    protected Task ApplyAsync(SequencedBatch batch) => Store.ApplyAsync([batch], Token);

    protected static SequencedBatch Batch(long first, EventScope scope, params LoggedEvent[] events) => new(
        first,
        new EventBatch(
            new EventProvenance(scope.TenantId, scope.EnvironmentId, "user_1", true, "secret_1", "req_1", "10.0.0.1"),
            Epoch,
            events));

    protected static LoggedEvent Event(
        string id, string name, string customer, string properties, DateTimeOffset timestamp, string? source = null, string? customerId = null) => new()
        {
            EventId = id,
            EventName = name,
            ExternalCustomerId = customer,
            CustomerId = customerId,
            Source = source,
            Timestamp = timestamp,
            Properties = properties,
            ContentDigest = 0,
        };

    private async Task<List<string>> PagesAsync(EventFilter filter, EventSort sort, bool descending, int pageSize)
    {
        var forward = new List<StoredEvent>();
        EventPosition? after = null;
        while (true)
        {
            var page = await Store.QueryAsync(
                new EventQuery { Filter = filter, Sort = sort, Descending = descending, PageSize = pageSize, After = after }, Token);
            forward.AddRange(page.Events);
            if (!page.HasMore)
            {
                break;
            }

            after = PositionOf(page.Events[^1], sort);
        }

        if (forward.Count > 1)
        {
            // Backwards from the end, the same events come up.
            var back = await Store.QueryAsync(
                new EventQuery { Filter = filter, Sort = sort, Descending = descending, PageSize = pageSize, Before = PositionOf(forward[^1], sort) }, Token);
            Assert.Equal(
                forward.SkipLast(1).TakeLast(pageSize).Select(item => item.EventId), back.Events.Select(item => item.EventId));
        }

        return [.. forward.Select(item => item.EventId)];
    }

    private static EventPosition PositionOf(StoredEvent item, EventSort sort) =>
        new(sort == EventSort.EventName ? item.EventName : "", item.Timestamp, item.Sequence);

    private async Task AssertUsageAsync(
        List<(EventScope Scope, long Sequence, LoggedEvent Event)> matching, EventFilter filter, bool grouped)
    {
        string[] groupBy = grouped ? ["b", "source"] : [];
        var windows = Enumerable.Range(0, 150).Select(day => Epoch.AddDays(day)).ToList();
        foreach (var aggregation in new[] { Aggregation.Count, Aggregation.Sum })
        {
            var actual = await Store.UsageAsync(
                new UsageQuery { Filter = filter, Aggregation = aggregation, PropertyName = "a", GroupBy = [.. groupBy.Select(name => name == "source" ? new EventGroup(EventGroupKind.Source, name) : Property(name))], WindowStarts = windows }, Token);
            var expected = Model.Usage(matching.ConvertAll(item => item.Event), aggregation, groupBy, windows);
            Assert.Equal(expected.Total, Plain(actual.Value!.Value));
            Assert.Equal(expected.Skipped, actual.Skipped);
            Assert.Equal(
                expected.Buckets,
                actual.Buckets
                    .Select(bucket => $"{bucket.WindowStart:O}|{string.Join('|', bucket.Group.Select(part => part ?? "∅"))}={Plain(bucket.Value!.Value)}")
                    .Order(StringComparer.Ordinal));
        }
    }

    private static EventGroup Property(string name) => new(EventGroupKind.Property, name);

    private static string Plain(ExactDecimal value) => Model.Plain(value.Unscaled, value.Scale);

    /// <summary>The same questions, answered the slow and obvious way.</summary>
    private static class Model
    {
        public static List<string> Matching(
            List<(EventScope Scope, long Sequence, LoggedEvent Event)> all, EventFilter filter, EventSort sort, bool descending)
        {
            var matching = all.Where(item => item.Scope == filter.Reach.Scope && IsInside(item.Event, filter.Reach.Bounds)
                && (filter.EventName is null || item.Event.EventName == filter.EventName)
                && (filter.ExternalCustomerId is null || item.Event.ExternalCustomerId == filter.ExternalCustomerId)
                && (filter.Source is null || item.Event.Source == filter.Source)
                && (filter.Start is null || item.Event.Timestamp >= filter.Start)
                && (filter.End is null || item.Event.Timestamp < filter.End)
                && filter.Properties.All(property =>
                    ValueOf(item.Event, property.Key) is { } value && property.Value.Select(Canonical).Contains(value)));
            var ordered = matching
                .OrderBy(item => sort == EventSort.EventName ? item.Event.EventName : "", StringComparer.Ordinal)
                .ThenBy(item => item.Event.Timestamp)
                .ThenBy(item => item.Sequence)
                .Select(item => item.Event.EventId);
            return descending ? [.. ordered.Reverse()] : [.. ordered];
        }

        public static bool IsInside(LoggedEvent item, EventBounds? bounds) =>
            bounds is null
            || (IsInside(item.EventName, bounds.EventNames)
                && IsInside(item.ExternalCustomerId, bounds.ExternalCustomerIds)
                && (bounds.Sources is null || bounds.Sources.Any(source => source == item.Source))
                && (bounds.NotBefore is null || item.Timestamp >= bounds.NotBefore));

        public static (string Total, long Skipped, List<string> Buckets) Usage(
            List<LoggedEvent> events, Aggregation aggregation, string[] groupBy, List<DateTimeOffset> windows)
        {
            long skipped = 0;
            var buckets = new Dictionary<string, BigInteger>(StringComparer.Ordinal);
            BigInteger total = 0;
            foreach (var item in events)
            {
                var number = aggregation == Aggregation.Count ? BigInteger.Pow(10, 28) : Number(ValueOf(item, "a"));
                if (number is null)
                {
                    skipped++;
                    continue;
                }

                total += number.Value;
                if (windows.FindLastIndex(start => start <= item.Timestamp) is var index && index < 0)
                {
                    continue;
                }

                var key = $"{windows[index]:O}|{string.Join('|', groupBy.Select(name => (name == "source" ? item.Source : ValueOf(item, name)) ?? "∅"))}";
                buckets[key] = buckets.GetValueOrDefault(key) + number.Value;
            }

            return (Plain(total, 28), skipped, [.. buckets.Select(bucket => $"{bucket.Key}={Plain(bucket.Value, 28)}").Order(StringComparer.Ordinal)]);
        }

        public static string Plain(BigInteger unscaled, int scale)
        {
            var digits = BigInteger.Abs(unscaled).ToString(CultureInfo.InvariantCulture).PadLeft(scale + 1, '0');
            var text = scale == 0 ? digits : $"{digits[..^scale]}.{digits[^scale..]}".TrimEnd('0').TrimEnd('.');
            return unscaled.Sign < 0 ? "-" + text : text;
        }

        private static bool IsInside(string text, TextBounds? bounds) =>
            bounds is null
            || bounds.Exact.Any(exact => exact == text)
            || bounds.Prefixes.Any(prefix => text.Length >= prefix.Length && text[..prefix.Length] == prefix);

        private static string? ValueOf(LoggedEvent item, string name)
        {
            using var document = JsonDocument.Parse(item.Properties);
            return !document.RootElement.TryGetProperty(name, out var value)
                ? null
                : value.ValueKind switch
                {
                    JsonValueKind.String => Canonical(value.GetString()!),
                    JsonValueKind.Number => Canonical(value.GetRawText()),
                    JsonValueKind.True => "true",
                    JsonValueKind.False => "false",
                    _ => null,
                };
        }

        private static string Canonical(string text) => Number(text) is { } number ? Plain(number, 28) : text;

        /// <summary>In units of 10^-28; the slow way, by the definition of the notation.</summary>
        private static BigInteger? Number(string? text)
        {
            if (text is null || !System.Text.RegularExpressions.Regex.IsMatch(text, @"\A-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?\z"))
            {
                return null;
            }

            var parts = text.Split('e', 'E');
            var point = parts[0].IndexOf('.', StringComparison.Ordinal);
            var power = (parts.Length == 2 ? int.Parse(parts[1], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture) : 0)
                - (point < 0 ? 0 : parts[0].Length - point - 1);
            var unscaled = BigInteger.Parse(parts[0].Replace(".", "", StringComparison.Ordinal), CultureInfo.InvariantCulture);
            var number = power + 28 >= 0 ? unscaled * BigInteger.Pow(10, power + 28) : unscaled / BigInteger.Pow(10, -power - 28);
            return BigInteger.Abs(number) >= BigInteger.Pow(10, 38 + 28) ? null : number;
        }
    }
}
