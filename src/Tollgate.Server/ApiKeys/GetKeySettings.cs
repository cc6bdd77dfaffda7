using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.ApiKeys;

/// <summary><c>GET /v1/settings/api-keys</c>: the tenant's rules for keys.</summary>
internal static class GetKeySettings
{
    public static void MapGetKeySettings(this Api v1) =>
        v1.Get("/settings/api-keys", RouteRule.Requires(Permissions.SettingRead), HandleAsync);

    public static KeySettingsResponse ToResponse(this TenantSettings? row) => new()
    {
        MaxLifetimeDays = row?.MaxKeyLifetimeDays,
        LeakedKeyPolicy = row?.LeakedKeyPolicy ?? LeakedKeyPolicies.Notify,
    };

    private static async Task<Results<Ok<KeySettingsResponse>, Problem>> HandleAsync(
        Caller caller, ControlDb db, CancellationToken cancellationToken) =>
        TypedResults.Ok((await db.TenantSettings.AsNoTracking().SingleOrDefaultAsync(row => row.TenantId == caller.TenantId, cancellationToken))
            .ToResponse());
}
