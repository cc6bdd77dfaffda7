using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Customers;

/// <summary><c>PUT /v1/customers/{id}</c></summary>
internal static class UpdateCustomer
{
    public static void MapUpdateCustomer(this Api v1) =>
        v1.Put("/customers/{id}", RouteRule.Requires(Permissions.CustomerWrite), HandleAsync);

    /// <summary>Changes the customer with this id or, when that is null, with this external id.</summary>
    public static async Task<Results<Ok<CustomerResponse>, Problem>> ChangeAsync(
        string? id,
        string? externalId,
        UpdateCustomerRequest request,
        HttpContext context,
        ControlChanges changes,
        RequestBounds bounds,
        CancellationToken cancellationToken)
    {
        var errors = new FieldErrors();
        CustomerMapping.Check(request.Email, request.AddressCountry, request.Timezone, request.Metadata, errors);
        if (errors.ToProblem() is { } problem)
        {
            return problem;
        }

        await using var change = await changes.BeginAsync(context, cancellationToken);
        var customer = await change.Db.CustomerAsync(change.Caller, id, externalId, cancellationToken);
        if (bounds.RefusalOf(change.Caller, request.ExternalId ?? customer.ExternalId) is { } refusal)
        {
            return refusal;
        }

        var before = customer.ToResponse();
        Apply(request, customer);
        customer.UpdatedAt = change.Now;
        customer.UpdatedBy = change.Caller.AccountId;
        change.Record("customer.update", "customer", customer.Id, before, customer.ToResponse());
        try
        {
            await change.SaveAsync(cancellationToken);
        }
        catch (DbUpdateException exception) when (ControlStore.IsUniqueViolation(exception))
        {
            return CustomerMapping.Exists(customer.ExternalId);
        }

        return TypedResults.Ok(customer.ToResponse());
    }

    private static Task<Results<Ok<CustomerResponse>, Problem>> HandleAsync(
        string id,
        Body<UpdateCustomerRequest> body,
        HttpContext context,
        ControlChanges changes,
        RequestBounds bounds,
        CancellationToken cancellationToken) =>
        ChangeAsync(id, externalId: null, body.Value, context, changes, bounds, cancellationToken);

    private static void Apply(UpdateCustomerRequest request, Customer customer)
    {
        customer.ExternalId = request.ExternalId ?? customer.ExternalId;
        customer.Name = request.Name ?? customer.Name;
        customer.Email = Changed(customer.Email, request.Email);
        customer.Contact = Changed(customer.Contact, request.Contact);
        customer.AddressLine1 = Changed(customer.AddressLine1, request.AddressLine1);
        customer.AddressLine2 = Changed(customer.AddressLine2, request.AddressLine2);
        customer.AddressCity = Changed(customer.AddressCity, request.AddressCity);
        customer.AddressState = Changed(customer.AddressState, request.AddressState);
        customer.AddressPostalCode = Changed(customer.AddressPostalCode, request.AddressPostalCode);
        customer.AddressCountry = Changed(customer.AddressCountry, request.AddressCountry);
        customer.Timezone = Changed(customer.Timezone, request.Timezone);
        customer.Metadata = request.Metadata ?? customer.Metadata;
        customer.Status = request.Status ?? customer.Status;
    }

    /// <summary>Absent: as it was. Empty: removed.</summary>
    private static string? Changed(string? was, string? asked) => asked is null ? was : asked.Length == 0 ? null : asked;
}
