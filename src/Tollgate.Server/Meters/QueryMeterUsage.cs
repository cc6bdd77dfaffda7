using Microsoft.AspNetCore.Http.HttpResults;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Events;
using Tollgate.Server.Hosting;
using Tollgate.Server.Usage;
using Tollgate.Storage.Control;
using Tollgate.Storage.Events;

namespace Tollgate.Server.Meters;

/// <summary><c>POST /v1/events/usage/meter</c>: what a meter says.</summary>
internal static class QueryMeterUsage
{
    public static void MapQueryMeterUsage(this Api v1) =>
        v1.Post("/events/usage/meter", RouteRule.Requires(Permissions.EventRead), HandleAsync);

    private static async Task<Results<Ok<MeterUsageResponse>, Problem>> HandleAsync(
        Body<MeterUsageRequest> body, Caller caller, ControlDb db, EventReader events, TimeProvider time, CancellationToken cancellationToken)
    {
        var request = body.Value;
        var errors = new FieldErrors();
        var interval = EventInterval.Of(request.StartTime, request.EndTime, time, errors);
        EventFilters.Check("filters", request.Filters, errors);
        var starts = UsageAnswers.WindowStarts(request.WindowSize, request.Timezone, interval, errors);
        if (errors.ToProblem() is { } problem)
        {
            return problem;
        }

        var meter = await db.LivingMeterAsync(caller, request.MeterId, cancellationToken);
        var usage = MeterUsage.Of(meter, new EventFilter
        {
            Reach = caller.ReachAt(time.GetUtcNow()),
            ExternalCustomerId = request.ExternalCustomerId,
            CustomerId = request.CustomerId,
            Start = interval.Start,
            End = interval.End,
            Properties = request.Filters ?? new Dictionary<string, IReadOnlyList<string>>(),
        });
        var result = starts.Count == 0
            ? await usage.TotalAsync(events, cancellationToken)
            : await usage.WindowsAsync(starts, events, cancellationToken);
        return TypedResults.Ok(new MeterUsageResponse
        {
            MeterId = meter.Id,
            Results = [.. result.Buckets.Select(bucket => new MeterWindowResponse
            {
                WindowSize = bucket.WindowStart,
                Value = bucket.Value?.ToNumber(),
            })],
            Value = result.Value?.ToNumber(),
            Events = result.Events,
            Skipped = result.Skipped,
            EventName = meter.EventName,
            Type = meter.AggregationOf().Type,
        });
    }
}
