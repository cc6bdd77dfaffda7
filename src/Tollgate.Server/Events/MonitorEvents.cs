using Microsoft.AspNetCore.Http.HttpResults;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Server.Usage;
using Tollgate.Storage.Events;
using Tollgate.Storage.Log;

namespace Tollgate.Server.Events;

/// <summary><c>GET /v1/events/monitoring</c>: how many events come, by window, and how far reading is behind accepting.</summary>
internal static class MonitorEvents
{
    private static readonly TimeSpan Default = TimeSpan.FromHours(24);

    public static void MapMonitorEvents(this Api v1) => v1.Get("/events/monitoring", RouteRule.Requires(Permissions.EventRead), HandleAsync);

    private static async Task<Results<Ok<EventMonitoringResponse>, Problem>> HandleAsync(
        Query<MonitorEventsQuery> query,
        Caller caller,
        AccessDirectory directory,
        EventReader events,
        IEventLog log,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        var asked = query.Value;
        var errors = new FieldErrors();
        var selection = EventSelection.Of(asked, directory, errors);
        var interval = EventInterval.Of(asked.StartTime, asked.EndTime, time, errors, Default);
        var size = asked.WindowSize ?? WindowSizes.Hour;
        var starts = errors.Any ? [] : UsageWindows.Starts(size, TimeZoneInfo.Utc, interval.Start, interval.End);
        errors.Demand(starts is not null, "window_size", $"cuts the interval into more than {Limits.MaxUsageWindows} windows.");
        if (errors.ToProblem() is { } problem)
        {
            return problem;
        }

        var usage = new UsageQuery
        {
            Filter = selection.ToFilter(caller.ReachAt(time.GetUtcNow())) with { Start = interval.Start, End = interval.End },
            Aggregation = Aggregation.Count,
            WindowStarts = starts!,
        };
        // What the count lacks is told beside it: a store that is far behind is what monitoring is for.
        var (counted, applied) = await events.AskBehindAsync(
            usage.Filter.Reach,
            async (store, token) =>
            {
                var carried = store.AppliedSequence;
                return (await store.UsageAsync(usage, token), carried);
            },
            Limits.MonitoringWait,
            cancellationToken);
        var (lag, seconds) = await LagAsync(caller, log, applied, time.GetUtcNow(), cancellationToken);
        var counts = counted.Buckets.ToDictionary(bucket => bucket.WindowStart!.Value, bucket => bucket.Events);
        return TypedResults.Ok(new EventMonitoringResponse
        {
            TotalCount = counted.Events,
            Points = [.. starts!.Select(start => new EventCountPoint { Timestamp = start, EventCount = counts.GetValueOrDefault(start) })],
            WindowSize = size,
            StartTime = interval.Start,
            EndTime = interval.End,
            ConsumptionLag = lag,
            ConsumptionLagSeconds = seconds,
        });
    }

    /// <summary>
    /// What is in the log and not yet in the store. The number is that of the events that the caller may see: how many the others send is
    /// nobody's business. The age is the whole server's.
    /// </summary>
    private static async Task<(long? Events, long Seconds)> LagAsync(
        Caller caller, IEventLog log, long applied, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var (events, seconds, seen) = (0L, 0L, 0);
        if (applied >= log.DurableSequence)
        {
            return (events, seconds);
        }

        await foreach (var batch in log.ReadAsync(applied, cancellationToken))
        {
            if (seen == 0)
            {
                seconds = Math.Max(0, (long)(now - batch.Batch.IngestedAt).TotalSeconds);
            }

            seen += batch.Batch.Events.Count;
            if (seen > Limits.MaxLagCounted)
            {
                return (null, seconds);
            }

            var provenance = batch.Batch.Provenance;
            if (provenance.TenantId == caller.TenantId && provenance.EnvironmentId == caller.EnvironmentId)
            {
                events += batch.Batch.Events
                    .Skip((int)Math.Max(0, applied + 1 - batch.FirstSequence))
                    .Count(each => caller.Constraints?.Refusing(each.EventName, each.ExternalCustomerId, each.Source, now - each.Timestamp) is null);
            }
        }

        return (events, seconds);
    }
}
