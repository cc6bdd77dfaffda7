using System.Diagnostics.CodeAnalysis;

namespace Tollgate.Contracts;

/// <summary><c>POST /v1/secrets/api/keys</c>.</summary>
public sealed record CreateApiKeyRequest
{
    /// <summary>What people call the key.</summary>
    [LengthLimit(1, 255)]
    public required string Name { get; init; }

    /// <summary>Always <c>private_key</c>.</summary>
    [OneOf("private_key")]
    public required string Type { get; init; }

    /// <summary>
    /// When the key stops working; absent: never, or at the end of the longest life that the tenant's settings allow. Must be in the future.
    /// </summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>The same in whole days from now; instead of <see cref="ExpiresAt"/>.</summary>
    [Bounds(1, 3650)]
    public int? ExpiresInDays { get; init; }

    /// <summary>
    /// Whether the key is a trap: it works for nothing, looks like any other, and whoever tries it is reported in the audit log with the
    /// severity <c>alert</c>. For administrators.
    /// </summary>
    public bool? Honeytoken { get; init; }

    /// <summary>The service account the key is for; absent: the caller's own account.</summary>
    [LengthLimit(1, 64)]
    public string? ServiceAccountId { get; init; }

    /// <summary>What the key is limited to, beyond its permissions; absent: nothing. They can't be changed later.</summary>
    public KeyConstraints? Constraints { get; init; }
}

/// <summary>The query of <c>GET /v1/secrets/api/keys</c>.</summary>
public sealed record ListApiKeysQuery
{
    /// <summary>Only keys of this service account.</summary>
    [LengthLimit(1, 64)]
    public string? ServiceAccountId { get; init; }

    /// <summary>Only keys in this state; default: all.</summary>
    [OneOf(Statuses.Published, Statuses.Archived, Statuses.Deleted)]
    public string? Status { get; init; }

    /// <summary>Only keys that need attention, each with the reasons; the other parameters hold too.</summary>
    public bool? Attention { get; init; }

    /// <summary>1 … 1,000; default 50.</summary>
    [Bounds(1, 1000)]
    public int? Limit { get; init; }

    /// <summary>How many to pass over.</summary>
    [Bounds(0, int.MaxValue)]
    public int? Offset { get; init; }
}

/// <summary><c>PUT /v1/secrets/api/keys/{id}</c>.</summary>
public sealed record UpdateApiKeyRequest
{
    /// <summary>What people call the key.</summary>
    [LengthLimit(1, 255)]
    public required string Name { get; init; }
}

/// <summary>An API key without its secret, which is nowhere but in the answer that created it.</summary>
public record SecretResponse
{
    /// <summary><c>secret_…</c></summary>
    public required string Id { get; init; }

    /// <summary>What people call it.</summary>
    public required string Name { get; init; }

    /// <summary><c>private_key</c>.</summary>
    public required string Type { get; init; }

    /// <summary><c>flexprice</c>, where Flexprice clients look for the issuer.</summary>
    public required string Provider { get; init; }

    /// <summary>The part of the key that may be shown: its prefix and its last four characters.</summary>
    public required string DisplayId { get; init; }

    /// <summary>The account's roles when the key was created.</summary>
    public required IReadOnlyList<string> Roles { get; init; }

    /// <summary>The snapshot: the permissions the key can have at the most.</summary>
    public required IReadOnlyList<string> Permissions { get; init; }

    /// <summary>The type of the account: <c>user</c> or <c>service_account</c>.</summary>
    public required string UserType { get; init; }

    /// <summary>The account the key acts for.</summary>
    public required string UserId { get; init; }

    /// <summary>The service account's name; null for people's keys.</summary>
    public required string? ServiceAccountName { get; init; }

    /// <summary>The environment the key is bound to.</summary>
    public required string EnvironmentId { get; init; }

    /// <summary>When it expires; null: never.</summary>
    public required DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>When it was last used, whatever came of it; null: never. Right to some seconds in lists.</summary>
    public required DateTimeOffset? LastUsedAt { get; init; }

    /// <summary>From where it was last used; null: never.</summary>
    public required string? LastUsedIp { get; init; }

    /// <summary><c>published</c>, <c>archived</c> (it or its account is disabled) or <c>deleted</c> (revoked).</summary>
    public required string Status { get; init; }

    /// <summary>
    /// What it is good for now: <c>active</c>, <c>rotating</c> (replaced, and works until <see cref="ExpiresAt"/>), <c>disabled</c>,
    /// <c>account_disabled</c>, <c>expired</c>, <c>revoked</c> or <c>honeytoken</c>.
    /// </summary>
    public required string State { get; init; }

    /// <summary>The key it replaced; null: none.</summary>
    public required string? RotatedFrom { get; init; }

    /// <summary>The key that replaced it; null: none.</summary>
    public required string? RotatedTo { get; init; }

    /// <summary>Whether another system made it and only its SHA-256 is known.</summary>
    public required bool Imported { get; init; }

    /// <summary>When it was reported to lie in public; null: never.</summary>
    public required DateTimeOffset? LeakedAt { get; init; }

    /// <summary>
    /// Why it needs attention, in lists: <c>old</c> (90 days), <c>never_used</c>, <c>expiring</c> (within 14 days), <c>leaked</c>,
    /// <c>used_after_rotation</c>, <c>exceeds_max_lifetime</c>; null outside of <c>attention=true</c>.
    /// </summary>
    public required IReadOnlyList<string>? Attention { get; init; }

    /// <summary>When it was created.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it was last changed.</summary>
    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>The account that created it.</summary>
    public required string CreatedBy { get; init; }

    /// <summary>What the key is limited to, beyond its permissions; null: nothing.</summary>
    public required KeyConstraints? Constraints { get; init; }
}

/// <summary>
/// The answer to <c>POST /v1/secrets/api/keys</c>: the documented flat form and, in <see cref="Secret"/>, the nested form that the SDK reads.
/// </summary>
public sealed record CreatedApiKeyResponse : SecretResponse
{
    /// <summary>For serializers.</summary>
    public CreatedApiKeyResponse()
    {
    }

    /// <summary>A key with its secret.</summary>
    [SetsRequiredMembers]
    public CreatedApiKeyResponse(SecretResponse secret, string apiKey)
        : base(secret)
    {
        ApiKey = apiKey;
        Secret = secret;
    }

    /// <summary>The key. It is in this answer and never again.</summary>
    public required string ApiKey { get; init; }

    /// <summary>The same facts, nested.</summary>
    public required SecretResponse Secret { get; init; }
}
