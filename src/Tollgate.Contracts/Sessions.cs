namespace Tollgate.Contracts;

/// <summary><c>POST /v1/auth/login</c>.</summary>
public sealed record LoginRequest
{
    /// <summary>The person's login name.</summary>
    [LengthLimit(1, 254)]
    public required string Email { get; init; }

    /// <summary>The password, up to 1,024 bytes of UTF-8.</summary>
    [LengthLimit(1, 1024)]
    public required string Password { get; init; }

    /// <summary>The six digits that the second factor shows now; each works once. Absent: none, or not asked for yet.</summary>
    [LengthLimit(1, 32)]
    public string? Code { get; init; }

    /// <summary>A recovery code in place of <c>code</c>; each works once.</summary>
    [LengthLimit(1, 64)]
    public string? RecoveryCode { get; init; }
}

/// <summary>The answer to a login; the session itself is in the cookie <c>__Host-sid</c>.</summary>
public sealed record LoginResponse
{
    /// <summary>The account.</summary>
    public required UserResponse User { get; init; }

    /// <summary>The session.</summary>
    public required SessionResponse Session { get; init; }

    /// <summary>Whether the password must be changed before anything else.</summary>
    public required bool PasswordChangeRequired { get; init; }
}

/// <summary><c>POST /v1/auth/password</c>: changes the caller's own password and ends all other sessions.</summary>
public sealed record ChangePasswordRequest
{
    /// <summary>The password until now.</summary>
    [LengthLimit(1, 1024)]
    public required string CurrentPassword { get; init; }

    /// <summary>At least 12 characters, at most 1,024 bytes of UTF-8, not a common password.</summary>
    [LengthLimit(1, 1024)]
    public required string NewPassword { get; init; }
}

/// <summary>A person's session.</summary>
public sealed record SessionResponse
{
    /// <summary><c>session_…</c>; not the secret in the cookie.</summary>
    public required string Id { get; init; }

    /// <summary>Whether it is the one this request came with.</summary>
    public required bool Current { get; init; }

    /// <summary>When it began.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it was last used, to the minute.</summary>
    public required DateTimeOffset LastSeenAt { get; init; }

    /// <summary>When it ends at the latest.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>The address it was begun from.</summary>
    public required string Address { get; init; }

    /// <summary>The program it was begun with.</summary>
    public required string? UserAgent { get; init; }
}

/// <summary>The answer to <c>GET /v1/auth/sessions</c>.</summary>
public sealed record SessionsResponse
{
    /// <summary>The caller's living sessions, newest first.</summary>
    public required IReadOnlyList<SessionResponse> Sessions { get; init; }
}
