using Tollgate.Contracts;
using Tollgate.Server.Events;
using Tollgate.Server.Usage;
using Tollgate.Storage.Control;
using Tollgate.Storage.Events;

namespace Tollgate.Server.Meters;

/// <summary>
/// The one way from a meter to a question, and from its answer to a value: usage by meter, of a customer and on invoices are the same
/// numbers.
/// </summary>
internal sealed class MeterUsage
{
    private static readonly UsageResult Nothing = new(ExactDecimals.Zero, 0, 0, []);

    private readonly MeterAggregation _aggregation;
    private readonly bool _neverResets;
    private readonly EventFilter? _filter;

    private MeterUsage(MeterAggregation aggregation, bool neverResets, EventFilter? filter) =>
        (_aggregation, _neverResets, _filter) = (aggregation, neverResets, filter);

    /// <summary>What the meter counts of what <paramref name="asked"/> lets through; both must hold.</summary>
    public static MeterUsage Of(Meter meter, EventFilter asked)
    {
        var row = meter.ToResponse();
        var filters = UsageAnswers.Both(
            row.Filters.ToDictionary(filter => filter.Key, filter => filter.Values, StringComparer.Ordinal), asked.Properties);
        return new MeterUsage(
            row.Aggregation,
            row.ResetUsage == MeterResets.Never,
            filters is null ? null : asked with { EventName = row.EventName, Properties = filters });
    }

    /// <summary>The events that the meter looks at, whether or not they have the property that it takes; null when none can match.</summary>
    public EventFilter? Filter => _filter;

    /// <summary>The value of the interval's own events, also of a meter that never resets.</summary>
    public Task<UsageResult> IntervalAsync(EventReader events, CancellationToken cancellationToken) => AskAsync(_filter, [], events, cancellationToken);

    /// <summary>The value of the whole interval; of a meter that never resets, since its first event.</summary>
    public Task<UsageResult> TotalAsync(EventReader events, CancellationToken cancellationToken) =>
        AskAsync(_neverResets && _filter is not null ? _filter with { Start = null } : _filter, [], events, cancellationToken);

    /// <summary>The value of each window's own events, and of the whole interval.</summary>
    public async Task<UsageResult> WindowsAsync(
        IReadOnlyList<DateTimeOffset> starts, EventReader events, CancellationToken cancellationToken)
    {
        var windows = await AskAsync(_filter, starts, events, cancellationToken);
        return _neverResets && _filter is not null
            ? await TotalAsync(events, cancellationToken) with { Buckets = windows.Buckets }
            : windows;
    }

    private async Task<UsageResult> AskAsync(
        EventFilter? filter, IReadOnlyList<DateTimeOffset> starts, EventReader events, CancellationToken cancellationToken)
    {
        if (filter is null)
        {
            return Nothing with { Value = IsZeroForNone ? ExactDecimals.Zero : null };
        }

        var query = new UsageQuery
        {
            Filter = filter,
            Aggregation = UsageAnswers.AggregationOf(_aggregation.Type),
            PropertyName = _aggregation.Type == AggregationTypes.Count ? null : _aggregation.Field,
            WindowStarts = starts,
        };
        var result = await events.AskAsync(filter.Reach, (store, token) => store.UsageAsync(query, token), cancellationToken);
        return result with
        {
            Value = Multiplied(result.Value),
            Buckets = [.. result.Buckets.Select(bucket => bucket with { Value = Multiplied(bucket.Value) })],
        };
    }

    private bool IsZeroForNone => UsageAnswers.AggregationOf(_aggregation.Type) is
        Aggregation.Count or Aggregation.Sum or Aggregation.CountUnique or Aggregation.WeightedSum;

    // The sum of the products is the product of the sum, and both are exact.
    private ExactDecimal? Multiplied(ExactDecimal? value) =>
        value is { } sum && _aggregation.Type == AggregationTypes.SumWithMultiplier
            ? sum.Times(ExactDecimals.Stored(_aggregation.Multiplier!))
            : value;
}
