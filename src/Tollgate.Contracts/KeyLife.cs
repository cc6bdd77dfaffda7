namespace Tollgate.Contracts;

/// <summary><c>POST /v1/secrets/api/keys/{id}/rotate</c>.</summary>
public sealed record RotateApiKeyRequest
{
    /// <summary>
    /// For how long the old key goes on working, 0 … 604,800 seconds (7 days). Absent: 0, and an hour when a key replaces itself, so that an
    /// answer which gets lost does not lock it out.
    /// </summary>
    [Bounds(0, 604_800)]
    public int? OverlapSeconds { get; init; }

    /// <summary>What people call the new key; absent: as the old one.</summary>
    [LengthLimit(1, 255)]
    public string? Name { get; init; }

    /// <summary>When the new key stops working; absent: after as long a life as the old one was made for.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>The same in whole days from now; instead of <see cref="ExpiresAt"/>.</summary>
    [Bounds(1, 3650)]
    public int? ExpiresInDays { get; init; }

    /// <summary>Fewer permissions than the old key has; absent: the same. What the account has lost meanwhile is lost here too.</summary>
    [LengthLimit(1, 100)]
    public IReadOnlyList<string>? Permissions { get; init; }

    /// <summary>Narrower constraints than the old key has; absent: the same.</summary>
    public KeyConstraints? Constraints { get; init; }
}

/// <summary>The last request that a credential let in.</summary>
public sealed record AcceptedRequestResponse
{
    /// <summary>When it was let in.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary><c>req_…</c>, or the client's own.</summary>
    public required string RequestId { get; init; }

    /// <summary>The address of the socket.</summary>
    public required string Address { get; init; }

    /// <summary><c>METHOD /pattern</c>.</summary>
    public required string Route { get; init; }
}

/// <summary>The answer to <c>GET /v1/secrets/api/keys/{id}/rotation</c>: how far the change from one key to the next is.</summary>
public sealed record KeyRotationResponse
{
    /// <summary>The key that is being replaced.</summary>
    public required SecretResponse Old { get; init; }

    /// <summary>The key that replaces it.</summary>
    public required SecretResponse New { get; init; }

    /// <summary>When the new one was made.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>When the old one stops, or stopped, working.</summary>
    public required DateTimeOffset? OverlapEndsAt { get; init; }

    /// <summary>The last request that the old one let in after the new one was made: who has not changed yet. Null: none.</summary>
    public required AcceptedRequestResponse? OldLastAccepted { get; init; }

    /// <summary>Whether the new one has been used.</summary>
    public required bool NewUsed { get; init; }

    /// <summary>Whether the old one has stopped working.</summary>
    public required bool Finished { get; init; }
}

/// <summary>The query of <c>GET /v1/secrets/api/keys/{id}/usage</c>.</summary>
public sealed record KeyUsageQuery
{
    /// <summary>How many days back, today included; 1 … 90, default 30.</summary>
    [Bounds(1, 90)]
    public int? Days { get; init; }
}

/// <summary>The answer to <c>GET /v1/secrets/api/keys/{id}/usage</c>: what the key was let into and refused.</summary>
public sealed record KeyUsageResponse
{
    /// <summary>The key.</summary>
    public required string ApiKeyId { get; init; }

    /// <summary>How many days back, today included; days are those of UTC.</summary>
    public required int Days { get; init; }

    /// <summary>Requests that were let in.</summary>
    public required long Accepted { get; init; }

    /// <summary>Requests that were refused with 403 or for the environment they named.</summary>
    public required long Denied { get; init; }

    /// <summary>By the permission that the route asks for.</summary>
    public required IReadOnlyList<KeyUsageOfPermissionResponse> ByPermission { get; init; }

    /// <summary>By day, the newest first; days without a request are left out.</summary>
    public required IReadOnlyList<KeyUsageOfDayResponse> ByDay { get; init; }
}

/// <summary>Requests to routes that ask for one permission.</summary>
public sealed record KeyUsageOfPermissionResponse
{
    /// <summary>The permission; null: the routes ask for none.</summary>
    public required string? Permission { get; init; }

    /// <summary>Requests that were let in.</summary>
    public required long Accepted { get; init; }

    /// <summary>Requests that were refused.</summary>
    public required long Denied { get; init; }
}

/// <summary>Requests of one day.</summary>
public sealed record KeyUsageOfDayResponse
{
    /// <summary>The start of the day in UTC.</summary>
    public required DateTimeOffset Day { get; init; }

    /// <summary>Requests that were let in.</summary>
    public required long Accepted { get; init; }

    /// <summary>Requests that were refused.</summary>
    public required long Denied { get; init; }
}

/// <summary>The answer to <c>GET /v1/secrets/api/keys/{id}/revocation</c>: the proof that a key is dead.</summary>
public sealed record KeyRevocationResponse
{
    /// <summary>The key.</summary>
    public required string ApiKeyId { get; init; }

    /// <summary>Whether it is revoked. While it is not, the members about the revocation are null.</summary>
    public required bool Revoked { get; init; }

    /// <summary>The moment from which on no request passed.</summary>
    public required DateTimeOffset? RevokedAt { get; init; }

    /// <summary>The account that did it; null also where the server did, for a reported leak.</summary>
    public required string? RevokedBy { get; init; }

    /// <summary><c>revoked</c>, <c>rotated</c>, <c>account_deleted</c> or <c>leaked</c>.</summary>
    public required string? Reason { get; init; }

    /// <summary>The last request that it let in; null: none ever.</summary>
    public required AcceptedRequestResponse? LastAcceptedRequest { get; init; }

    /// <summary>How often it was tried since it stopped working, for whatever cause.</summary>
    public required long AttemptsSince { get; init; }

    /// <summary>The same by address, the latest first. An empty address stands for all beyond the first thousand.</summary>
    public required IReadOnlyList<KeyAttemptsResponse> Attempts { get; init; }
}

/// <summary>Tries from one address with a key that no longer works.</summary>
public sealed record KeyAttemptsResponse
{
    /// <summary>The address of the socket.</summary>
    public required string Address { get; init; }

    /// <summary>How often.</summary>
    public required long Attempts { get; init; }

    /// <summary>The first time.</summary>
    public required DateTimeOffset FirstAt { get; init; }

    /// <summary>The last time.</summary>
    public required DateTimeOffset LastAt { get; init; }
}

/// <summary><c>POST /v1/secrets/identify</c>: a whole key, or a piece of one. Exactly one of the two.</summary>
public sealed record IdentifyKeyRequest
{
    /// <summary>The whole key.</summary>
    [LengthLimit(8, 512)]
    public string? Token { get; init; }

    /// <summary>
    /// At least the first eight characters after <c>tgsk_</c>, or at least the last eight: with the rest of a longer piece nothing is compared.
    /// </summary>
    [LengthLimit(8, 512)]
    public string? Fragment { get; init; }
}

/// <summary>The answer to <c>POST /v1/secrets/identify</c>.</summary>
public sealed record IdentifyKeyResponse
{
    /// <summary>Whether it is, or is a piece of, one of the tenant's keys.</summary>
    public required bool Found { get; init; }

    /// <summary>
    /// What was compared: <c>token</c>, <c>first_characters</c> or <c>last_characters</c>: eight of them, and the rest of a longer piece was
    /// compared with nothing. Null when nothing was found.
    /// </summary>
    public required string? Compared { get; init; }

    /// <summary>The keys, in whatever environment and state; one, unless pieces of two happen to be the same.</summary>
    public required IReadOnlyList<SecretResponse> Keys { get; init; }
}

/// <summary><c>POST /v1/secrets/api/keys/import</c>: keys that another system made. All are taken or none.</summary>
public sealed record ImportApiKeysRequest
{
    /// <summary>1 … 1,000 keys.</summary>
    [LengthLimit(1, 1000)]
    public required IReadOnlyList<ImportedApiKey> Keys { get; init; }
}

/// <summary>One key of another system.</summary>
public sealed record ImportedApiKey
{
    /// <summary>The SHA-256 of the key's text as 64 hexadecimal digits.</summary>
    [LengthLimit(64, 64)]
    public required string Sha256 { get; init; }

    /// <summary>What people call it.</summary>
    [LengthLimit(1, 255)]
    public required string Name { get; init; }

    /// <summary>The service account it is for.</summary>
    [LengthLimit(1, 64)]
    public required string ServiceAccountId { get; init; }

    /// <summary>Of the account's roles, those whose permissions the key shall have; absent: all.</summary>
    [LengthLimit(1, 100)]
    public IReadOnlyList<string>? Roles { get; init; }

    /// <summary>When it stops working; absent: never, or at the end of the longest life that the tenant's settings allow.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>What the key is limited to, beyond its permissions.</summary>
    public KeyConstraints? Constraints { get; init; }
}

/// <summary>The answer to <c>POST /v1/secrets/api/keys/import</c>.</summary>
public sealed record ImportedApiKeysResponse
{
    /// <summary>How many there are.</summary>
    public required int Imported { get; init; }

    /// <summary>The keys, in the order of the request.</summary>
    public required IReadOnlyList<SecretResponse> Keys { get; init; }
}

/// <summary>What happens to keys that were found in public.</summary>
public static class LeakedKeyPolicies
{
    /// <summary>It is reported in the audit log, and goes on working.</summary>
    public const string Notify = "notify";

    /// <summary>It is reported, and revoked at once.</summary>
    public const string Revoke = "revoke";
}

/// <summary>The tenant's rules for API keys: the answer to <c>GET /v1/settings/api-keys</c>.</summary>
public sealed record KeySettingsResponse
{
    /// <summary>The longest life of a new key in days; null: no limit.</summary>
    public required int? MaxLifetimeDays { get; init; }

    /// <summary><c>notify</c> or <c>revoke</c>: what happens to a key that is reported to lie in public.</summary>
    public required string LeakedKeyPolicy { get; init; }
}

/// <summary><c>PUT /v1/settings/api-keys</c>: replaces the rules. Keys that exist keep their expiry.</summary>
public sealed record UpdateKeySettingsRequest
{
    /// <summary>The longest life of a new key in days, 1 … 3,650; null: no limit.</summary>
    [Bounds(1, 3650)]
    public required int? MaxLifetimeDays { get; init; }

    /// <summary><c>notify</c> or <c>revoke</c>.</summary>
    [OneOf(LeakedKeyPolicies.Notify, LeakedKeyPolicies.Revoke)]
    public required string LeakedKeyPolicy { get; init; }
}

/// <summary>One find, as GitHub's secret scanning reports it to a partner.</summary>
public sealed record LeakedToken
{
    /// <summary>The key.</summary>
    [LengthLimit(1, 4096)]
    public required string Token { get; init; }

    /// <summary>The partner's name for this kind of token.</summary>
    [LengthLimit(0, 255)]
    public string? Type { get; init; }

    /// <summary>Where it lies.</summary>
    [LengthLimit(0, 4096)]
    public string? Url { get; init; }

    /// <summary>In what it was found: <c>content</c>, <c>commit</c>, <c>pull_request_description</c>, …</summary>
    [LengthLimit(0, 255)]
    public string? Source { get; init; }
}

/// <summary>What we say of one find.</summary>
public sealed record LeakedTokenResponse
{
    /// <summary>The SHA-256 of the token in base 64.</summary>
    public required string TokenHash { get; init; }

    /// <summary>As it was reported.</summary>
    public required string? TokenType { get; init; }

    /// <summary><c>true_positive</c>: one of ours, dead or alive; <c>false_positive</c>: none of ours.</summary>
    public required string Label { get; init; }
}
