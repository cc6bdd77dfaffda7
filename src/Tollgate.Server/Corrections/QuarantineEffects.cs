using Microsoft.EntityFrameworkCore;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Events;
using Tollgate.Server.Hosting;
using Tollgate.Server.Meters;
using Tollgate.Server.Usage;
using Tollgate.Storage.Control;
using Tollgate.Storage.Events;

namespace Tollgate.Server.Corrections;

/// <summary>Says what a quarantine would take out of queries and sums.</summary>
internal sealed class QuarantineEffects(ControlDb db, EventReader events, TimeProvider time)
{
    private const int MaxListed = 1000;

    /// <summary>How many counted events it takes, and what that changes.</summary>
    public async Task<(long Events, QuarantineEffectResponse Effect)> OfAsync(
        Caller caller, EventQuarantine quarantine, CancellationToken cancellationToken)
    {
        var taken = new EventFilter { Reach = caller.ReachAt(time.GetUtcNow()), TakenBy = quarantine };
        var count = await events.AskAsync(
            taken.Reach,
            (store, token) => store.UsageAsync(
                new UsageQuery
                {
                    Filter = taken,
                    Aggregation = Aggregation.Count,
                    GroupBy = [new EventGroup(EventGroupKind.ExternalCustomerId, ""), new EventGroup(EventGroupKind.EventName, "")],
                },
                token),
            cancellationToken);
        var listed = count.Buckets
            .Select(bucket => new QuarantinedEventsResponse
            {
                ExternalCustomerId = bucket.Group[0]!,
                EventName = bucket.Group[1]!,
                Events = bucket.Events,
            })
            .OrderByDescending(each => each.Events)
            .ThenBy(each => each.ExternalCustomerId, StringComparer.Ordinal)
            .ThenBy(each => each.EventName, StringComparer.Ordinal)
            .ToList();
        var first = await EdgeAsync(taken, descending: false, cancellationToken);
        var last = await EdgeAsync(taken, descending: true, cancellationToken);
        var names = listed.Select(each => each.EventName).ToHashSet(StringComparer.Ordinal);
        var meters = (await db.Meters.AsNoTracking().Of(caller).Where(row => row.Status == Statuses.Published).OrderBy(row => row.Name).ToListAsync(cancellationToken))
            .Where(meter => names.Contains(meter.EventName)).ToList();
        return (count.Events, new QuarantineEffectResponse
        {
            FirstTimestamp = first,
            LastTimestamp = last,
            EventsByCustomer = [.. listed.Take(MaxListed)],
            HasMore = listed.Count > MaxListed,
            Meters = first is { } from && last is { } to
                ? await MetersAsync(
                    meters.Take(Limits.MaxQuarantinedMeters), new EventFilter { Reach = taken.Reach, Start = HourOf(from), End = HourOf(to).AddHours(1) }, quarantine, cancellationToken)
                : [],
            HasMoreMeters = meters.Count > Limits.MaxQuarantinedMeters,
        });
    }

    /// <summary>What the meters say of the hours with these events, and without them.</summary>
    private async Task<IReadOnlyList<QuarantinedMeterResponse>> MetersAsync(
        IEnumerable<Meter> meters, EventFilter hours, EventQuarantine quarantine, CancellationToken cancellationToken)
    {
        var changes = new List<QuarantinedMeterResponse>();
        foreach (var meter in meters)
        {
            var before = await MeterUsage.Of(meter, hours).IntervalAsync(events, cancellationToken);
            var after = await MeterUsage.Of(meter, hours with { NotTakenBy = quarantine }).IntervalAsync(events, cancellationToken);
            changes.Add(new QuarantinedMeterResponse
            {
                MeterId = meter.Id,
                Name = meter.Name,
                EventName = meter.EventName,
                Before = before.Value?.ToNumber(),
                After = after.Value?.ToNumber(),
            });
        }

        return changes;
    }

    private static DateTimeOffset HourOf(DateTimeOffset time) => new(time.UtcTicks - (time.UtcTicks % TimeSpan.TicksPerHour), TimeSpan.Zero);

    private async Task<DateTimeOffset?> EdgeAsync(EventFilter taken, bool descending, CancellationToken cancellationToken)
    {
        var page = await events.AskAsync(
            taken.Reach,
            (store, token) => store.QueryAsync(new EventQuery { Filter = taken, Descending = descending, PageSize = 1 }, token), cancellationToken);
        return page.Events is [var first, ..] ? first.Timestamp : null;
    }
}
