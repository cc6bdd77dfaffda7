using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Audit;

/// <summary><c>GET /v1/audit/logs/{id}</c></summary>
internal static class GetAuditLog
{
    public static void MapGetAuditLog(this Api v1) => v1.Get("/audit/logs/{id}", RouteRule.Requires(Permissions.AuditRead), HandleAsync);

    private static async Task<Results<Ok<AuditLogResponse>, Problem>> HandleAsync(
        string id, Caller caller, ControlDb db, CancellationToken cancellationToken) =>
        await db.AuditRecords.AsNoTracking()
            .SingleOrDefaultAsync(row => row.Id == id && row.TenantId == caller.TenantId, cancellationToken) is { } row
                ? TypedResults.Ok(row.ToResponse())
                : Problem.NotFound("audit record");
}
