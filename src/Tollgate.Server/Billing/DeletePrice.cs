using Microsoft.AspNetCore.Http.HttpResults;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;

namespace Tollgate.Server.Billing;

/// <summary><c>DELETE /v1/prices/{id}</c>: it ends at once. Invoices that were made with it stay.</summary>
internal static class DeletePrice
{
    public static void MapDeletePrice(this Api v1) =>
        v1.Delete("/prices/{id}", RouteRule.Requires(Permissions.InvoiceWrite).NotForConstrainedKeys(), HandleAsync);

    private static async Task<Results<Ok<SuccessResponse>, Problem>> HandleAsync(
        string id, OptionalBody<DeletePriceRequest> body, HttpContext context, ControlChanges changes, CancellationToken cancellationToken)
    {
        await using var change = await changes.BeginAsync(context, cancellationToken);
        var price = await change.Db.PriceAsync(change.Caller, id, cancellationToken);
        var before = price.ToResponse();
        price.Status = Statuses.Deleted;
        price.UpdatedAt = change.Now;
        price.UpdatedBy = change.Caller.AccountId;
        change.Record("price.delete", "price", price.Id, before, price.ToResponse());
        await change.SaveAsync(cancellationToken);
        return TypedResults.Ok(new SuccessResponse { Message = "Price deleted" });
    }
}
