using Microsoft.AspNetCore.Http.HttpResults;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.ApiKeys;

/// <summary><c>PUT /v1/settings/api-keys</c>: replaces the tenant's rules for keys. Keys that exist keep their expiry.</summary>
internal static class UpdateKeySettings
{
    public static void MapUpdateKeySettings(this Api v1) =>
        v1.Put("/settings/api-keys", RouteRule.Administrator(Permissions.SettingWrite), HandleAsync);

    private static async Task<Results<Ok<KeySettingsResponse>, Problem>> HandleAsync(
        Body<UpdateKeySettingsRequest> body, HttpContext context, ControlChanges changes, CancellationToken cancellationToken)
    {
        await using var change = await changes.BeginAsync(context, cancellationToken);
        var tenantId = change.Caller.TenantId;
        var row = await change.Db.TenantSettings.FindAsync([tenantId], cancellationToken);
        var before = row.ToResponse();
        var after = new KeySettingsResponse { MaxLifetimeDays = body.Value.MaxLifetimeDays, LeakedKeyPolicy = body.Value.LeakedKeyPolicy };
        if (before == after)
        {
            return TypedResults.Ok(after);
        }

        if (row is null)
        {
            row = new TenantSettings { TenantId = tenantId, LeakedKeyPolicy = after.LeakedKeyPolicy, UpdatedAt = change.Now };
            change.Db.TenantSettings.Add(row);
        }

        (row.MaxKeyLifetimeDays, row.LeakedKeyPolicy, row.UpdatedAt) = (after.MaxLifetimeDays, after.LeakedKeyPolicy, change.Now);
        change.Record("settings.api_keys", "tenant", tenantId, before, after);
        await change.SaveAsync(cancellationToken);
        return TypedResults.Ok(after);
    }
}
