using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Customers;
using Tollgate.Server.Hosting;
using Tollgate.Server.Meters;
using Tollgate.Storage.Control;
using Tollgate.Storage.Events;

namespace Tollgate.Server.Events;

/// <summary>
/// <c>GET /v1/events/lookup?id=</c>: one event with its provenance and what each meter makes of it, for ids that don't fit into a path.
/// </summary>
internal static class LookupEvent
{
    public static void MapLookupEvent(this Api v1) =>
        v1.Get("/events/lookup", RouteRule.Requires(Permissions.EventRead), HandleAsync);

    /// <summary>The event with this id, whenever it happened.</summary>
    public static async Task<Results<Ok<SingleEventResponse>, Problem>> FindAsync(
        string eventId, Caller caller, ControlDb db, EventReader events, TimeProvider time, CancellationToken cancellationToken)
    {
        if (await events.FindAsync(caller.ReachAt(time.GetUtcNow()), eventId, cancellationToken) is not { } stored)
        {
            return Problem.NotFound("event");
        }

        var meters = await db.Meters.AsNoTracking().Of(caller).Where(row => row.Status == Statuses.Published)
            .OrderBy(row => row.Name).ToListAsync(cancellationToken);
        var ofName = meters.Where(meter => meter.EventName == stored.EventName).ToList();
        var properties = PropertyValues.Of(stored.Properties);
        return TypedResults.Ok(stored.ToSingleResponse(
            await CustomerOfAsync(stored.ExternalCustomerId, caller, db, cancellationToken),
            [.. ofName.Select(meter => MeterVerdicts.Of(meter, properties, stored.QuarantineId is not null))],
            ofName.Count == 0 ? SimilarNames.Nearest(stored.EventName, meters) : null));
    }

    private static async Task<EventCustomerResponse> CustomerOfAsync(
        string externalId, Caller caller, ControlDb db, CancellationToken cancellationToken)
    {
        var customer = await db.Customers.AsNoTracking().Of(caller)
            .SingleOrDefaultAsync(row => row.ExternalId == externalId && row.Status != Statuses.Deleted, cancellationToken);
        return new EventCustomerResponse { ExternalCustomerId = externalId, Id = customer?.Id, Status = customer?.Status ?? "unknown" };
    }

    private static Task<Results<Ok<SingleEventResponse>, Problem>> HandleAsync(
        Query<LookupEventQuery> query, Caller caller, ControlDb db, EventReader events, TimeProvider time, CancellationToken cancellationToken) =>
        FindAsync(query.Value.Id, caller, db, events, time, cancellationToken);
}
