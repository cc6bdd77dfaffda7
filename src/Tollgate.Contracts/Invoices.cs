namespace Tollgate.Contracts;

/// <summary>What an invoice is.</summary>
public static class InvoiceStatuses
{
    /// <summary>It stands, and never moves.</summary>
    public const string Finalized = "FINALIZED";

    /// <summary>It was withdrawn; its period is free again.</summary>
    public const string Voided = "VOIDED";
}

/// <summary><c>POST /v1/invoices/preview</c>: what an invoice would be now. Nothing is stored.</summary>
[Refuses("subscription_id", "Tollgate has no subscriptions; name customer_id, currency, period_start and period_end.")]
public sealed record PreviewInvoiceRequest
{
    /// <summary>The customer's id in Tollgate.</summary>
    [LengthLimit(1, 64)]
    public required string CustomerId { get; init; }

    /// <summary>ISO 4217, in upper or lower case.</summary>
    [LengthLimit(3, 3)]
    public required string Currency { get; init; }

    /// <summary>The start of the period.</summary>
    public required DateTimeOffset PeriodStart { get; init; }

    /// <summary>The end of the period, which is not in it.</summary>
    public required DateTimeOffset PeriodEnd { get; init; }
}

/// <summary><c>POST /v1/invoices</c>: prices the usage of a customer in a period that is over.</summary>
[Ignores("billing_period")]
[Refuses("amount_paid", "Tollgate takes no payments.")]
[Refuses("coupons", "Tollgate has no discounts.")]
[Refuses("invoice_coupons", "Tollgate has no discounts.")]
[Refuses("line_item_coupons", "Tollgate has no discounts.")]
[Refuses("line_items", "Lines are made from usage and prices alone.")]
[Refuses("invoice_number", "Numbers are given in order, without holes.")]
[Refuses("invoice_pdf_url", "Tollgate makes no documents.")]
[Refuses("payment_status", "Tollgate takes no payments.")]
[Refuses("due_date", "Tollgate takes no payments.")]
[Refuses("prepared_tax_rates", "Tollgate computes no taxes.")]
[Refuses("tax_rate_overrides", "Tollgate computes no taxes.")]
[Refuses("tax_rates", "Tollgate computes no taxes.")]
[Refuses("subscription_id", "Tollgate has no subscriptions.")]
[Refuses("total_prepaid_applied", "Tollgate has no prepaid credits.")]
[Refuses("idempotency_key", "An invoice is unique by customer, currency and period; use the header Idempotency-Key for the rest.")]
public sealed record CreateInvoiceRequest
{
    /// <summary>The customer's id in Tollgate.</summary>
    [LengthLimit(1, 64)]
    public required string CustomerId { get; init; }

    /// <summary>ISO 4217, in upper or lower case.</summary>
    [LengthLimit(3, 3)]
    public required string Currency { get; init; }

    /// <summary>The start of the period.</summary>
    public required DateTimeOffset PeriodStart { get; init; }

    /// <summary>The end of the period, which is not in it and lies in the past.</summary>
    public required DateTimeOffset PeriodEnd { get; init; }

    /// <summary>What you expect: an invoice with another total is refused. Absent: nothing is expected.</summary>
    [LengthLimit(0, 60)]
    public string? Total { get; init; }

    /// <summary>As <see cref="Total"/>: without discounts and taxes the two are one.</summary>
    [LengthLimit(0, 60)]
    public string? Subtotal { get; init; }

    /// <summary>As <see cref="Total"/>: without payments the two are one.</summary>
    [LengthLimit(0, 60)]
    public string? AmountDue { get; init; }

    /// <summary><c>FINALIZED</c>, which is the default: there are no drafts. Preview instead.</summary>
    [OneOf(InvoiceStatuses.Finalized)]
    public string? InvoiceStatus { get; init; }

    /// <summary><c>ONE_OFF</c>, which is the default.</summary>
    [OneOf("ONE_OFF")]
    public string? InvoiceType { get; init; }

    /// <summary><c>MANUAL</c>, which is the default.</summary>
    [OneOf("MANUAL")]
    public string? BillingReason { get; init; }

    /// <summary>A note.</summary>
    [LengthLimit(0, 1000)]
    public string? Description { get; init; }

    /// <summary>Notes of the client's own.</summary>
    [LengthLimit(0, 50)]
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }
}

/// <summary>The query of <c>GET /v1/invoices</c>.</summary>
public sealed record ListInvoicesQuery
{
    /// <summary>Only invoices of this customer.</summary>
    [LengthLimit(1, 64)]
    public string? CustomerId { get; init; }

    /// <summary>Only invoices in this state; default: both.</summary>
    [OneOf(InvoiceStatuses.Finalized, InvoiceStatuses.Voided)]
    public string? InvoiceStatus { get; init; }

    /// <summary>1 … 1,000; default 50.</summary>
    [Bounds(1, 1000)]
    public int? Limit { get; init; }

    /// <summary>How many to pass over.</summary>
    [Bounds(0, int.MaxValue)]
    public int? Offset { get; init; }
}

/// <summary><c>POST /v1/invoices/search</c>. An empty object lists all, newest first.</summary>
[Ignores("expand", "skip_line_items")]
[Refuses("amount_due_gt", "Tollgate finds invoices by their customer, state and period.")]
[Refuses("amount_remaining_gt", "Tollgate takes no payments.")]
[Refuses("filters", "Tollgate finds invoices by their customer, state and period.")]
[Refuses("payment_status", "Tollgate takes no payments.")]
[Refuses("sort", "Invoices are listed newest first.")]
[Refuses("start_time", "Use period_start_gte.")]
[Refuses("end_time", "Use period_end_lte.")]
[Refuses("status", "Invoices are never deleted; use invoice_status.")]
[Refuses("subscription_id", "Tollgate has no subscriptions.")]
public sealed record SearchInvoicesRequest
{
    /// <summary>Only these invoices.</summary>
    [LengthLimit(0, 1000)]
    public IReadOnlyList<string>? InvoiceIds { get; init; }

    /// <summary>Only invoices of this customer.</summary>
    [LengthLimit(1, 64)]
    public string? CustomerId { get; init; }

    /// <summary>Only invoices of the customer that had this id in your system when they were made.</summary>
    [LengthLimit(1, 255)]
    public string? ExternalCustomerId { get; init; }

    /// <summary>Only invoices in one of these states: <c>FINALIZED</c>, <c>VOIDED</c>; absent: all.</summary>
    [LengthLimit(0, 3)]
    public IReadOnlyList<string>? InvoiceStatus { get; init; }

    /// <summary><c>ONE_OFF</c>: there are no others.</summary>
    [OneOf("ONE_OFF")]
    public string? InvoiceType { get; init; }

    /// <summary>Periods that start at this time or later.</summary>
    public DateTimeOffset? PeriodStartGte { get; init; }

    /// <summary>Periods that start at this time or earlier.</summary>
    public DateTimeOffset? PeriodStartLte { get; init; }

    /// <summary>Periods that end at this time or later.</summary>
    public DateTimeOffset? PeriodEndGte { get; init; }

    /// <summary>Periods that end at this time or earlier.</summary>
    public DateTimeOffset? PeriodEndLte { get; init; }

    /// <summary>1 … 1,000; default 50.</summary>
    [Bounds(1, 1000)]
    public int? Limit { get; init; }

    /// <summary>How many to pass over.</summary>
    [Bounds(0, int.MaxValue)]
    public int? Offset { get; init; }

    /// <summary><c>asc</c> or <c>desc</c> by number; default <c>desc</c>.</summary>
    [OneOf("asc", "desc")]
    public string? Order { get; init; }
}

/// <summary>An invoice, or what one would be.</summary>
[Lacks(
    "adjustment_amount", "amount_paid", "amount_remaining", "billing_period", "billing_sequence", "coupon_applications",
    "customer", "due_date", "idempotency_key", "invoice_pdf_url", "overpaid_amount", "paid_at", "payment_status",
    "refunded_amount", "subscription", "subscription_id", "taxes", "total_discount", "total_prepaid_credits_applied",
    "total_tax", "version")]
public sealed record InvoiceResponse
{
    /// <summary><c>inv_…</c>; null in a preview.</summary>
    public required string? Id { get; init; }

    /// <summary><c>INV-000001</c> and on, without holes in the environment; null in a preview.</summary>
    public required string? InvoiceNumber { get; init; }

    /// <summary><c>FINALIZED</c> or <c>VOIDED</c>; null in a preview.</summary>
    public required string? InvoiceStatus { get; init; }

    /// <summary>Always <c>ONE_OFF</c>.</summary>
    public required string InvoiceType { get; init; }

    /// <summary>Always <c>MANUAL</c>.</summary>
    public required string BillingReason { get; init; }

    /// <summary>The customer's id in Tollgate.</summary>
    public required string CustomerId { get; init; }

    /// <summary>The customer's id in your system when the invoice was made.</summary>
    public required string ExternalCustomerId { get; init; }

    /// <summary>ISO 4217, in lower case.</summary>
    public required string Currency { get; init; }

    /// <summary>The start of the period.</summary>
    public required DateTimeOffset PeriodStart { get; init; }

    /// <summary>The end of the period, which is not in it.</summary>
    public required DateTimeOffset PeriodEnd { get; init; }

    /// <summary>One for each priced meter, by its name.</summary>
    public required IReadOnlyList<InvoiceLineResponse> LineItems { get; init; }

    /// <summary>The sum of the lines' rounded amounts.</summary>
    public required string Subtotal { get; init; }

    /// <summary>The same: Tollgate knows no discounts and no taxes.</summary>
    public required string Total { get; init; }

    /// <summary>The same: Tollgate takes no payments.</summary>
    public required string AmountDue { get; init; }

    /// <summary>Always <c>half_up</c>: each line is rounded to the currency's minor unit, a half away from zero.</summary>
    public required string Rounding { get; init; }

    /// <summary>The total of the invoice that stands for the same customer, currency and period; null but in a preview of such a one.</summary>
    public required string? InvoicedTotal { get; init; }

    /// <summary>A note.</summary>
    public required string? Description { get; init; }

    /// <summary>Notes of the client's own.</summary>
    public required IReadOnlyDictionary<string, string> Metadata { get; init; }

    /// <summary>Always <c>published</c>; whether it stands is in <see cref="InvoiceStatus"/>.</summary>
    public required string Status { get; init; }

    /// <summary>The tenant it belongs to.</summary>
    public required string TenantId { get; init; }

    /// <summary>The environment it belongs to.</summary>
    public required string EnvironmentId { get; init; }

    /// <summary>When it was made; null in a preview.</summary>
    public required DateTimeOffset? FinalizedAt { get; init; }

    /// <summary>When it was withdrawn; null: it was not.</summary>
    public required DateTimeOffset? VoidedAt { get; init; }

    /// <summary>When it was made; null in a preview.</summary>
    public required DateTimeOffset? CreatedAt { get; init; }

    /// <summary>When it was made or withdrawn; null in a preview.</summary>
    public required DateTimeOffset? UpdatedAt { get; init; }

    /// <summary>The account that made it; null in a preview.</summary>
    public required string? CreatedBy { get; init; }

    /// <summary>The account that made or withdrew it; null in a preview.</summary>
    public required string? UpdatedBy { get; init; }
}

/// <summary>What one meter costs in the period, with all that led to it.</summary>
[Lacks(
    "commitment_info", "created_at", "created_by", "customer_id", "entity_id", "entity_type", "environment_id", "id",
    "invoice_id", "invoice_level_discount", "line_item_discount", "metadata", "plan_display_name", "prepaid_credits_applied",
    "price_unit", "price_unit_amount", "price_unit_id", "status", "subscription_id", "tenant_id", "updated_at", "updated_by",
    "usage_analytics", "usage_breakdown")]
public sealed record InvoiceLineResponse
{
    /// <summary>The price's display name, or the meter's name.</summary>
    public required string DisplayName { get; init; }

    /// <summary>The meter.</summary>
    public required string MeterId { get; init; }

    /// <summary>The meter's name at that moment.</summary>
    public required string MeterDisplayName { get; init; }

    /// <summary>The exact quantity, as text.</summary>
    public required string Quantity { get; init; }

    /// <summary>How many events the quantity is made of.</summary>
    public required long Events { get; init; }

    /// <summary>How many events match but are left out, because their property is missing or not a number.</summary>
    public required long Skipped { get; init; }

    /// <summary>The amount, rounded.</summary>
    public required string Amount { get; init; }

    /// <summary>The amount before it was rounded.</summary>
    public required string ExactAmount { get; init; }

    /// <summary>ISO 4217, in lower case.</summary>
    public required string Currency { get; init; }

    /// <summary>The price.</summary>
    public required string PriceId { get; init; }

    /// <summary>Always <c>USAGE</c>.</summary>
    public required string PriceType { get; init; }

    /// <summary>The price at that moment.</summary>
    public required PriceResponse Price { get; init; }

    /// <summary>The meter at that moment.</summary>
    public required MeterResponse Meter { get; init; }

    /// <summary>The start of the period.</summary>
    public required DateTimeOffset PeriodStart { get; init; }

    /// <summary>The end of the period, which is not in it.</summary>
    public required DateTimeOffset PeriodEnd { get; init; }
}
