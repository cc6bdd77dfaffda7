using System.Globalization;
using System.Text.Json;
using Microsoft.Extensions.Logging.Abstractions;
using Tollgate.Storage.Events;
using Tollgate.Storage.Log;

namespace Tollgate.StorageTests.Events;

/// <summary>A store, and all that was ever said to it, by the dice of one seed.</summary>
internal sealed class UsageWorld(int seed) : IAsyncDisposable
{
    public static readonly EventScope Here = new("tenant_A", "env_A");

    private static readonly EventScope Elsewhere = new("tenant_A", "env_B");

    private static readonly string LongText = new('x', 70);

    private static readonly string[] Values =
    [
        "1", "1.50", "\"1.5\"", "15e-1", "0.1", "0.2", "-0", "\"-0.0\"", "-3.25", "1e3", "123456789012345678901234567890", "-99999999999999999999999999999999999999",
        "0.0000000000000000000000000001", "1e400", "1e-29", "9007199254740993", "99999999999999.999999999999", "999999999.999999", "9999999999999999.999999999999",
        "\"abc\"", "\"007\"", "\"\"", "true", "false", "null", "{\"a\":1}", "[1,2]", "\"1e2\"", "\"'; DROP TABLE events; --\"", "\"日本 😀\"",
        "\"" + LongText + "\"", "\"" + LongText + "y\"", "7", "7", "3.000001", "\"NaN\"", "\"0x10\"", "\" 1\"",
    ];

    private static readonly string[] Names = ["a", "b", "é '\""];

    // Three days around the night in which clocks in Europe are set forward.
    private static readonly DateTimeOffset Epoch = new(2026, 3, 28, 0, 0, 0, TimeSpan.Zero);

    private static readonly string[] Zones =
        ["UTC", "Europe/Berlin", "Asia/Kolkata", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kathmandu", "America/New_York", "Pacific/Apia"];

    private readonly Random _random = new(seed);
    private readonly string _folder = Directory.CreateTempSubdirectory("tollgate-world-").FullName;
    private DuckDbEventStore? _store;
    private int _named;

    public List<ModelEvent> Events { get; } = [];

    public List<SequencedBatch> Batches { get; } = [];

    public List<EventQuarantine> Quarantines { get; private set; } = [];

    public List<EventRemoval> Removals { get; } = [];

    public DuckDbEventStore Store => _store!;

    public EventCorrections Corrections => new([.. Quarantines], [.. Removals]);

    public string NewFile => Path.Combine(_folder, $"sums-{++_named}");

    public static Task<DuckDbEventStore> OpenAsync(string folder, CancellationToken cancellationToken) => DuckDbEventStore.OpenAsync(
        folder, new DuckDbEventStoreOptions { MemoryMegabytes = 512, Threads = 1, UnmergedCells = 60 }, TimeProvider.System, NullLogger.Instance, cancellationToken);

    public async Task GrowAsync(int steps, CancellationToken cancellationToken, bool corrects = true)
    {
        _store ??= await OpenAsync(_folder, cancellationToken);
        for (var step = 0; step < steps; step++)
        {
            switch (_random.Next(10))
            {
                case 0:
                    await _store.DisposeAsync();
                    _store = await OpenAsync(_folder, cancellationToken);
                    break;
                case 1 when corrects:
                    Quarantines.Add(NewQuarantine());
                    await _store.CorrectAsync(Corrections, cancellationToken);
                    break;
                case 2 when corrects && Quarantines.Count > 0:
                    Quarantines.RemoveAt(_random.Next(Quarantines.Count));
                    await _store.CorrectAsync(Corrections, cancellationToken);
                    break;
                default:
                    var batches = Enumerable.Range(0, _random.Next(1, 4)).Select(_ => NewBatch()).ToList();
                    await _store.ApplyAsync(batches, cancellationToken);
                    if (_random.Next(4) == 0)
                    {
                        await _store.ApplyAsync(batches, cancellationToken);
                    }

                    break;
            }
        }
    }

    /// <summary>Another store, made from all that was said to this one, in large steps.</summary>
    public async Task<DuckDbEventStore> RebuildAsync(CancellationToken cancellationToken)
    {
        var store = await OpenAsync(Directory.CreateDirectory(Path.Combine(_folder, $"rebuilt-{++_named}")).FullName, cancellationToken);
        var split = _random.Next(Batches.Count + 1);
        await store.ApplyAsync([.. Batches.Take(split)], cancellationToken);
        await store.CorrectAsync(Corrections, cancellationToken);
        await store.ApplyAsync([.. Batches.Skip(split)], cancellationToken);
        return store;
    }

    public EventQuarantine NewQuarantine()
    {
        var start = Epoch.AddMinutes(_random.Next(0, 300));
        return new EventQuarantine
        {
            Id = $"quar_{++_named}",
            Scope = One(Here, Here, Elsewhere),
            ApiKeyId = One("key_1", "key_2"),
            Start = start,
            End = start.AddMinutes(_random.Next(1, 200)),
            UpToSequence = _random.Next(1, Events.Count + 20),
        };
    }

    public UsageQuery NewQuery(bool onlyWholeHours = false)
    {
        var (start, end) = onlyWholeHours
            ? (Epoch.AddHours(_random.Next(-5, 40)), Epoch.AddHours(_random.Next(41, 90)))
            : Interval();
        var aggregation = (Aggregation)_random.Next(7);
        var needsInterval = aggregation == Aggregation.WeightedSum;
        var windows = Windows(start, end, onlyWholeHours);
        var inCells = onlyWholeHours || _random.Next(4) > 0;
        return new UsageQuery
        {
            Aggregation = aggregation,
            PropertyName = aggregation == Aggregation.Count ? null : One(Names),
            WindowStarts = windows,
            GroupBy = Groups(inCells),
            Filter = Filter(inCells, onlyWholeHours) with
            {
                Start = needsInterval || windows.Count > 0 || _random.Next(5) > 0 ? start : null,
                End = needsInterval || windows.Count > 0 || _random.Next(5) > 0 ? end : null,
            },
        };
    }

    public async ValueTask DisposeAsync()
    {
        if (_store is not null)
        {
            await _store.DisposeAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }

    private (DateTimeOffset Start, DateTimeOffset End) Interval()
    {
        var start = Epoch.AddHours(_random.Next(-5, 60));
        var end = start.AddHours(_random.Next(1, 50));
        return _random.Next(3) switch
        {
            0 => (start, end),
            1 => (start.AddTicks(_random.NextInt64(36_000_000_000) / 10 * 10), end.AddMinutes(_random.Next(60))),
            _ => (start.AddMinutes(_random.Next(60)), start.AddMinutes(_random.Next(60, 300))),
        };
    }

    private EventFilter Filter(bool inCells, bool onlyWholeHours)
    {
        var filter = new EventFilter
        {
            Reach = new EventReach(Here, _random.Next(3) > 0 ? null : new EventBounds
            {
                EventNames = _random.Next(2) == 0 ? null : new TextBounds(One<string[]>(["n1"], ["n1", "n2"], []), One<string[]>([], ["n"], ["N"])),
                ExternalCustomerIds = _random.Next(2) == 0 ? null : new TextBounds(One<string[]>(["c1"], []), One<string[]>(["日"], ["c"])),
                NotBefore = onlyWholeHours || _random.Next(2) == 0 ? null : Epoch.AddMinutes(_random.Next(0, 2000)),
                Sources = inCells ? null : One<string[]?>(null, ["s1"]),
            }),
            EventName = One("n1", "n2", null),
            ExternalCustomerId = One("c1", null, null, "日本", "C1"),
        };
        return inCells ? filter : filter with
        {
            Source = One("s1", null, null),
            CustomerId = One("cust_1", null, null),
            ApiKeyId = One("key_1", null, null),
            WithoutNumber = One("a", null, null, null),
            TakenBy = _random.Next(5) == 0 ? NewQuarantine() with { Scope = Here } : null,
            NotTakenBy = _random.Next(3) == 0 ? NewQuarantine() with { Scope = Here } : null,
            Properties = One(null, "1.5", "7", LongText) is { } value
                ? new Dictionary<string, IReadOnlyList<string>> { [One(Names)] = [value, "true", "1.50"] }
                : new Dictionary<string, IReadOnlyList<string>>(),
        };
    }

    private List<EventGroup> Groups(bool inCells)
    {
        EventGroup[] cells = [new(EventGroupKind.EventName, "name"), new(EventGroupKind.ExternalCustomerId, "customer")];
        EventGroup[] others =
        [
            new(EventGroupKind.Source, "source"), new(EventGroupKind.CustomerId, "customer_id"),
            new(EventGroupKind.Property, "a"), new(EventGroupKind.Property, "é '\""),
        ];
        return [.. (inCells ? cells : [.. cells, .. others]).OrderBy(_ => _random.Next()).Take(_random.Next(inCells ? 3 : 4))];
    }

    private List<DateTimeOffset> Windows(DateTimeOffset start, DateTimeOffset end, bool onlyWholeHours)
    {
        var zone = TimeZoneInfo.FindSystemTimeZoneById(onlyWholeHours ? One("UTC", "Europe/Berlin") : One(Zones));
        var starts = _random.Next(5) switch
        {
            0 => [],
            1 => Days(zone, start, end),
            2 => Every(TimeSpan.FromHours(One(1, 3, 6)), zone.GetUtcOffset(start), start, end),
            3 when !onlyWholeHours => Every(TimeSpan.FromMinutes(One(15, 30)), TimeSpan.Zero, start, end),
            3 => [],
            _ => [start, .. Enumerable.Range(0, _random.Next(4)).Select(_ => start.AddHours(_random.Next(1, 50))).Where(time => time < end).Distinct().Order()],
        };
        return starts;
    }

    /// <summary>Local midnights, the first at or before the start.</summary>
    private static List<DateTimeOffset> Days(TimeZoneInfo zone, DateTimeOffset start, DateTimeOffset end)
    {
        var date = TimeZoneInfo.ConvertTime(start, zone).Date;
        var starts = new List<DateTimeOffset>();
        for (; ; date = date.AddDays(1))
        {
            var midnight = DateTime.SpecifyKind(date, DateTimeKind.Unspecified);
            var at = new DateTimeOffset(midnight, zone.GetUtcOffset(midnight)).ToUniversalTime();
            if (at >= end)
            {
                return starts;
            }

            if (at <= start)
            {
                starts.Clear();
            }

            starts.Add(at);
        }
    }

    private static List<DateTimeOffset> Every(TimeSpan size, TimeSpan offset, DateTimeOffset start, DateTimeOffset end)
    {
        var wall = (start + offset).UtcTicks;
        var first = new DateTimeOffset(wall - (wall % size.Ticks), TimeSpan.Zero) - offset;
        var starts = new List<DateTimeOffset>();
        for (var at = first; at < end; at += size)
        {
            starts.Add(at);
        }

        return starts;
    }

    private SequencedBatch NewBatch()
    {
        var first = Events.Count + 1L;
        var scope = One(Here, Here, Here, Elsewhere);
        var key = One("key_1", "key_2", null);
        var received = Epoch.AddMinutes(_random.Next(0, 400));
        var events = new List<LoggedEvent>();
        for (var count = _random.Next(1, 40); count > 0; count--)
        {
            var sequence = Events.Count + 1L;
            var item = NewEvent(sequence);
            Events.Add(new ModelEvent(sequence, scope, key, received, item));
            events.Add(item);
        }

        var batch = new SequencedBatch(
            first,
            new EventBatch(new EventProvenance(scope.TenantId, scope.EnvironmentId, "user_1", true, key, "req_1", "10.0.0.1"), received, events));
        Batches.Add(batch);
        return batch;
    }

    private LoggedEvent NewEvent(long sequence)
    {
        var members = Names.Where(_ => _random.Next(5) > 0).OrderBy(_ => _random.Next()).Select(name => $"{JsonSerializer.Serialize(name)}:{One(Values)}");
        return new LoggedEvent
        {
            EventId = sequence.ToString(CultureInfo.InvariantCulture),
            EventName = One("n1", "n1", "n2", "N"),
            ExternalCustomerId = One("c1", "c1", "c2", "C1", "日本"),
            CustomerId = One("cust_1", null),
            Source = One("s1", "s2", null),
            Timestamp = _random.Next(12) switch
            {
                0 => Epoch.AddHours(_random.Next(-6, 90)),
                1 => Epoch.AddHours(_random.Next(0, 72)).AddMicroseconds(-1),
                2 => new DateTimeOffset(1969, 12, 31, 23, 30, 0, TimeSpan.Zero).AddMinutes(_random.Next(60)),
                _ => Epoch.AddMicroseconds(_random.NextInt64(72L * 3600 * 1_000_000)),
            },
            Properties = $"{{{string.Join(',', members)}}}",
            ContentDigest = 0,
        };
    }

    private T One<T>(params T[] items) => items[_random.Next(items.Length)];
}
