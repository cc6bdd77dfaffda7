using System.Numerics;

namespace Tollgate.Storage.Events;

/// <summary>What the engine found of one window and group, in rows or in cells.</summary>
internal sealed record UsageFinding
{
    public required DateTimeOffset? Window { get; init; }

    public required string?[] Group { get; init; }

    /// <summary>What the texts mean.</summary>
    public required UsageFindingKind Kind { get; init; }

    public required long Events { get; init; }

    /// <summary>How often the texts count.</summary>
    public required long Times { get; init; }

    public string? Text { get; init; }

    public string? Weight { get; init; }

    /// <summary>When the latest event was; the start of the hour, for a weighted sum.</summary>
    public long At { get; init; }

    public long Sequence { get; init; }
}

internal enum UsageFindingKind
{
    /// <summary>Events without a value.</summary>
    NoValue = 0,

    /// <summary>The engine's own result over all the events.</summary>
    Result = 1,

    /// <summary>One value that the engine can't calculate with, and how often it is there.</summary>
    Value = 2,
}

/// <summary>Brings together, exactly, what the engine found.</summary>
internal sealed class UsageTotals
{
    // An answer is made in memory; a million windows and groups take some hundreds of megabytes.
    private const int MaxBuckets = 250_000;

    private readonly UsageQuery _query;
    private readonly Dictionary<(DateTimeOffset? Window, string Group), Bucket> _buckets = [];
    private readonly Dictionary<DateTimeOffset, DateTimeOffset> _windowEnds = [];
    private readonly Bucket _total = new(null, []);
    private long _skipped;

    public UsageTotals(UsageQuery query)
    {
        _query = query;
        if (query.Aggregation == Aggregation.WeightedSum)
        {
            for (var index = 0; index < query.WindowStarts.Count; index++)
            {
                // As the engine gives it back, in whole microseconds.
                var start = DuckDbSql.Time(DuckDbSql.Microseconds(query.WindowStarts[index]));
                _windowEnds[start] = index + 1 < query.WindowStarts.Count ? query.WindowStarts[index + 1] : query.Filter.End!.Value;
            }
        }
    }

    /// <summary>How many events have counted so far.</summary>
    public long Events => _total.Cell.Events;

    public void Skip(long events) => _skipped += events;

    public void Add(UsageFinding found)
    {
        if (found.Kind == UsageFindingKind.NoValue)
        {
            _skipped += found.Events;
            return;
        }

        if (_query.Aggregation == Aggregation.WeightedSum)
        {
            AddWeighted(found);
            return;
        }

        var part = new RollupCell { Events = found.Events };
        if (found.Text is { } text)
        {
            var value = ExactUnits.Parse(text);
            part.Sum = value * found.Times;
            part.OfferMax(value);
            part.OfferLatest(value, found.At, found.Sequence);
        }

        _total.Cell.Add(part);
        BucketOf(found).Cell.Add(part);
    }

    /// <summary>Adds what the engine counted of different values; without a window and group, it is of all of them.</summary>
    public void AddUnique(DateTimeOffset? window, string?[] group, long values, long events, long skipped, bool isTotal)
    {
        var part = new RollupCell { Events = events, Sum = values * ExactUnits.One };
        if (isTotal)
        {
            _total.Cell.Add(part);
            _skipped += skipped;
        }
        else if (events > 0)
        {
            BucketOf(window, group).Cell.Add(part);
        }
    }

    public UsageResult ToResult()
    {
        var buckets = _query.WindowStarts.Count == 0 && _query.GroupBy.Count == 0
            ? []
            : _buckets.Values
                .OrderBy(bucket => bucket.Window)
                .ThenBy(bucket => string.Join('\0', bucket.Group), StringComparer.Ordinal)
                .Select(bucket => new UsageBucket(bucket.Window, bucket.Group, ValueOf(bucket), bucket.Cell.Events));
        return new UsageResult(ValueOf(_total), _total.Cell.Events, _skipped, [.. buckets]);
    }

    /// <summary>
    /// The engine weighs each value by the time to the end of its hour; from there to the end of the window it is the same for all of
    /// the hour.
    /// </summary>
    private void AddWeighted(UsageFinding found)
    {
        var value = ExactUnits.Parse(found.Text!);
        var sum = value * found.Times;
        var weighted = found.Kind == UsageFindingKind.Result
            ? ExactUnits.Parse(found.Weight!) * found.Times
            : value * BigInteger.Parse(found.Weight!, System.Globalization.CultureInfo.InvariantCulture);
        var hourEnd = found.At + RollupCell.HourLength;
        _total.Cell.Add(new RollupCell
        {
            Events = found.Events,
            Weighted = weighted + (sum * (DuckDbSql.Microseconds(_query.Filter.End!.Value) - hourEnd)),
        });
        var end = found.Window is { } window ? _windowEnds[window] : _query.Filter.End.Value;
        BucketOf(found).Cell.Add(new RollupCell
        {
            Events = found.Events,
            Weighted = weighted + (sum * (DuckDbSql.Microseconds(end) - hourEnd)),
        });
    }

    private ExactDecimal? ValueOf(Bucket bucket)
    {
        var cell = bucket.Cell;
        var units = _query.Aggregation switch
        {
            Aggregation.Count => (BigInteger?)(cell.Events * ExactUnits.One),
            Aggregation.Average => cell.Events == 0 ? null : ExactUnits.Divide(cell.Sum, cell.Events),
            Aggregation.Max => cell.Max,
            Aggregation.Latest => cell.Latest,
            Aggregation.WeightedSum => cell.Events == 0 ? 0 : ExactUnits.Divide(cell.Weighted, LengthOf(bucket.Window)),
            _ => cell.Sum,
        };
        return units is { } known ? ExactUnits.Exact(known) : null;
    }

    private long LengthOf(DateTimeOffset? window)
    {
        var start = _query.Filter.Start!.Value;
        var end = _query.Filter.End!.Value;
        if (window is { } known)
        {
            start = known > start ? known : start;
            end = _windowEnds[known];
        }

        return DuckDbSql.Microseconds(end) - DuckDbSql.Microseconds(start);
    }

    private Bucket BucketOf(UsageFinding found) => BucketOf(found.Window, found.Group);

    private Bucket BucketOf(DateTimeOffset? window, string?[] group)
    {
        var key = (window, string.Concat(group.Select(part => part is null ? "-" : $"{part.Length}:{part}")));
        if (!_buckets.TryGetValue(key, out var bucket))
        {
            if (_buckets.Count == MaxBuckets)
            {
                throw new EventQueryTooLargeException(null);
            }

            _buckets[key] = bucket = new Bucket(window, group);
        }

        return bucket;
    }

    private sealed class Bucket(DateTimeOffset? window, string?[] group)
    {
        public DateTimeOffset? Window => window;

        public string?[] Group => group;

        public RollupCell Cell { get; } = new();
    }
}
