using Microsoft.AspNetCore.Http.HttpResults;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;

namespace Tollgate.Server.Customers;

/// <summary><c>PUT /v1/customers?id=</c> or <c>?external_customer_id=</c>, which is how the SDK calls it.</summary>
internal static class UpdateCustomerByQuery
{
    public static void MapUpdateCustomerByQuery(this Api v1) =>
        v1.Put("/customers", RouteRule.Requires(Permissions.CustomerWrite), HandleAsync);

    private static async Task<Results<Ok<CustomerResponse>, Problem>> HandleAsync(
        Query<UpdateCustomerQuery> query,
        Body<UpdateCustomerRequest> body,
        HttpContext context,
        ControlChanges changes,
        RequestBounds bounds,
        CancellationToken cancellationToken)
    {
        var (id, externalId) = (query.Value.Id, query.Value.ExternalCustomerId);
        return (id is null) == (externalId is null)
            ? Problem.Invalid("query", "must name the customer by exactly one of id and external_customer_id.")
            : await UpdateCustomer.ChangeAsync(id, externalId, body.Value, context, changes, bounds, cancellationToken);
    }
}
