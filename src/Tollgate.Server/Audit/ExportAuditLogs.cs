using System.Buffers;
using System.Reflection;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.EntityFrameworkCore;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Audit;

/// <summary>
/// <c>GET /v1/audit/export</c>: the log as NDJSON, ascending, with everything that it takes to verify it elsewhere. However long it is, it
/// takes the memory of one page.
/// </summary>
internal static class ExportAuditLogs
{
    public static void MapExportAuditLogs(this Api v1) => v1.Get("/audit/export", RouteRule.Requires(Permissions.AuditRead), HandleAsync);

    private static async Task<Results<AuditExportResult, Problem>> HandleAsync(
        Query<ExportAuditLogsQuery> query, Caller caller, ControlDb db, CancellationToken cancellationToken)
    {
        // By numbers and not by time: the clock may have stepped back, and a part with holes could not be verified.
        var rows = db.AuditRecords.AsNoTracking().Where(row => row.TenantId == caller.TenantId);
        var (start, end) = (query.Value.StartTime, query.Value.EndTime);
        var first = start is null ? 1 : await rows.Where(row => row.At >= start).MinAsync(row => (long?)row.Number, cancellationToken) ?? long.MaxValue;
        var last = end is null ? long.MaxValue : await rows.Where(row => row.At < end).MaxAsync(row => (long?)row.Number, cancellationToken) ?? 0;
        return new AuditExportResult(caller.TenantId, first, last);
    }
}

/// <summary>The records of a tenant from one number to another, one on a line.</summary>
internal sealed class AuditExportResult(string tenantId, long first, long last) : IResult, IEndpointMetadataProvider
{
    private const string ContentType = "application/x-ndjson";
    private const int PageSize = 500;

    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder) =>
        builder.Metadata.Add(new ProducesResponseTypeMetadata(StatusCodes.Status200OK, typeof(AuditExportRecord), [ContentType]));

    public Task ExecuteAsync(HttpContext httpContext)
    {
        var store = httpContext.RequestServices.GetRequiredService<ControlStore>();
        var body = httpContext.Response.BodyWriter;
        var next = first;
        return Download.SendAsync(httpContext, ContentType, "audit.ndjson", async (_, cancellationToken) =>
        {
            var page = await PageAsync(store, next, cancellationToken);
            foreach (var row in page)
            {
                body.Write(row.ToExport().ToLine());
                body.Write("\n"u8);
                next = row.Number + 1;
            }

            return page.Count == PageSize;
        });
    }

    private async Task<List<AuditRecord>> PageAsync(ControlStore store, long from, CancellationToken cancellationToken)
    {
        await using var db = store.CreateContext();
        return await db.AuditRecords.AsNoTracking()
            .Where(row => row.TenantId == tenantId && row.Number >= from && row.Number <= last)
            .OrderBy(row => row.Number)
            .Take(PageSize)
            .ToListAsync(cancellationToken);
    }
}
