using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Corrections;

/// <summary><c>GET /v1/events/quarantine</c>: those of the environment, newest first, released ones included.</summary>
internal static class ListQuarantines
{
    public static void MapListQuarantines(this Api v1) =>
        v1.Get("/events/quarantine", RouteRule.Requires(Permissions.AuditRead), HandleAsync);

    private static async Task<Results<Ok<ListResponse<QuarantineResponse>>, Problem>> HandleAsync(
        Query<ListCorrectionsQuery> query, Caller caller, ControlDb db, CancellationToken cancellationToken) =>
        TypedResults.Ok(await db.EventQuarantines.AsNoTracking().Of(caller)
            .OrderByDescending(row => row.CreatedAt).ThenByDescending(row => row.Id)
            .PageAsync(query.Value.Limit, query.Value.Offset, row => row.ToResponse(), cancellationToken));
}
