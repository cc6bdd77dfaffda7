namespace Tollgate.Contracts;

/// <summary>The organisation that accounts, environments and all else belong to.</summary>
public sealed record TenantResponse
{
    /// <summary><c>tenant_…</c></summary>
    public required string Id { get; init; }

    /// <summary>What people call it.</summary>
    public required string Name { get; init; }

    /// <summary><c>published</c>.</summary>
    public required string Status { get; init; }

    /// <summary>Where invoices would go.</summary>
    public required TenantBillingDetails? BillingDetails { get; init; }

    /// <summary>Notes of the client's own.</summary>
    public required IReadOnlyDictionary<string, string> Metadata { get; init; }

    /// <summary>When it was created.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it was last changed.</summary>
    public required DateTimeOffset UpdatedAt { get; init; }
}

/// <summary><c>PUT /v1/tenants/update</c>: absent members stay as they are.</summary>
public sealed record UpdateTenantRequest
{
    /// <summary>What people call it.</summary>
    [LengthLimit(1, 255)]
    public string? Name { get; init; }

    /// <summary>Replaces what is there.</summary>
    public TenantBillingDetails? BillingDetails { get; init; }

    /// <summary>Replaces what is there.</summary>
    [LengthLimit(0, 50)]
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }
}

/// <summary>How to reach the tenant about money.</summary>
public sealed record TenantBillingDetails
{
    /// <summary>An e-mail address.</summary>
    [LengthLimit(0, 254)]
    public string? Email { get; init; }

    /// <summary>An e-mail address for its customers' questions.</summary>
    [LengthLimit(0, 254)]
    public string? HelpEmail { get; init; }

    /// <summary>A telephone number.</summary>
    [LengthLimit(0, 64)]
    public string? Phone { get; init; }

    /// <summary>A postal address.</summary>
    public PostalAddress? Address { get; init; }
}

/// <summary>A postal address.</summary>
public sealed record PostalAddress
{
    /// <summary>The first line.</summary>
    [LengthLimit(0, 255)]
    public string? AddressLine1 { get; init; }

    /// <summary>The second line.</summary>
    [LengthLimit(0, 255)]
    public string? AddressLine2 { get; init; }

    /// <summary>The city.</summary>
    [LengthLimit(0, 100)]
    public string? AddressCity { get; init; }

    /// <summary>The state, province or region.</summary>
    [LengthLimit(0, 100)]
    public string? AddressState { get; init; }

    /// <summary>The postal code.</summary>
    [LengthLimit(0, 20)]
    public string? AddressPostalCode { get; init; }

    /// <summary>ISO 3166-1 alpha-2.</summary>
    [LengthLimit(0, 2)]
    public string? AddressCountry { get; init; }
}
