namespace Tollgate.Contracts;

/// <summary>What a request is about, for the limits that a key can have beside its permissions. What is absent is not looked at.</summary>
public sealed record AccessResource
{
    /// <summary>An event's name.</summary>
    [LengthLimit(1, 255)]
    public string? EventName { get; init; }

    /// <summary>A customer's external id.</summary>
    [LengthLimit(1, 255)]
    public string? ExternalCustomerId { get; init; }

    /// <summary>An event's source.</summary>
    [LengthLimit(1, 255)]
    public string? Source { get; init; }
}

/// <summary><c>POST /v1/rbac/can-i</c>: one <c>permission</c>, or several <c>permissions</c> at once.</summary>
public sealed record CanIRequest
{
    /// <summary>What the caller wants to do, like <c>event:read</c>.</summary>
    [LengthLimit(1, 100)]
    public string? Permission { get; init; }

    /// <summary>Several questions at once, answered in <c>results</c>.</summary>
    [LengthLimit(1, 100)]
    public IReadOnlyList<string>? Permissions { get; init; }

    /// <summary>Whether it is about something that only administrators may do. Default: false.</summary>
    public bool? Administrator { get; init; }

    /// <summary>The environment to act in; default: the one this request acts in.</summary>
    [LengthLimit(1, 64)]
    public string? EnvironmentId { get; init; }

    /// <summary>What it is about.</summary>
    public AccessResource? Resource { get; init; }
}

/// <summary>The answer to <c>POST /v1/rbac/can-i</c>.</summary>
public sealed record CanIResponse
{
    /// <summary>Whether the caller may do all that was asked.</summary>
    public required bool Allowed { get; init; }

    /// <summary>Why, and when not, how to mend it; about the first that is refused.</summary>
    public required string Reason { get; init; }

    /// <summary>What is missing, as in <see cref="ExplainResponse.Missing"/>; null when nothing is.</summary>
    public required string? Missing { get; init; }

    /// <summary>The roles through which the caller may; empty when it may not.</summary>
    public required IReadOnlyList<string> GrantedBy { get; init; }

    /// <summary>One answer for each of <c>permissions</c>, in their order; null when one <c>permission</c> was asked for.</summary>
    public required IReadOnlyList<CanIResult>? Results { get; init; }
}

/// <summary>The answer about one permission.</summary>
public sealed record CanIResult
{
    /// <summary>The permission.</summary>
    public required string Permission { get; init; }

    /// <summary>Whether the caller has it.</summary>
    public required bool Allowed { get; init; }

    /// <summary>Why, and when not, how to mend it.</summary>
    public required string Reason { get; init; }

    /// <summary>What is missing, as in <see cref="ExplainResponse.Missing"/>; null when nothing is.</summary>
    public required string? Missing { get; init; }

    /// <summary>The roles through which the caller has it; empty when it has not.</summary>
    public required IReadOnlyList<string> GrantedBy { get; init; }
}

/// <summary>
/// <c>POST /v1/rbac/explain</c>: may this account or this key do that? One of <c>principal_id</c> and <c>api_key_id</c>, and one of
/// <c>permission</c> and <c>route</c>.
/// </summary>
public sealed record ExplainRequest
{
    /// <summary>An account: a person with a session, or a service account with a key that it makes now.</summary>
    [LengthLimit(1, 64)]
    public string? PrincipalId { get; init; }

    /// <summary>An API key.</summary>
    [LengthLimit(1, 64)]
    public string? ApiKeyId { get; init; }

    /// <summary>A permission, like <c>event:read</c>.</summary>
    [LengthLimit(1, 100)]
    public string? Permission { get; init; }

    /// <summary>Whether the permission is needed as an administrator. Default: false.</summary>
    public bool? Administrator { get; init; }

    /// <summary>A route of <c>GET /v1/rbac/manifest</c>, like <c>PUT /v1/users/{id}/roles</c>.</summary>
    [LengthLimit(1, 255)]
    public string? Route { get; init; }

    /// <summary>The environment to act in; default: the key's own, or the caller's.</summary>
    [LengthLimit(1, 64)]
    public string? EnvironmentId { get; init; }

    /// <summary>What the request would be about.</summary>
    public AccessResource? Resource { get; init; }
}

/// <summary>The answer to <c>POST /v1/rbac/explain</c>: what the server would do now, and through what.</summary>
public sealed record ExplainResponse
{
    /// <summary>Whether a request would be let in now.</summary>
    public required bool Allowed { get; init; }

    /// <summary>Why, and when not, how to mend it.</summary>
    public required string Reason { get; init; }

    /// <summary>
    /// What is missing: <c>role</c>, <c>administrator</c>, <c>snapshot</c>, <c>constraint</c>, <c>environment</c>, <c>session</c>,
    /// <c>password_change</c>, <c>account_disabled</c>, <c>account_deleted</c>, <c>key_disabled</c>, <c>key_expired</c>,
    /// <c>key_revoked</c> or <c>key_is_honeytoken</c>; null when nothing is.
    /// </summary>
    public required string? Missing { get; init; }

    /// <summary>The permission that is asked for; null when the route asks for none.</summary>
    public required string? Permission { get; init; }

    /// <summary>Whether an administrator is asked for.</summary>
    public required bool RequiresAdministrator { get; init; }

    /// <summary>The route, when the question was about one.</summary>
    public required string? Route { get; init; }

    /// <summary>The environment that the answer is about.</summary>
    public required string EnvironmentId { get; init; }

    /// <summary>The account.</summary>
    public required ExplainedPrincipalResponse Principal { get; init; }

    /// <summary>Whether the account is neither disabled nor deleted.</summary>
    public required bool AccountActive { get; init; }

    /// <summary>The key; null when the question was about an account.</summary>
    public required ExplainedApiKeyResponse? ApiKey { get; init; }

    /// <summary><c>live</c>, <c>disabled</c>, <c>expired</c>, <c>revoked</c> or <c>honeytoken</c>; null without a key.</summary>
    public required string? KeyState { get; init; }

    /// <summary>Whether the key's time is over; null without a key.</summary>
    public required bool? Expired { get; init; }

    /// <summary>Each role of the account, and whether it grants what is asked for.</summary>
    public required IReadOnlyList<ExplainedRoleResponse> Roles { get; init; }

    /// <summary>What the key was created with; null without a key.</summary>
    public required ExplainedSnapshotResponse? Snapshot { get; init; }

    /// <summary>What the key's constraints say about the resource; null without a key, and for a key without constraints.</summary>
    public required ExplainedConstraintsResponse? Constraints { get; init; }

    /// <summary>The roles through which it is allowed; empty when it is not.</summary>
    public required IReadOnlyList<string> GrantedBy { get; init; }

    /// <summary>The roles that this account may be given and that grant it, the narrowest first.</summary>
    public required IReadOnlyList<string> RolesThatGrant { get; init; }
}

/// <summary>The account of an explanation.</summary>
public sealed record ExplainedPrincipalResponse
{
    /// <summary><c>user_…</c></summary>
    public required string Id { get; init; }

    /// <summary><c>user</c> or <c>service_account</c>.</summary>
    public required string Type { get; init; }

    /// <summary>What people call it.</summary>
    public required string? Name { get; init; }

    /// <summary>A person's login name; null for service accounts.</summary>
    public required string? Email { get; init; }

    /// <summary><c>published</c>, <c>archived</c> (disabled) or <c>deleted</c>.</summary>
    public required string Status { get; init; }
}

/// <summary>The key of an explanation.</summary>
public sealed record ExplainedApiKeyResponse
{
    /// <summary><c>secret_…</c></summary>
    public required string Id { get; init; }

    /// <summary>The key's name.</summary>
    public required string Name { get; init; }

    /// <summary>The part of the key that may be shown.</summary>
    public required string DisplayId { get; init; }

    /// <summary>The environment it is bound to.</summary>
    public required string EnvironmentId { get; init; }

    /// <summary>When it expires; null: never.</summary>
    public required DateTimeOffset? ExpiresAt { get; init; }
}

/// <summary>A role of the account.</summary>
public sealed record ExplainedRoleResponse
{
    /// <summary>The role's id.</summary>
    public required string Id { get; init; }

    /// <summary>Whether it grants what is asked for.</summary>
    public required bool Grants { get; init; }
}

/// <summary>What a key was created with.</summary>
public sealed record ExplainedSnapshotResponse
{
    /// <summary>Whether what is asked for is in it.</summary>
    public required bool Has { get; init; }

    /// <summary>Everything in it.</summary>
    public required IReadOnlyList<string> Permissions { get; init; }
}

/// <summary>What the constraints of a key say.</summary>
public sealed record ExplainedConstraintsResponse
{
    /// <summary>Whether they let the resource pass; what was not asked about passes.</summary>
    public required bool Allow { get; init; }

    /// <summary>The constraint that refuses; null when none does.</summary>
    public required string? RefusedBy { get; init; }
}

/// <summary>The query of <c>GET /v1/rbac/who-can</c>.</summary>
public sealed record WhoCanQuery
{
    /// <summary>A permission, like <c>event:read</c>.</summary>
    [LengthLimit(1, 100)]
    public required string Permission { get; init; }

    /// <summary>Whether the permission is needed as an administrator. Default: false.</summary>
    public bool? Administrator { get; init; }

    /// <summary>1 … 1,000; default 50.</summary>
    [Bounds(1, 1000)]
    public int? Limit { get; init; }

    /// <summary>How many to pass over.</summary>
    [Bounds(0, int.MaxValue)]
    public int? Offset { get; init; }
}

/// <summary>An account or a key that may do something now.</summary>
public sealed record WhoCanResponse
{
    /// <summary><c>account</c> or <c>api_key</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>The account; of a key, its owner.</summary>
    public required string AccountId { get; init; }

    /// <summary><c>user</c> or <c>service_account</c>.</summary>
    public required string AccountType { get; init; }

    /// <summary>What people call the account.</summary>
    public required string? AccountName { get; init; }

    /// <summary>The key; null for an account.</summary>
    public required string? ApiKeyId { get; init; }

    /// <summary>The key's name; null for an account.</summary>
    public required string? ApiKeyName { get; init; }

    /// <summary>The part of the key that may be shown; null for an account.</summary>
    public required string? DisplayId { get; init; }

    /// <summary>The roles through which it may.</summary>
    public required IReadOnlyList<string> GrantedBy { get; init; }
}

/// <summary><c>POST /v1/users/{id}/roles/preview</c>.</summary>
public sealed record PreviewRolesRequest
{
    /// <summary>Ids of roles, at least one: what <c>PUT /v1/users/{id}/roles</c> would set.</summary>
    [LengthLimit(0, 50)]
    public required IReadOnlyList<string> Roles { get; init; }

    /// <summary>How many days of recorded use to replay, today among them: 1 … 90, default 30.</summary>
    [Bounds(1, 90)]
    public int? Days { get; init; }
}

/// <summary>What a change of roles would do, judged by what was done before.</summary>
public sealed record PreviewRolesResponse
{
    /// <summary>The roles that would be set.</summary>
    public required IReadOnlyList<string> Roles { get; init; }

    /// <summary>What the change would do to each key; keys that it leaves alone are not listed.</summary>
    public required IReadOnlyList<AffectedApiKeyResponse> AffectedApiKeys { get; init; }

    /// <summary>How many sessions the change would end.</summary>
    public required int SessionsEnded { get; init; }

    /// <summary>What was replayed.</summary>
    public required ReplayedUseResponse Replayed { get; init; }

    /// <summary>The calls that were let in and would have been refused, the most frequent first.</summary>
    public required IReadOnlyList<RefusedUseResponse> WouldBeRefused { get; init; }
}

/// <summary>The recorded use that was replayed.</summary>
public sealed record ReplayedUseResponse
{
    /// <summary>How many days, today among them.</summary>
    public required int Days { get; init; }

    /// <summary>How many calls; those by keys that were revoked since are not replayed.</summary>
    public required long Calls { get; init; }
}

/// <summary>Calls that would have been refused.</summary>
public sealed record RefusedUseResponse
{
    /// <summary>The key; null for sessions.</summary>
    public required string? ApiKeyId { get; init; }

    /// <summary>The route, like <c>POST /v1/events</c>.</summary>
    public required string Route { get; init; }

    /// <summary>The permission it asks for; null when it asks for none.</summary>
    public required string? Permission { get; init; }

    /// <summary>How many calls.</summary>
    public required long Calls { get; init; }

    /// <summary>When the last was.</summary>
    public required DateTimeOffset LastAt { get; init; }

    /// <summary>
    /// <c>all</c>, or <c>some</c>: whether this route asks for an administrator, as for another's key or for a new person, or for no
    /// permission at all, as a key about itself, depends on what the request names, which is not recorded.
    /// </summary>
    public required string Refused { get; init; }
}

/// <summary>The query of <c>GET /v1/rbac/recommendations</c>.</summary>
public sealed record RecommendationsQuery
{
    /// <summary>How many days of recorded use to look at, today among them: 1 … 90, default 30.</summary>
    [Bounds(1, 90)]
    public int? Days { get; init; }

    /// <summary>1 … 1,000; default 50.</summary>
    [Bounds(1, 1000)]
    public int? Limit { get; init; }

    /// <summary>How many to pass over.</summary>
    [Bounds(0, int.MaxValue)]
    public int? Offset { get; init; }
}

/// <summary>An account that may do more than it does.</summary>
public sealed record RecommendationResponse
{
    /// <summary>The account.</summary>
    public required ExplainedPrincipalResponse Account { get; init; }

    /// <summary>
    /// <c>no_use</c>: nothing was done in these days, disable the account or give it less; <c>narrower_roles</c>: existing roles cover
    /// what was used with less to spare; <c>custom_role</c>: no existing roles are tighter, a role of <c>exact_permissions</c> would be.
    /// </summary>
    public required string Finding { get; init; }

    /// <summary>What it comes to, in a sentence.</summary>
    public required string Reason { get; init; }

    /// <summary>How many days were looked at.</summary>
    public required int Days { get; init; }

    /// <summary>How many calls were let in during them.</summary>
    public required long Calls { get; init; }

    /// <summary>When the last of them was; null when there was none.</summary>
    public required DateTimeOffset? LastUsedAt { get; init; }

    /// <summary>The roles it holds.</summary>
    public required IReadOnlyList<string> HeldRoles { get; init; }

    /// <summary>The permissions that it holds and used.</summary>
    public required IReadOnlyList<string> UsedPermissions { get; init; }

    /// <summary>The permissions that it holds and did not use.</summary>
    public required IReadOnlyList<string> UnusedPermissions { get; init; }

    /// <summary>The smallest set of existing roles that covers what was used; null when none is tighter than what is held.</summary>
    public required IReadOnlyList<string>? SuggestedRoles { get; init; }

    /// <summary>What the suggested roles grant beyond what was used; null without a suggestion.</summary>
    public required IReadOnlyList<string>? ExcessPermissions { get; init; }

    /// <summary>Whether no smaller set exists for certain; false when there were too many roles to search them all. Null without a suggestion.</summary>
    public required bool? Smallest { get; init; }

    /// <summary>What a custom role would hold that grants exactly what was used; null when nothing was.</summary>
    public required IReadOnlyList<string>? ExactPermissions { get; init; }

    /// <summary>The account's keys that may do more than they did.</summary>
    public required IReadOnlyList<KeyUseResponse> ApiKeys { get; init; }
}

/// <summary>What one key did of what it may do.</summary>
public sealed record KeyUseResponse
{
    /// <summary><c>secret_…</c></summary>
    public required string Id { get; init; }

    /// <summary>The key's name.</summary>
    public required string Name { get; init; }

    /// <summary>The part of the key that may be shown.</summary>
    public required string DisplayId { get; init; }

    /// <summary>How many calls were let in.</summary>
    public required long Calls { get; init; }

    /// <summary>When the last of them was; null when there was none.</summary>
    public required DateTimeOffset? LastUsedAt { get; init; }

    /// <summary>The permissions that it has and used.</summary>
    public required IReadOnlyList<string> UsedPermissions { get; init; }

    /// <summary>The permissions that it has and did not use.</summary>
    public required IReadOnlyList<string> UnusedPermissions { get; init; }
}
