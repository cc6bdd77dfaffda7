using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Corrections;

/// <summary><c>GET /v1/events/quarantine/{id}</c></summary>
internal static class GetQuarantine
{
    public static void MapGetQuarantine(this Api v1) =>
        v1.Get("/events/quarantine/{id}", RouteRule.Requires(Permissions.AuditRead), HandleAsync);

    private static async Task<Results<Ok<QuarantineResponse>, Problem>> HandleAsync(
        string id, Caller caller, ControlDb db, CancellationToken cancellationToken) =>
        await db.EventQuarantines.AsNoTracking().Of(caller).SingleOrDefaultAsync(row => row.Id == id, cancellationToken) is { } found
            ? TypedResults.Ok(found.ToResponse())
            : Problem.NotFound("quarantine");
}
