using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Customers;
using Tollgate.Server.Events;
using Tollgate.Server.Hosting;
using Tollgate.Server.Meters;
using Tollgate.Server.Usage;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Billing;

/// <summary>
/// <c>POST /v1/invoices</c>: one for a customer, currency and period. 201 when it was made, 200 with the same when it was there.
/// </summary>
internal static class CreateInvoice
{
    public static void MapCreateInvoice(this Api v1) =>
        v1.Post("/invoices", RouteRule.Requires(Permissions.InvoiceWrite).NotForConstrainedKeys(), HandleAsync);

    private static async Task<Results<Created<InvoiceResponse>, Ok<InvoiceResponse>, Problem>> HandleAsync(
        Body<CreateInvoiceRequest> body,
        HttpContext context,
        Caller caller,
        ControlDb db,
        ControlChanges changes,
        EventReader events,
        Ids ids,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        var request = body.Value;
        var errors = new FieldErrors();
        var (currency, start, end) = InvoiceSubject.Check(request.Currency, request.PeriodStart, request.PeriodEnd, errors);
        errors.Demand(end <= time.GetUtcNow(), "period_end", "must lie in the past: usage is known when its period is over.");
        Metadata.Check(request.Metadata, "metadata", errors);
        if (errors.ToProblem() is { } problem)
        {
            return problem;
        }

        await changes.AnswerRepeatedAsync(context, caller, cancellationToken);
        var customer = await db.CustomerAsync(caller, request.CustomerId, externalId: null, cancellationToken);
        var subject = new InvoiceSubject(customer, currency, start, end);
        if (await db.StandingInvoiceAsync(caller, subject, cancellationToken) is { } standing)
        {
            return Unexpected(request, standing.Total) is { } surprise ? surprise : TypedResults.Ok(standing.ToResponse());
        }

        // Reckoned outside of the change: it may take a while, and nothing else could change meanwhile.
        var draft = await InvoiceDraft.MakeAsync(subject, caller, db, events, time.GetUtcNow(), cancellationToken);
        if (Unexpected(request, draft.Total) is { } unexpected)
        {
            return unexpected;
        }

        await using var change = await changes.BeginAsync(context, cancellationToken);
        return await StoreAsync(request, draft, subject, change, ids, cancellationToken);
    }

    private static async Task<Results<Created<InvoiceResponse>, Ok<InvoiceResponse>, Problem>> StoreAsync(
        CreateInvoiceRequest request, InvoiceDraft draft, InvoiceSubject subject, ControlChange change, Ids ids, CancellationToken cancellationToken)
    {
        var now = subject with { Customer = await change.Db.CustomerAsync(change.Caller, request.CustomerId, externalId: null, cancellationToken) };
        if (await change.Db.StandingInvoiceAsync(change.Caller, now, cancellationToken) is { } standing)
        {
            // Somebody else was faster; there is one invoice all the same.
            return TypedResults.Ok(standing.ToResponse());
        }

        if (!await draft.HoldsAsync(now, change.Caller, change.Db, cancellationToken))
        {
            return new Problem(409, ErrorCodes.Conflict, "Meters, prices or the customer changed while the invoice was made.")
            {
                Error = "Conflict",
                Detail = "Nothing was stored. Send the request again.",
            };
        }

        var invoice = new Invoice
        {
            Id = ids.Invoice(),
            TenantId = change.Caller.TenantId,
            EnvironmentId = change.Caller.EnvironmentId,
            // One change at a time, and no invoice is ever deleted: the numbers have no holes.
            Number = (await change.Db.Invoices.Of(change.Caller).MaxAsync(row => (long?)row.Number, cancellationToken) ?? 0) + 1,
            CustomerId = now.Customer.Id,
            ExternalCustomerId = now.Customer.ExternalId,
            Currency = now.Currency,
            PeriodStart = now.Start,
            PeriodEnd = now.End,
            Lines = MeterMapping.Json(draft.Lines),
            Total = draft.Total,
            Description = PriceMapping.Present(request.Description),
            Metadata = request.Metadata ?? new Dictionary<string, string>(),
            Status = InvoiceStatuses.Finalized,
            CreatedAt = change.Now,
            UpdatedAt = change.Now,
            CreatedBy = change.Caller.AccountId,
            UpdatedBy = change.Caller.AccountId,
        };
        change.Db.Invoices.Add(invoice);
        change.Record("invoice.create", "invoice", invoice.Id, after: invoice.ToResponse());
        return await change.SaveAsync(TypedResults.Created($"/v1/invoices/{invoice.Id}", invoice.ToResponse()), cancellationToken);
    }

    /// <summary>The 400 of a total that is not what the client expects; null when it is, or nothing is expected.</summary>
    private static Problem? Unexpected(CreateInvoiceRequest request, string total)
    {
        var errors = new FieldErrors();
        Demand("total", request.Total);
        Demand("subtotal", request.Subtotal);
        Demand("amount_due", request.AmountDue);
        return errors.ToProblem();

        void Demand(string field, string? expected) => errors.Demand(
            string.IsNullOrEmpty(expected)
                || (ExactDecimals.Parse(expected) is { } number && number.ComparedTo(ExactDecimals.Stored(total)) == 0),
            field,
            $"is not what usage and prices come to: {total}.");
    }
}
