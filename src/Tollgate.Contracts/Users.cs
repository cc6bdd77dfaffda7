using System.Diagnostics.CodeAnalysis;

namespace Tollgate.Contracts;

/// <summary><c>POST /v1/users</c>.</summary>
public sealed record CreateUserRequest
{
    /// <summary><c>service_account</c> or <c>user</c>.</summary>
    [OneOf(AccountTypes.User, AccountTypes.ServiceAccount)]
    public required string Type { get; init; }

    /// <summary>What people call it.</summary>
    [LengthLimit(1, 255)]
    public string? Name { get; init; }

    /// <summary>A person's login name; a service account has none.</summary>
    [LengthLimit(3, 254)]
    public string? Email { get; init; }

    /// <summary>Ids of roles. A service account needs at least one; a person without any gets <c>all_reader</c>.</summary>
    [LengthLimit(0, 50)]
    public IReadOnlyList<string>? Roles { get; init; }

    /// <summary>Notes of the client's own.</summary>
    [LengthLimit(0, 50)]
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }
}

/// <summary><c>PUT /v1/users/{id}</c>: renames a service account.</summary>
public sealed record UpdateUserRequest
{
    /// <summary>What people call it.</summary>
    [LengthLimit(1, 255)]
    public required string Name { get; init; }
}

/// <summary><c>PUT /v1/users/me</c>: absent members stay as they are.</summary>
public sealed record UpdateMeRequest
{
    /// <summary>What people call the caller.</summary>
    [LengthLimit(1, 255)]
    public string? Name { get; init; }

    /// <summary>Notes of the client's own; replaces what is there.</summary>
    [LengthLimit(0, 50)]
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }
}

/// <summary><c>PUT /v1/users/{id}/roles</c>: replaces the roles.</summary>
public sealed record UpdateUserRolesRequest
{
    /// <summary>Ids of roles, at least one.</summary>
    [LengthLimit(0, 50)]
    public required IReadOnlyList<string> Roles { get; init; }
}

/// <summary><c>POST /v1/users/search</c>. An empty object lists the service accounts.</summary>
[Ignores("expand")]
[Refuses("filters", "Tollgate searches accounts by type, user_ids, roles and status.")]
public sealed record SearchUsersRequest
{
    /// <summary>Only accounts of this type; default <c>service_account</c>.</summary>
    [OneOf(AccountTypes.User, AccountTypes.ServiceAccount)]
    public string? Type { get; init; }

    /// <summary>Only these accounts.</summary>
    [LengthLimit(0, 1000)]
    public IReadOnlyList<string>? UserIds { get; init; }

    /// <summary>Only accounts that hold at least one of these roles.</summary>
    [LengthLimit(0, 50)]
    public IReadOnlyList<string>? Roles { get; init; }

    /// <summary>Only accounts in this state; default: all but deleted ones.</summary>
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

    /// <summary>By <c>created_at</c> or <c>name</c>; at most one condition.</summary>
    [LengthLimit(0, 1)]
    public IReadOnlyList<SortCondition>? Sort { get; init; }

    /// <summary><c>asc</c> or <c>desc</c>; default <c>desc</c>.</summary>
    [OneOf("asc", "desc")]
    public string? Order { get; init; }
}

/// <summary>An account.</summary>
public record UserResponse
{
    /// <summary><c>user_…</c></summary>
    public required string Id { get; init; }

    /// <summary><c>user</c> or <c>service_account</c>.</summary>
    public required string Type { get; init; }

    /// <summary>A person's login name; null for service accounts.</summary>
    public required string? Email { get; init; }

    /// <summary>What people call it.</summary>
    public required string? Name { get; init; }

    /// <summary>The ids of the roles it holds now.</summary>
    public required IReadOnlyList<string> Roles { get; init; }

    /// <summary><c>published</c>, <c>archived</c> (disabled) or <c>deleted</c>.</summary>
    public required string Status { get; init; }

    /// <summary>The tenant it belongs to.</summary>
    public required TenantResponse Tenant { get; init; }

    /// <summary>Whether a person has set a password of their own; false until an invitation is accepted or the first password changed, and for service accounts.</summary>
    public required bool PasswordSet { get; init; }

    /// <summary>Whether a login asks for a code of a second factor as well.</summary>
    public required bool SecondFactor { get; init; }

    /// <summary>Notes of the client's own.</summary>
    public required IReadOnlyDictionary<string, string> Metadata { get; init; }

    /// <summary>When it was created.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it was last changed.</summary>
    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>The account that created it; null for the first administrator.</summary>
    public required string? CreatedBy { get; init; }
}

/// <summary>The answer to <c>POST /v1/users</c>.</summary>
public sealed record CreatedUserResponse : UserResponse
{
    /// <summary>For serializers.</summary>
    public CreatedUserResponse()
    {
    }

    /// <summary>An account with what only its creation tells.</summary>
    [SetsRequiredMembers]
    public CreatedUserResponse(UserResponse account, string? password, string? inviteUrl)
        : base(account)
    {
        Password = password;
        InviteUrl = inviteUrl;
    }

    /// <summary>A first password for a person, shown in this answer only; it must be changed at the first login. Null for service accounts.</summary>
    public required string? Password { get; init; }

    /// <summary>A link for a person to set a password with, shown in this answer only; works once, for seven days. Null for service accounts.</summary>
    public required string? InviteUrl { get; init; }
}

/// <summary>The answer to <c>PUT /v1/users/{id}/roles</c>.</summary>
public sealed record UpdatedRolesResponse : UserResponse
{
    /// <summary>For serializers.</summary>
    public UpdatedRolesResponse()
    {
    }

    /// <summary>An account after a change of its roles.</summary>
    [SetsRequiredMembers]
    public UpdatedRolesResponse(UserResponse account, IReadOnlyList<AffectedApiKeyResponse> affectedApiKeys)
        : base(account) =>
        AffectedApiKeys = affectedApiKeys;

    /// <summary>The account's keys whose effective permissions the change altered or may have been expected to alter.</summary>
    public required IReadOnlyList<AffectedApiKeyResponse> AffectedApiKeys { get; init; }
}

/// <summary>What a change of roles did to one key.</summary>
public sealed record AffectedApiKeyResponse
{
    /// <summary><c>secret_…</c></summary>
    public required string Id { get; init; }

    /// <summary>The key's name.</summary>
    public required string Name { get; init; }

    /// <summary>The part of the key that may be shown.</summary>
    public required string DisplayId { get; init; }

    /// <summary>The account it belongs to.</summary>
    public required string UserId { get; init; }

    /// <summary>The environment it is bound to.</summary>
    public required string EnvironmentId { get; init; }

    /// <summary>Permissions the key had before and has no longer.</summary>
    public required IReadOnlyList<string> Lost { get; init; }

    /// <summary>Permissions of its snapshot that work again because the account holds them again.</summary>
    public required IReadOnlyList<string> Regained { get; init; }

    /// <summary>Permissions the account gained and the key did not: a key never gains what it was not created with.</summary>
    public required IReadOnlyList<string> NotGained { get; init; }
}

/// <summary>The answer to <c>GET /v1/users/me</c>.</summary>
public sealed record MeResponse : UserResponse
{
    /// <summary>For serializers.</summary>
    public MeResponse()
    {
    }

    /// <summary>The caller's account with what it came with.</summary>
    [SetsRequiredMembers]
    public MeResponse(UserResponse account, PrincipalResponse principal)
        : base(account) =>
        Principal = principal;

    /// <summary>With what the caller came and what that may do.</summary>
    public required PrincipalResponse Principal { get; init; }
}

/// <summary>A caller as the server sees it.</summary>
public sealed record PrincipalResponse
{
    /// <summary><c>session</c> or <c>api_key</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>The roles behind the permissions: the account's for a session, the snapshot's for a key.</summary>
    public required IReadOnlyList<string> Roles { get; init; }

    /// <summary>What the caller may do now.</summary>
    public required IReadOnlyList<string> Permissions { get; init; }

    /// <summary>The environment the request acts in.</summary>
    public required string EnvironmentId { get; init; }

    /// <summary>What people call that environment.</summary>
    public required string EnvironmentName { get; init; }

    /// <summary><c>development</c> or <c>production</c>.</summary>
    public required string EnvironmentType { get; init; }

    /// <summary>Whether the caller is an administrator: a person who holds <c>super_admin</c>.</summary>
    public required bool Administrator { get; init; }

    /// <summary>Whether the password must be changed before anything else.</summary>
    public required bool PasswordChangeRequired { get; init; }

    /// <summary>The key; null for a session.</summary>
    public required PrincipalApiKeyResponse? ApiKey { get; init; }
}

/// <summary>The key a caller came with.</summary>
public sealed record PrincipalApiKeyResponse
{
    /// <summary><c>secret_…</c></summary>
    public required string Id { get; init; }

    /// <summary>The key's name.</summary>
    public required string Name { get; init; }

    /// <summary>The part of the key that may be shown.</summary>
    public required string DisplayId { get; init; }

    /// <summary>When it expires; null: never.</summary>
    public required DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>What the key is limited to, beyond its permissions; null: nothing.</summary>
    public required KeyConstraints? Constraints { get; init; }
}
