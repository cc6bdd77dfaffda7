using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Corrections;

/// <summary><c>GET /v1/events/removals/{id}</c></summary>
internal static class GetRemoval
{
    public static void MapGetRemoval(this Api v1) => v1.Get("/events/removals/{id}", RouteRule.Requires(Permissions.AuditRead), HandleAsync);

    private static async Task<Results<Ok<RemovalResponse>, Problem>> HandleAsync(
        string id, Caller caller, ControlDb db, CancellationToken cancellationToken) =>
        await db.EventRemovals.AsNoTracking().Of(caller).SingleOrDefaultAsync(row => row.Id == id, cancellationToken) is { } found
            ? TypedResults.Ok(found.ToResponse())
            : Problem.NotFound("removal");
}
