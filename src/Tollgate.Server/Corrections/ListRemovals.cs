using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Corrections;

/// <summary><c>GET /v1/events/removals</c>: what was removed for good in the environment, newest first.</summary>
internal static class ListRemovals
{
    public static void MapListRemovals(this Api v1) => v1.Get("/events/removals", RouteRule.Requires(Permissions.AuditRead), HandleAsync);

    private static async Task<Results<Ok<ListResponse<RemovalResponse>>, Problem>> HandleAsync(
        Query<ListCorrectionsQuery> query, Caller caller, ControlDb db, CancellationToken cancellationToken) =>
        TypedResults.Ok(await db.EventRemovals.AsNoTracking().Of(caller)
            .OrderByDescending(row => row.CreatedAt).ThenByDescending(row => row.Id)
            .PageAsync(query.Value.Limit, query.Value.Offset, row => row.ToResponse(), cancellationToken));
}
