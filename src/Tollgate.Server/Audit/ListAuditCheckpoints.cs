using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Audit;

/// <summary><c>GET /v1/audit/checkpoints</c>: newest first. Keep them elsewhere.</summary>
internal static class ListAuditCheckpoints
{
    public static void MapListAuditCheckpoints(this Api v1) =>
        v1.Get("/audit/checkpoints", RouteRule.Requires(Permissions.AuditRead), HandleAsync);

    private static async Task<Results<Ok<ListResponse<AuditCheckpointResponse>>, Problem>> HandleAsync(
        Query<ListAuditCheckpointsQuery> query, Caller caller, ControlDb db, CancellationToken cancellationToken) =>
        TypedResults.Ok(await db.AuditCheckpoints.AsNoTracking()
            .Where(row => row.TenantId == caller.TenantId)
            .OrderByDescending(row => row.Number)
            .PageAsync(query.Value.Limit, query.Value.Offset, row => row.ToResponse(), cancellationToken));
}
