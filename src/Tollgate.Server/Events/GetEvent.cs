using Microsoft.AspNetCore.Http.HttpResults;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Events;

/// <summary><c>GET /v1/events/{id}</c>: one event with its provenance and what each meter makes of it.</summary>
internal static class GetEvent
{
    public static void MapGetEvent(this Api v1) =>
        v1.Get("/events/{id}", RouteRule.Requires(Permissions.EventRead), HandleAsync);

    private static async Task<Results<Ok<SingleEventResponse>, Problem>> HandleAsync(
        string id, HttpContext context, Caller caller, ControlDb db, EventReader events, TimeProvider time, CancellationToken cancellationToken)
    {
        // The route's own value is decoded only in part.
        _ = id;
        var eventId = PathSegment.LastOf(context);
        return PathSegment.IsPossible(eventId, Limits.MaxEventTextLength)
            ? await LookupEvent.FindAsync(eventId, caller, db, events, time, cancellationToken)
            : Problem.NotFound("event");
    }
}
