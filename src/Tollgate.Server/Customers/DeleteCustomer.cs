using Microsoft.AspNetCore.Http.HttpResults;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;

namespace Tollgate.Server.Customers;

/// <summary><c>DELETE /v1/customers/{id}</c>: its external id may be used again; its events stay.</summary>
internal static class DeleteCustomer
{
    public static void MapDeleteCustomer(this Api v1) =>
        v1.Delete("/customers/{id}", RouteRule.Requires(Permissions.CustomerWrite), HandleAsync);

    private static async Task<Results<NoContent, Problem>> HandleAsync(
        string id, HttpContext context, ControlChanges changes, CancellationToken cancellationToken)
    {
        await using var change = await changes.BeginAsync(context, cancellationToken);
        var customer = await change.Db.CustomerAsync(change.Caller, id, externalId: null, cancellationToken);
        var before = customer.ToResponse();
        customer.Status = Statuses.Deleted;
        customer.UpdatedAt = change.Now;
        customer.UpdatedBy = change.Caller.AccountId;
        change.Record("customer.delete", "customer", customer.Id, before, customer.ToResponse());
        await change.SaveAsync(cancellationToken);
        return TypedResults.NoContent();
    }
}
