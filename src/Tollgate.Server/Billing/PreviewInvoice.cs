using Microsoft.AspNetCore.Http.HttpResults;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Customers;
using Tollgate.Server.Events;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Billing;

/// <summary><c>POST /v1/invoices/preview</c>: what an invoice would be now, also of a period that runs. Nothing is stored.</summary>
internal static class PreviewInvoice
{
    public static void MapPreviewInvoice(this Api v1) =>
        v1.Post("/invoices/preview", RouteRule.Requires(Permissions.InvoiceRead).NotForConstrainedKeys(), HandleAsync);

    private static async Task<Results<Ok<InvoiceResponse>, Problem>> HandleAsync(
        Body<PreviewInvoiceRequest> body, Caller caller, ControlDb db, EventReader events, TimeProvider time, CancellationToken cancellationToken)
    {
        var request = body.Value;
        var errors = new FieldErrors();
        var (currency, start, end) = InvoiceSubject.Check(request.Currency, request.PeriodStart, request.PeriodEnd, errors);
        if (errors.ToProblem() is { } problem)
        {
            return problem;
        }

        var customer = await db.CustomerAsync(caller, request.CustomerId, externalId: null, cancellationToken);
        var subject = new InvoiceSubject(customer, currency, start, end);
        var standing = await db.StandingInvoiceAsync(caller, subject, cancellationToken);
        var draft = await InvoiceDraft.MakeAsync(subject, caller, db, events, time.GetUtcNow(), cancellationToken);
        return TypedResults.Ok(draft.ToPreview(subject, standing));
    }
}
