namespace Tollgate.Storage.Control;

/// <summary>A row of <c>meters</c>.</summary>
public sealed class Meter
{
    public required string Id { get; init; }

    public required string TenantId { get; init; }

    public required string EnvironmentId { get; init; }

    public required string Name { get; set; }

    public required string EventName { get; init; }

    /// <summary>JSON, as on the wire.</summary>
    public required string Aggregation { get; init; }

    /// <summary>JSON, as on the wire.</summary>
    public required string Filters { get; set; }

    public required string ResetUsage { get; init; }

    public required string Status { get; set; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset UpdatedAt { get; set; }

    public required string CreatedBy { get; init; }

    public required string UpdatedBy { get; set; }
}

/// <summary>A row of <c>prices</c>.</summary>
public sealed class Price
{
    public required string Id { get; init; }

    public required string TenantId { get; init; }

    public required string EnvironmentId { get; init; }

    public required string MeterId { get; init; }

    /// <summary>ISO 4217, in lower case.</summary>
    public required string Currency { get; init; }

    /// <summary>JSON: billing model, amount, tiers, packages.</summary>
    public required string Terms { get; set; }

    public required string BillingPeriod { get; init; }

    public string? DisplayName { get; set; }

    public string? Description { get; set; }

    public required IReadOnlyDictionary<string, string> Metadata { get; set; }

    public required string Status { get; set; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset UpdatedAt { get; set; }

    public required string CreatedBy { get; init; }

    public required string UpdatedBy { get; set; }
}

/// <summary>A row of <c>invoices</c>. Only its state ever changes, and that once.</summary>
public sealed class Invoice
{
    public required string Id { get; init; }

    public required string TenantId { get; init; }

    public required string EnvironmentId { get; init; }

    /// <summary>1, 2, 3, … within the environment, without holes.</summary>
    public required long Number { get; init; }

    public required string CustomerId { get; init; }

    public required string ExternalCustomerId { get; init; }

    public required string Currency { get; init; }

    public required DateTimeOffset PeriodStart { get; init; }

    public required DateTimeOffset PeriodEnd { get; init; }

    /// <summary>JSON, as on the wire.</summary>
    public required string Lines { get; init; }

    /// <summary>A decimal with the digits of the currency's minor unit.</summary>
    public required string Total { get; init; }

    public string? Description { get; init; }

    public required IReadOnlyDictionary<string, string> Metadata { get; init; }

    public required string Status { get; set; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset UpdatedAt { get; set; }

    public DateTimeOffset? VoidedAt { get; set; }

    public required string CreatedBy { get; init; }

    public required string UpdatedBy { get; set; }
}
