using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Accounts;
using Tollgate.Server.Customers;
using Tollgate.Server.Hosting;

namespace Tollgate.Server.Environments;

/// <summary><c>PUT /v1/tenants/update</c>: the caller's own; absent members stay.</summary>
internal static class UpdateTenant
{
    public static void MapUpdateTenant(this Api v1) => v1.Put("/tenants/update", RouteRule.Requires(Permissions.TenantWrite), HandleAsync);

    private static async Task<Results<Ok<TenantResponse>, Problem>> HandleAsync(
        Body<UpdateTenantRequest> body, HttpContext context, ControlChanges changes, CancellationToken cancellationToken)
    {
        var request = body.Value;
        var errors = new FieldErrors();
        Metadata.Check(request.Metadata, "metadata", errors);
        errors.Demand(
            request.BillingDetails?.Address?.AddressCountry is null or "" || Countries.Has(request.BillingDetails.Address.AddressCountry),
            "billing_details.address.address_country",
            Countries.Unknown);
        CustomerMapping.CheckEmail(request.BillingDetails?.Email, "billing_details.email", errors);
        CustomerMapping.CheckEmail(request.BillingDetails?.HelpEmail, "billing_details.help_email", errors);
        if (errors.ToProblem() is { } problem)
        {
            return problem;
        }

        await using var change = await changes.BeginAsync(context, cancellationToken);
        var tenant = await change.Db.TenantAsync(change.Caller.TenantId, cancellationToken);
        var before = tenant.ToResponse();
        tenant.Name = request.Name ?? tenant.Name;
        tenant.Metadata = request.Metadata ?? tenant.Metadata;
        tenant.BillingDetails = request.BillingDetails is null
            ? tenant.BillingDetails
            : JsonSerializer.Serialize(request.BillingDetails, WireJson.Options);
        tenant.UpdatedAt = change.Now;
        change.Record("tenant.update", "tenant", tenant.Id, before, tenant.ToResponse());
        await change.SaveAsync(cancellationToken);
        return TypedResults.Ok(tenant.ToResponse());
    }
}
