using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Customers;

/// <summary><c>POST /v1/customers</c></summary>
internal static class CreateCustomer
{
    public static void MapCreateCustomer(this Api v1) => v1.Post("/customers", RouteRule.Requires(Permissions.CustomerWrite), HandleAsync);

    private static async Task<Results<Created<CustomerResponse>, Problem>> HandleAsync(
        Body<CreateCustomerRequest> body, HttpContext context, ControlChanges changes, RequestBounds bounds, Ids ids, CancellationToken cancellationToken)
    {
        var request = body.Value;
        var errors = new FieldErrors();
        CustomerMapping.Check(request.Email, request.AddressCountry, request.Timezone, request.Metadata, errors);
        if (errors.ToProblem() is { } problem)
        {
            return problem;
        }

        await using var change = await changes.BeginAsync(context, cancellationToken);
        if (bounds.RefusalOf(change.Caller, request.ExternalId) is { } refusal)
        {
            return refusal;
        }

        var customer = new Customer
        {
            Id = ids.Customer(),
            TenantId = change.Caller.TenantId,
            EnvironmentId = change.Caller.EnvironmentId,
            ExternalId = request.ExternalId,
            Name = request.Name,
            Email = Present(request.Email),
            Contact = Present(request.Contact),
            AddressLine1 = Present(request.AddressLine1),
            AddressLine2 = Present(request.AddressLine2),
            AddressCity = Present(request.AddressCity),
            AddressState = Present(request.AddressState),
            AddressPostalCode = Present(request.AddressPostalCode),
            AddressCountry = Present(request.AddressCountry),
            Timezone = Present(request.Timezone),
            Metadata = request.Metadata ?? new Dictionary<string, string>(),
            Status = Statuses.Published,
            CreatedAt = change.Now,
            UpdatedAt = change.Now,
            CreatedBy = change.Caller.AccountId,
            UpdatedBy = change.Caller.AccountId,
        };
        change.Db.Customers.Add(customer);
        change.Record("customer.create", "customer", customer.Id, after: customer.ToResponse());
        try
        {
            return await change.SaveAsync(TypedResults.Created($"/v1/customers/{customer.Id}", customer.ToResponse()), cancellationToken);
        }
        catch (DbUpdateException exception) when (ControlStore.IsUniqueViolation(exception))
        {
            return CustomerMapping.Exists(request.ExternalId);
        }
    }

    private static string? Present(string? text) => text is { Length: > 0 } ? text : null;
}
