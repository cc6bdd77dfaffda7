using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Audit;

/// <summary><c>GET /v1/audit/logs</c>: what was done and what was refused in the caller's tenant, newest first.</summary>
internal static class ListAuditLogs
{
    // As it is written in a record's decision.
    private const string SaysDenied = "\"result\":\"denied\"";

    public static void MapListAuditLogs(this Api v1) => v1.Get("/audit/logs", RouteRule.Requires(Permissions.AuditRead), HandleAsync);

    private static async Task<Results<Ok<ListResponse<AuditLogResponse>>, Problem>> HandleAsync(
        Query<ListAuditLogsQuery> query, Caller caller, ControlDb db, CancellationToken cancellationToken)
    {
        var asked = query.Value;
        if (asked.Action is { } action && action.IndexOf('*', StringComparison.Ordinal) is var star && star >= 0 && star != action.Length - 1)
        {
            return Problem.Invalid("action", "may end with *, and have none elsewhere.");
        }

        return TypedResults.Ok(await Matching(asked, db.AuditRecords.AsNoTracking().Where(row => row.TenantId == caller.TenantId))
            .OrderByDescending(row => row.Number)
            .PageAsync(asked.Limit, asked.Offset, row => row.ToResponse(), cancellationToken));
    }

    private static IQueryable<AuditRecord> Matching(ListAuditLogsQuery asked, IQueryable<AuditRecord> rows)
    {
        rows = asked.ActorId is { } actor ? rows.Where(row => row.ActorId == actor) : rows;
        rows = asked.ApiKeyId is { } key ? rows.Where(row => row.ApiKeyId == key) : rows;
        rows = asked.TargetType is { } type ? rows.Where(row => row.TargetType == type) : rows;
        rows = asked.TargetId is { } target ? rows.Where(row => row.TargetId == target) : rows;
        rows = asked.Severity is { } severity ? rows.Where(row => row.Severity == severity) : rows;
        rows = asked.RequestId is { } request ? rows.Where(row => row.RequestId == request) : rows;
        rows = asked.StartTime is { } start ? rows.Where(row => row.At >= start) : rows;
        rows = asked.EndTime is { } end ? rows.Where(row => row.At < end) : rows;
        rows = asked.Result switch
        {
            "denied" => rows.Where(row => row.Decision != null && row.Decision.Contains(SaysDenied)),
            "changed" => rows.Where(row => row.Decision == null || !row.Decision.Contains(SaysDenied)),
            _ => rows,
        };
        if (asked.Action is not { } action)
        {
            return rows;
        }

        var prefix = action.TrimEnd('*');
        return action.EndsWith('*') ? rows.Where(row => row.Action.StartsWith(prefix)) : rows.Where(row => row.Action == action);
    }
}
