using System.Security.Cryptography;
using System.Text;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Corrections;

internal static class CorrectionMapping
{
    public static QuarantineResponse ToResponse(this QuarantineRow row) => new()
    {
        Id = row.Id,
        Status = row.ReleasedAt is null ? "active" : "released",
        ApiKeyId = row.ApiKeyId,
        EnvironmentId = row.EnvironmentId,
        StartTime = row.StartTime,
        EndTime = row.EndTime,
        Reason = row.Reason,
        Events = row.Events,
        Effect = null,
        CreatedAt = row.CreatedAt,
        CreatedBy = row.CreatedBy,
        ReleasedAt = row.ReleasedAt,
        ReleasedBy = row.ReleasedBy,
    };

    public static RemovalResponse ToResponse(this RemovalRow row) => new()
    {
        Id = row.Id,
        Kind = row.Kind,
        Status = row.CompletedAt is null ? "running" : "completed",
        EnvironmentId = row.EnvironmentId,
        CustomerDigest = row.CustomerDigest,
        Before = row.BeforeTime,
        Sums = row.KeepSums ? "kept" : "removed",
        Reason = row.Reason,
        Events = row.Events,
        CreatedAt = row.CreatedAt,
        CreatedBy = row.CreatedBy,
        CompletedAt = row.CompletedAt,
    };

    public static IQueryable<QuarantineRow> Of(this IQueryable<QuarantineRow> rows, Caller caller)
    {
        var (tenant, environment) = (caller.TenantId, caller.EnvironmentId);
        return rows.Where(row => row.TenantId == tenant && row.EnvironmentId == environment);
    }

    public static IQueryable<RemovalRow> Of(this IQueryable<RemovalRow> rows, Caller caller)
    {
        var (tenant, environment) = (caller.TenantId, caller.EnvironmentId);
        return rows.Where(row => row.TenantId == tenant && row.EnvironmentId == environment);
    }

    /// <summary>By which somebody who knows the id can tell that it was meant, and nobody else.</summary>
    public static string DigestOf(string externalCustomerId) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(externalCustomerId)));

    /// <summary>What is done in earnest says why.</summary>
    public static void DemandReason(string? reason, bool? dryRun, FieldErrors errors) =>
        errors.Demand(dryRun == true || !string.IsNullOrWhiteSpace(reason), "reason", "is required, unless dry_run is true.");
}
