using System.Text.Json;
using Tollgate.Contracts;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Environments;

internal static class TenantMapping
{
    public static TenantResponse ToResponse(this Tenant row) => new()
    {
        Id = row.Id,
        Name = row.Name,
        Status = row.Status,
        BillingDetails = row.BillingDetails is null ? null : JsonSerializer.Deserialize<TenantBillingDetails>(row.BillingDetails, WireJson.Options),
        Metadata = row.Metadata,
        CreatedAt = row.CreatedAt,
        UpdatedAt = row.UpdatedAt,
    };
}
