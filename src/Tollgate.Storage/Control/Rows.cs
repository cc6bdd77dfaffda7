namespace Tollgate.Storage.Control;

/// <summary>A row of <c>tenants</c>.</summary>
public sealed class Tenant
{
    public required string Id { get; init; }

    public required string Name { get; set; }

    public required string Status { get; set; }

    /// <summary>JSON, or null.</summary>
    public string? BillingDetails { get; set; }

    public required IReadOnlyDictionary<string, string> Metadata { get; set; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset UpdatedAt { get; set; }
}

/// <summary>A row of <c>environments</c>.</summary>
public sealed class TenantEnvironment
{
    public required string Id { get; init; }

    public required string TenantId { get; init; }

    public required string Name { get; set; }

    public required string Type { get; set; }

    /// <summary>Days after which events are removed; null: never.</summary>
    public int? EventRetentionDays { get; set; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset UpdatedAt { get; set; }
}

/// <summary>A row of <c>accounts</c>: a person or a service account.</summary>
public sealed class Account
{
    public required string Id { get; init; }

    public required string TenantId { get; init; }

    public required string Type { get; init; }

    /// <summary>In canonical form: lower case; null for service accounts.</summary>
    public string? Email { get; init; }

    public string? Name { get; set; }

    public required string Status { get; set; }

    /// <summary>Argon2id in its encoded form; null for service accounts.</summary>
    public string? PasswordHash { get; set; }

    public bool MustChangePassword { get; set; }

    public required IReadOnlyDictionary<string, string> Metadata { get; set; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset UpdatedAt { get; set; }

    public string? CreatedBy { get; init; }

    public List<AccountRole> Roles { get; } = [];

    /// <summary>A person's second factor, confirmed or not; always loaded with the account. Null for none.</summary>
    public SecondFactor? SecondFactor { get; set; }
}

/// <summary>A row of <c>account_roles</c>.</summary>
public sealed class AccountRole
{
    public required string AccountId { get; init; }

    public required string RoleId { get; init; }
}

/// <summary>A row of <c>roles</c>: a tenant's own role. The built-in ones are code.</summary>
public sealed class CustomRole
{
    public required string TenantId { get; init; }

    public required string Id { get; init; }

    public required string Name { get; set; }

    public required string Description { get; set; }

    /// <summary>As granted, wildcards included: <c>entity:action</c>, each part perhaps <c>*</c>.</summary>
    public required IReadOnlyList<string> Permissions { get; set; }

    public required IReadOnlyList<string> AssignableTo { get; set; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset UpdatedAt { get; set; }
}

/// <summary>A row of <c>api_keys</c>. Roles and permissions are the snapshot taken at creation.</summary>
public sealed class ApiKey
{
    public required string Id { get; init; }

    public required string TenantId { get; init; }

    public required string EnvironmentId { get; init; }

    public required string AccountId { get; init; }

    public required string Name { get; set; }

    public required string DisplayId { get; init; }

    /// <summary>SHA-256 of the token, 32 bytes.</summary>
    public required byte[] Digest { get; init; }

    public required IReadOnlyList<string> Roles { get; init; }

    public required IReadOnlyList<string> Permissions { get; init; }

    /// <summary>JSON of what the key is limited to beyond its permissions, or null. Never changed.</summary>
    public string? Constraints { get; init; }

    /// <summary>Comes nearer when the key is rotated, and never moves away.</summary>
    public DateTimeOffset? ExpiresAt { get; set; }

    /// <summary><c>standard</c>, or <c>honeytoken</c>: a trap that works for nothing.</summary>
    public string Kind { get; init; } = ApiKeyKinds.Standard;

    /// <summary>Whether its secret was made by another system.</summary>
    public bool Imported { get; init; }

    public required string Status { get; set; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset UpdatedAt { get; set; }

    public required string CreatedBy { get; init; }

    /// <summary>Since when it rests; null: it does not.</summary>
    public DateTimeOffset? DisabledAt { get; set; }

    public string? DisabledBy { get; set; }

    public string? RotatedFrom { get; init; }

    public string? RotatedTo { get; set; }

    public DateTimeOffset? DeletedAt { get; set; }

    public string? DeletedBy { get; set; }

    /// <summary><c>revoked</c>, <c>rotated</c>, <c>account_deleted</c> or <c>leaked</c>.</summary>
    public string? DeletedReason { get; set; }

    /// <summary>When it was first reported to lie in public.</summary>
    public DateTimeOffset? LeakedAt { get; set; }

    /// <summary>Where it was found.</summary>
    public string? LeakedWhere { get; set; }

    /// <summary>SHA-256 of the first eight random characters, 32 bytes; null for keys of other systems.</summary>
    public byte[]? HeadDigest { get; init; }

    /// <summary>SHA-256 of the last eight characters, 32 bytes; null for keys of other systems.</summary>
    public byte[]? TailDigest { get; init; }
}

/// <summary>What an API key can be.</summary>
public static class ApiKeyKinds
{
    public const string Standard = "standard";

    public const string Honeytoken = "honeytoken";
}

/// <summary>A row of <c>sessions</c>.</summary>
public sealed class Session
{
    public required string Id { get; init; }

    public required string AccountId { get; init; }

    /// <summary>SHA-256 of the cookie's value, 32 bytes.</summary>
    public required byte[] Digest { get; init; }

    public required string Address { get; init; }

    public string? UserAgent { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset LastSeenAt { get; set; }

    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>The last request that it let in; null for none.</summary>
    public DateTimeOffset? LastAcceptedAt { get; set; }

    public string? LastAcceptedIp { get; set; }

    public string? LastAcceptedRequestId { get; set; }

    /// <summary><c>METHOD /pattern</c>.</summary>
    public string? LastAcceptedRoute { get; set; }
}

/// <summary>A row of <c>audit_records</c>. Chained: each hash covers the record and the hash before it.</summary>
public sealed class AuditRecord
{
    public required string TenantId { get; init; }

    /// <summary>1, 2, 3, … within the tenant, without holes.</summary>
    public required long Number { get; init; }

    public required string Id { get; init; }

    public required DateTimeOffset At { get; init; }

    /// <summary><c>user</c>, <c>service_account</c> or <c>system</c>.</summary>
    public required string ActorType { get; init; }

    public string? ActorId { get; init; }

    public string? ApiKeyId { get; init; }

    public required string Action { get; init; }

    public required string TargetType { get; init; }

    public required string TargetId { get; init; }

    /// <summary>JSON of the target before the change, or null.</summary>
    public string? Before { get; init; }

    /// <summary>JSON of the target after the change, or null.</summary>
    public string? After { get; init; }

    public required string RequestId { get; init; }

    public required string Address { get; init; }

    /// <summary><c>info</c>, <c>notice</c> or <c>alert</c>.</summary>
    public string Severity { get; init; } = "info";

    /// <summary>JSON of what was decided, where the record is about a decision; or null.</summary>
    public string? Decision { get; init; }

    public required byte[] PreviousHash { get; init; }

    public required byte[] Hash { get; set; }
}

/// <summary>A row of <c>customers</c>.</summary>
public sealed class Customer
{
    public required string Id { get; init; }

    public required string TenantId { get; init; }

    public required string EnvironmentId { get; init; }

    public required string ExternalId { get; set; }

    public required string Name { get; set; }

    public string? Email { get; set; }

    public string? Contact { get; set; }

    public string? AddressLine1 { get; set; }

    public string? AddressLine2 { get; set; }

    public string? AddressCity { get; set; }

    public string? AddressState { get; set; }

    public string? AddressPostalCode { get; set; }

    public string? AddressCountry { get; set; }

    public string? Timezone { get; set; }

    public required IReadOnlyDictionary<string, string> Metadata { get; set; }

    public required string Status { get; set; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset UpdatedAt { get; set; }

    public required string CreatedBy { get; init; }

    public required string UpdatedBy { get; set; }
}
