using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Accounts;

/// <summary><c>GET /v1/users/me</c>: who the caller is and what they may do now.</summary>
internal static class GetMe
{
    public static void MapGetMe(this Api v1) =>
        v1.Get("/users/me", RouteRule.AnyPrincipal("Everybody may see who they are.", openBeforePasswordChange: true), HandleAsync);

    private static async Task<Ok<MeResponse>> HandleAsync(Caller caller, ControlDb db, CancellationToken cancellationToken) =>
        TypedResults.Ok(await MeAsync(db, caller, cancellationToken));

    public static async Task<MeResponse> MeAsync(ControlDb db, Caller caller, CancellationToken cancellationToken)
    {
        var account = await db.AccountAsync(caller.TenantId, caller.AccountId, cancellationToken);
        var tenant = await db.TenantAsync(caller.TenantId, cancellationToken);
        var environment = await db.Environments.AsNoTracking().SingleAsync(row => row.Id == caller.EnvironmentId, cancellationToken);
        var key = caller.ApiKeyId is null
            ? null
            : await db.ApiKeys.AsNoTracking().SingleAsync(row => row.Id == caller.ApiKeyId, cancellationToken);
        var response = account.ToResponse(tenant);
        if (caller.Constraints is { LimitsData: true })
        {
            // Such a key is handed to customers, whom the tenant's bills and notes are none of.
            response = response with { Tenant = response.Tenant with { BillingDetails = null, Metadata = new Dictionary<string, string>() } };
        }

        return new MeResponse(response, new PrincipalResponse
        {
            Kind = key is null ? "session" : "api_key",
            Roles = key?.Roles ?? caller.Rights.Roles,
            Permissions = caller.Permissions.Names,
            EnvironmentId = caller.EnvironmentId,
            EnvironmentName = environment.Name,
            EnvironmentType = environment.Type,
            Administrator = caller.IsAdministrator,
            PasswordChangeRequired = caller.Session is not null && caller.Rights.MustChangePassword,
            ApiKey = key is null
                ? null
                : new PrincipalApiKeyResponse
                {
                    Id = key.Id,
                    Name = key.Name,
                    DisplayId = key.DisplayId,
                    ExpiresAt = key.ExpiresAt,
                    Constraints = caller.Constraints?.Wire,
                },
        });
    }
}
