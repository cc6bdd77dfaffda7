using System.Globalization;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Billing;

internal static class InvoiceMapping
{
    private const string OneOff = "ONE_OFF";
    private const string Manual = "MANUAL";
    private const string HalfUp = "half_up";

    public static InvoiceResponse ToResponse(this Invoice row) => new()
    {
        Id = row.Id,
        InvoiceNumber = row.NumberText(),
        InvoiceStatus = row.Status,
        InvoiceType = OneOff,
        BillingReason = Manual,
        CustomerId = row.CustomerId,
        ExternalCustomerId = row.ExternalCustomerId,
        Currency = row.Currency,
        PeriodStart = row.PeriodStart,
        PeriodEnd = row.PeriodEnd,
        LineItems = JsonSerializer.Deserialize<List<InvoiceLineResponse>>(row.Lines, WireJson.Options)!,
        Subtotal = row.Total,
        Total = row.Total,
        AmountDue = row.Total,
        Rounding = HalfUp,
        InvoicedTotal = null,
        Description = row.Description,
        Metadata = row.Metadata,
        Status = Statuses.Published,
        TenantId = row.TenantId,
        EnvironmentId = row.EnvironmentId,
        FinalizedAt = row.CreatedAt,
        VoidedAt = row.VoidedAt,
        CreatedAt = row.CreatedAt,
        UpdatedAt = row.UpdatedAt,
        CreatedBy = row.CreatedBy,
        UpdatedBy = row.UpdatedBy,
    };

    /// <summary>What an invoice would be; <paramref name="standing"/> is the one that there is.</summary>
    public static InvoiceResponse ToPreview(this InvoiceDraft draft, InvoiceSubject subject, Invoice? standing) => new()
    {
        Id = null,
        InvoiceNumber = null,
        InvoiceStatus = null,
        InvoiceType = OneOff,
        BillingReason = Manual,
        CustomerId = subject.Customer.Id,
        ExternalCustomerId = subject.Customer.ExternalId,
        Currency = subject.Currency,
        PeriodStart = subject.Start,
        PeriodEnd = subject.End,
        LineItems = draft.Lines,
        Subtotal = draft.Total,
        Total = draft.Total,
        AmountDue = draft.Total,
        Rounding = HalfUp,
        InvoicedTotal = standing?.Total,
        Description = null,
        Metadata = new Dictionary<string, string>(),
        Status = Statuses.Published,
        TenantId = subject.Customer.TenantId,
        EnvironmentId = subject.Customer.EnvironmentId,
        FinalizedAt = null,
        VoidedAt = null,
        CreatedAt = null,
        UpdatedAt = null,
        CreatedBy = null,
        UpdatedBy = null,
    };

    public static string NumberText(this Invoice row) => string.Create(CultureInfo.InvariantCulture, $"INV-{row.Number:000000}");

    /// <summary>The invoices of the caller's environment. A key that is limited to some of the data never comes here.</summary>
    public static IQueryable<Invoice> Of(this IQueryable<Invoice> invoices, Caller caller)
    {
        var (tenant, environment) = (caller.TenantId, caller.EnvironmentId);
        return invoices.Where(row => row.TenantId == tenant && row.EnvironmentId == environment);
    }

    /// <summary>The invoice with this id.</summary>
    /// <exception cref="ProblemException">404: there is none.</exception>
    public static async Task<Invoice> InvoiceAsync(this ControlDb db, Caller caller, string id, CancellationToken cancellationToken) =>
        await db.Invoices.Of(caller).SingleOrDefaultAsync(row => row.Id == id, cancellationToken)
        ?? throw new ProblemException(Problem.NotFound("invoice"));

    /// <summary>The invoice that stands for exactly this customer, currency and period; null when none does.</summary>
    /// <exception cref="ProblemException">409: one stands for another period that shares time with this one.</exception>
    public static async Task<Invoice?> StandingInvoiceAsync(
        this ControlDb db, Caller caller, InvoiceSubject subject, CancellationToken cancellationToken)
    {
        var (customer, currency, start, end) = (subject.Customer.Id, subject.Currency, subject.Start, subject.End);
        var overlapping = await db.Invoices.AsNoTracking().Of(caller)
            .Where(row => row.CustomerId == customer && row.Currency == currency && row.Status == InvoiceStatuses.Finalized
                && row.PeriodStart < end && row.PeriodEnd > start)
            .OrderBy(row => row.Number)
            .FirstOrDefaultAsync(cancellationToken);
        return overlapping is null || (overlapping.PeriodStart == start && overlapping.PeriodEnd == end)
            ? overlapping
            : throw new ProblemException(
                new Problem(409, ErrorCodes.Conflict, $"{overlapping.NumberText()} stands for another period that shares time with this one.")
                {
                    Error = "Conflict",
                    Detail = "Usage is invoiced once. Ask for a period that begins where that one ends, or void it.",
                    Details = new { invoice_id = overlapping.Id, overlapping.PeriodStart, overlapping.PeriodEnd },
                });
    }
}
