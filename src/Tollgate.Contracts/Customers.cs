using System.Text.Json;

namespace Tollgate.Contracts;

/// <summary><c>POST /v1/customers</c>.</summary>
[Ignores("skip_onboarding_workflow")]
[Refuses("parent_customer_id", "Tollgate has no customers within customers; the relation would be lost.")]
[Refuses("parent_customer_external_id", "Tollgate has no customers within customers; the relation would be lost.")]
[Refuses("integration_entity_mapping", "Tollgate has no integrations; the mapping would be lost. Keep it in metadata.")]
[Refuses("tax_rate_overrides", "Tollgate computes no taxes; the rates would be lost.")]
public sealed record CreateCustomerRequest
{
    /// <summary>The customer's id in your system; unique in the environment.</summary>
    [LengthLimit(1, 255)]
    public required string ExternalId { get; init; }

    /// <summary>The name of the person or company.</summary>
    [LengthLimit(1, 255)]
    public required string Name { get; init; }

    /// <summary>An e-mail address.</summary>
    [LengthLimit(0, 254)]
    public string? Email { get; init; }

    /// <summary>Whom to talk to, and how.</summary>
    [LengthLimit(0, 255)]
    public string? Contact { get; init; }

    /// <summary>The first line of the address.</summary>
    [LengthLimit(0, 255)]
    public string? AddressLine1 { get; init; }

    /// <summary>The second line of the address.</summary>
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

    /// <summary>The IANA name of the customer's time zone.</summary>
    [LengthLimit(0, 64)]
    public string? Timezone { get; init; }

    /// <summary>Notes of the client's own.</summary>
    [LengthLimit(0, 50)]
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }
}

/// <summary>The query of <c>PUT /v1/customers</c>: exactly one of the two.</summary>
public sealed record UpdateCustomerQuery
{
    /// <summary>The customer's id in Tollgate.</summary>
    [LengthLimit(1, 64)]
    public string? Id { get; init; }

    /// <summary>The customer's id in your system.</summary>
    [LengthLimit(1, 255)]
    public string? ExternalCustomerId { get; init; }
}

/// <summary>
/// <c>PUT /v1/customers/{id}</c> and <c>PUT /v1/customers</c>: absent members stay as they are; an empty text removes what is there.
/// </summary>
[Refuses("parent_customer_id", "Tollgate has no customers within customers; the relation would be lost.")]
[Refuses("parent_customer_external_id", "Tollgate has no customers within customers; the relation would be lost.")]
[Refuses("integration_entity_mapping", "Tollgate has no integrations; the mapping would be lost. Keep it in metadata.")]
public sealed record UpdateCustomerRequest
{
    /// <summary>The customer's id in your system; unique in the environment. Events keep the id they were sent with.</summary>
    [LengthLimit(1, 255)]
    public string? ExternalId { get; init; }

    /// <summary>The name of the person or company.</summary>
    [LengthLimit(1, 255)]
    public string? Name { get; init; }

    /// <summary>An e-mail address.</summary>
    [LengthLimit(0, 254)]
    public string? Email { get; init; }

    /// <summary>Whom to talk to, and how.</summary>
    [LengthLimit(0, 255)]
    public string? Contact { get; init; }

    /// <summary>The first line of the address.</summary>
    [LengthLimit(0, 255)]
    public string? AddressLine1 { get; init; }

    /// <summary>The second line of the address.</summary>
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

    /// <summary>The IANA name of the customer's time zone.</summary>
    [LengthLimit(0, 64)]
    public string? Timezone { get; init; }

    /// <summary>Notes of the client's own; replaces what is there.</summary>
    [LengthLimit(0, 50)]
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }

    /// <summary>
    /// <c>archived</c> takes the customer out of lists, <c>published</c> puts it back. Either way its id stays taken and its events count.
    /// </summary>
    [OneOf(Statuses.Published, Statuses.Archived)]
    public string? Status { get; init; }
}

/// <summary>The query of <c>GET /v1/customers</c>.</summary>
[Ignores("expand")]
[Refuses("parent_customer_ids", "Tollgate has no customers within customers.")]
public sealed record ListCustomersQuery
{
    /// <summary>Only the customer with this id in your system.</summary>
    [LengthLimit(1, 255)]
    public string? ExternalId { get; init; }

    /// <summary>Only customers with this e-mail address, to the letter.</summary>
    [LengthLimit(1, 254)]
    public string? Email { get; init; }

    /// <summary>Only customers in this state; default <c>published</c>.</summary>
    [OneOf(Statuses.Published, Statuses.Archived, Statuses.Deleted)]
    public string? Status { get; init; }

    /// <summary>Created at this time or later.</summary>
    public DateTimeOffset? StartTime { get; init; }

    /// <summary>Created before this time.</summary>
    public DateTimeOffset? EndTime { get; init; }

    /// <summary>1 … 1,000; default 50.</summary>
    [Bounds(1, 1000)]
    public int? Limit { get; init; }

    /// <summary>How many to pass over.</summary>
    [Bounds(0, int.MaxValue)]
    public int? Offset { get; init; }

    /// <summary><c>created_at</c>, <c>updated_at</c>, <c>name</c>, <c>email</c> or <c>external_id</c>; default <c>created_at</c>.</summary>
    [OneOf("created_at", "updated_at", "name", "email", "external_id")]
    public string? Sort { get; init; }

    /// <summary><c>asc</c> or <c>desc</c>; default <c>desc</c>.</summary>
    [OneOf("asc", "desc")]
    public string? Order { get; init; }
}

/// <summary><c>POST /v1/customers/search</c>. An empty object lists all.</summary>
[Ignores("expand")]
[Refuses("parent_customer_ids", "Tollgate has no customers within customers.")]
public sealed record SearchCustomersRequest
{
    /// <summary>Only these customers.</summary>
    [LengthLimit(0, 1000)]
    public IReadOnlyList<string>? CustomerIds { get; init; }

    /// <summary>Only the customer with this id in your system.</summary>
    [LengthLimit(1, 255)]
    public string? ExternalId { get; init; }

    /// <summary>Only customers with these ids in your system.</summary>
    [LengthLimit(0, 1000)]
    public IReadOnlyList<string>? ExternalIds { get; init; }

    /// <summary>Only customers with this e-mail address, to the letter.</summary>
    [LengthLimit(1, 254)]
    public string? Email { get; init; }

    /// <summary>Only customers in this state; default <c>published</c>.</summary>
    [OneOf(Statuses.Published, Statuses.Archived, Statuses.Deleted)]
    public string? Status { get; init; }

    /// <summary>Created at this time or later.</summary>
    public DateTimeOffset? StartTime { get; init; }

    /// <summary>Created before this time.</summary>
    public DateTimeOffset? EndTime { get; init; }

    /// <summary>1 … 1,000; default 50.</summary>
    [Bounds(1, 1000)]
    public int? Limit { get; init; }

    /// <summary>How many to pass over.</summary>
    [Bounds(0, int.MaxValue)]
    public int? Offset { get; init; }

    /// <summary>Conditions that all must hold.</summary>
    [LengthLimit(0, 20)]
    public IReadOnlyList<FilterCondition>? Filters { get; init; }

    /// <summary>By any member that <see cref="Filters"/> can look at but metadata, the first one first; default: newest first.</summary>
    [LengthLimit(0, 3)]
    public IReadOnlyList<SortCondition>? Sort { get; init; }

    /// <summary><c>asc</c> or <c>desc</c>; default <c>desc</c>.</summary>
    [OneOf("asc", "desc")]
    public string? Order { get; init; }
}

/// <summary>A customer. Lists are <see cref="ListResponse{T}"/> of it.</summary>
public sealed record CustomerResponse
{
    /// <summary><c>cust_…</c></summary>
    public required string Id { get; init; }

    /// <summary>The customer's id in your system.</summary>
    public required string ExternalId { get; init; }

    /// <summary>The name of the person or company.</summary>
    public required string Name { get; init; }

    /// <summary>An e-mail address.</summary>
    public required string? Email { get; init; }

    /// <summary>Whom to talk to, and how.</summary>
    public required string? Contact { get; init; }

    /// <summary>The first line of the address.</summary>
    public required string? AddressLine1 { get; init; }

    /// <summary>The second line of the address.</summary>
    public required string? AddressLine2 { get; init; }

    /// <summary>The city.</summary>
    public required string? AddressCity { get; init; }

    /// <summary>The state, province or region.</summary>
    public required string? AddressState { get; init; }

    /// <summary>The postal code.</summary>
    public required string? AddressPostalCode { get; init; }

    /// <summary>ISO 3166-1 alpha-2.</summary>
    public required string? AddressCountry { get; init; }

    /// <summary>The IANA name of the customer's time zone.</summary>
    public required string? Timezone { get; init; }

    /// <summary>Notes of the client's own.</summary>
    public required IReadOnlyDictionary<string, string> Metadata { get; init; }

    /// <summary>Always null: Tollgate has no customers within customers.</summary>
    public required string? ParentCustomerId { get; init; }

    /// <summary>Always null: Tollgate has no customers within customers.</summary>
    public required JsonElement? ParentCustomer { get; init; }

    /// <summary><c>published</c>, <c>archived</c> or <c>deleted</c>.</summary>
    public required string Status { get; init; }

    /// <summary>The tenant it belongs to.</summary>
    public required string TenantId { get; init; }

    /// <summary>The environment it belongs to.</summary>
    public required string EnvironmentId { get; init; }

    /// <summary>When it was created.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it was last changed.</summary>
    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>The account that created it.</summary>
    public required string CreatedBy { get; init; }

    /// <summary>The account that last changed it.</summary>
    public required string UpdatedBy { get; init; }
}
