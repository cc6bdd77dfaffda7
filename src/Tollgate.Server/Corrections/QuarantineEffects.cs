using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Events;
using Tollgate.Storage.Events;

namespace Tollgate.Server.Corrections;

/// <summary>Says what a quarantine would take out of queries and sums.</summary>
internal sealed class QuarantineEffects(EventReader events, TimeProvider time)
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
        return (count.Events, new QuarantineEffectResponse
        {
            FirstTimestamp = await EdgeAsync(taken, descending: false, cancellationToken),
            LastTimestamp = await EdgeAsync(taken, descending: true, cancellationToken),
            EventsByCustomer = [.. listed.Take(MaxListed)],
            HasMore = listed.Count > MaxListed,
        });
    }

    private async Task<DateTimeOffset?> EdgeAsync(EventFilter taken, bool descending, CancellationToken cancellationToken)
    {
        var page = await events.AskAsync(
            taken.Reach,
            (store, token) => store.QueryAsync(new EventQuery { Filter = taken, Descending = descending, PageSize = 1 }, token), cancellationToken);
        return page.Events is [var first, ..] ? first.Timestamp : null;
    }
}
