using Microsoft.AspNetCore.Http.HttpResults;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;

namespace Tollgate.Server.Billing;

/// <summary><c>POST /v1/invoices/{id}/void</c>: withdraws it. It is kept, and its period is free again.</summary>
internal static class VoidInvoice
{
    public static void MapVoidInvoice(this Api v1) =>
        v1.Post("/invoices/{id}/void", RouteRule.Requires(Permissions.InvoiceWrite).NotForConstrainedKeys(), HandleAsync);

    private static async Task<Results<Ok<SuccessResponse>, Problem>> HandleAsync(
        string id, HttpContext context, ControlChanges changes, CancellationToken cancellationToken)
    {
        await using var change = await changes.BeginAsync(context, cancellationToken);
        var invoice = await change.Db.InvoiceAsync(change.Caller, id, cancellationToken);
        if (invoice.Status == InvoiceStatuses.Voided)
        {
            return new Problem(409, ErrorCodes.Conflict, $"{invoice.NumberText()} was voided already.") { Error = "Conflict" };
        }

        var before = invoice.ToResponse();
        invoice.Status = InvoiceStatuses.Voided;
        invoice.VoidedAt = change.Now;
        invoice.UpdatedAt = change.Now;
        invoice.UpdatedBy = change.Caller.AccountId;
        change.Record("invoice.void", "invoice", invoice.Id, before, invoice.ToResponse());
        return await change.SaveAsync(TypedResults.Ok(new SuccessResponse { Message = "Invoice voided" }), cancellationToken);
    }
}
