using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Events;
using Tollgate.Server.Hosting;
using Tollgate.Server.Meters;
using Tollgate.Server.Usage;
using Tollgate.Storage.Control;
using Tollgate.Storage.Events;

namespace Tollgate.Server.Customers;

/// <summary>
/// <c>GET /v1/customers/{id}/usage</c>: what every meter says of a customer. It asks for <c>event:read</c>, since sums of events are what it
/// shows; of the customer it says no more than the id that the events carry.
/// </summary>
internal static class GetCustomerUsage
{
    public static void MapGetCustomerUsage(this Api v1) =>
        v1.Get("/customers/{id}/usage", RouteRule.Requires(Permissions.EventRead), HandleAsync);

    private static async Task<Results<Ok<CustomerUsageResponse>, Problem>> HandleAsync(
        string id,
        Query<CustomerUsageQuery> query,
        Caller caller,
        ControlDb db,
        EventReader events,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        var errors = new FieldErrors();
        var interval = EventInterval.Of(query.Value.StartTime, query.Value.EndTime, time, errors);
        if (errors.ToProblem() is { } problem)
        {
            return problem;
        }

        var customer = await db.CustomerAsync(caller, id, externalId: null, cancellationToken);
        var meters = await db.Meters.AsNoTracking().Of(caller).Where(row => row.Status == Statuses.Published)
            .OrderBy(row => row.Name).ToListAsync(cancellationToken);
        var filter = new EventFilter
        {
            Reach = caller.ReachAt(time.GetUtcNow()),
            ExternalCustomerId = customer.ExternalId,
            Start = interval.Start,
            End = interval.End,
        };
        var answers = new List<CustomerMeterResponse>(meters.Count);
        foreach (var meter in meters)
        {
            var usage = await MeterUsage.Of(meter, filter).TotalAsync(events, cancellationToken);
            answers.Add(new CustomerMeterResponse
            {
                MeterId = meter.Id,
                Name = meter.Name,
                EventName = meter.EventName,
                Aggregation = meter.AggregationOf(),
                Value = usage.Value?.ToNumber(),
                Events = usage.Events,
                Skipped = usage.Skipped,
            });
        }

        return TypedResults.Ok(new CustomerUsageResponse
        {
            CustomerId = customer.Id,
            ExternalCustomerId = customer.ExternalId,
            StartTime = interval.Start,
            EndTime = interval.End,
            Meters = answers,
        });
    }
}
