using Microsoft.AspNetCore.Http.HttpResults;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;

namespace Tollgate.Server.Events;

/// <summary><c>GET /v1/events/lookup?id=</c>: one event with its provenance, for ids that don't fit into a path.</summary>
internal static class LookupEvent
{
    public static void MapLookupEvent(this Api v1) =>
        v1.Get("/events/lookup", RouteRule.Requires(Permissions.EventRead), HandleAsync);

    /// <summary>The event with this id, whenever it happened.</summary>
    public static async Task<Results<Ok<SingleEventResponse>, Problem>> FindAsync(
        string eventId, Caller caller, EventReader events, TimeProvider time, CancellationToken cancellationToken)
    {
        var stored = await events.FindAsync(caller.ReachAt(time.GetUtcNow()), eventId, cancellationToken);
        return stored is null ? Problem.NotFound("event") : TypedResults.Ok(stored.ToSingleResponse());
    }

    private static Task<Results<Ok<SingleEventResponse>, Problem>> HandleAsync(
        Query<LookupEventQuery> query, Caller caller, EventReader events, TimeProvider time, CancellationToken cancellationToken) =>
        FindAsync(query.Value.Id, caller, events, time, cancellationToken);
}
