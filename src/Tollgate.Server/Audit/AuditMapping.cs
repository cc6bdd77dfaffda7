using System.Text.Json;
using Tollgate.Contracts;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Audit;

internal static class AuditMapping
{
    public static AuditLogResponse ToResponse(this AuditRecord row) => new()
    {
        Id = row.Id,
        Number = row.Number,
        At = row.At,
        ActorType = row.ActorType,
        ActorId = row.ActorId,
        ApiKeyId = row.ApiKeyId,
        Action = row.Action,
        TargetType = row.TargetType,
        TargetId = row.TargetId,
        Before = Json(row.Before),
        After = Json(row.After),
        RequestId = row.RequestId,
        Address = row.Address,
        Severity = row.Severity,
        Decision = Json(row.Decision),
        PreviousHash = Convert.ToHexStringLower(row.PreviousHash),
        Hash = Convert.ToHexStringLower(row.Hash),
    };

    public static AuditExportRecord ToExport(this AuditRecord row) => new()
    {
        TenantId = row.TenantId,
        Number = row.Number,
        Id = row.Id,
        At = row.At,
        ActorType = row.ActorType,
        ActorId = row.ActorId,
        ApiKeyId = row.ApiKeyId,
        Action = row.Action,
        TargetType = row.TargetType,
        TargetId = row.TargetId,
        Before = row.Before,
        After = row.After,
        RequestId = row.RequestId,
        Address = row.Address,
        Severity = row.Severity,
        Decision = row.Decision,
        PreviousHash = Convert.ToHexStringLower(row.PreviousHash),
        Hash = Convert.ToHexStringLower(row.Hash),
    };

    public static AuditLink ToLink(this AuditRecord row) =>
        new(row.TenantId, row.Number, row.Id, row.PreviousHash, row.Hash, AuditTrail.HashOf(row));

    public static AuditCheckpointResponse ToResponse(this AuditCheckpoint row) => new()
    {
        TenantId = row.TenantId,
        Number = row.Number,
        Hash = Convert.ToHexStringLower(row.Hash),
        At = row.At,
    };

    // Whoever could write to the database could write anything into it; a record must be shown all the same.
    private static JsonElement? Json(string? text)
    {
        try
        {
            return text is null ? null : JsonSerializer.Deserialize<JsonElement>(text, WireJson.Options);
        }
        catch (JsonException)
        {
            return JsonSerializer.SerializeToElement(text, WireJson.Options);
        }
    }
}
