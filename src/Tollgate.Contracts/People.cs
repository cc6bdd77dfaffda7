namespace Tollgate.Contracts;

/// <summary>What a link that sets a password is for.</summary>
public static class LinkPurposes
{
    /// <summary>The person's first password.</summary>
    public const string Invitation = "invitation";

    /// <summary>A new password in place of one that is lost.</summary>
    public const string Reset = "reset";
}

/// <summary>The answer to <c>POST /v1/users/{id}/invite</c>.</summary>
public sealed record InviteResponse
{
    /// <summary><c>invitation</c> for a person who has no password of their own yet, else <c>reset</c>.</summary>
    [OneOf(LinkPurposes.Invitation, LinkPurposes.Reset)]
    public required string Purpose { get; init; }

    /// <summary>The link, shown in this answer only; works once. An older one of the person no longer works.</summary>
    public required string Url { get; init; }

    /// <summary>When it stops to work.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }
}

/// <summary><c>POST /v1/auth/invitations/preview</c>: what a link is for.</summary>
public sealed record PreviewInvitationRequest
{
    /// <summary>What stands behind <c>#token=</c> in the link.</summary>
    [LengthLimit(1, 255)]
    public required string Token { get; init; }
}

/// <summary>What a link is for.</summary>
public sealed record InvitationResponse
{
    /// <summary><c>invitation</c> or <c>reset</c>.</summary>
    [OneOf(LinkPurposes.Invitation, LinkPurposes.Reset)]
    public required string Purpose { get; init; }

    /// <summary>The person's login name.</summary>
    public required string Email { get; init; }

    /// <summary>What the person is called.</summary>
    public required string? Name { get; init; }

    /// <summary>The name of the tenant.</summary>
    public required string TenantName { get; init; }

    /// <summary>When the link stops to work.</summary>
    public required DateTimeOffset ExpiresAt { get; init; }
}

/// <summary><c>POST /v1/auth/invitations/accept</c>: sets the password of the person the link was made for.</summary>
public sealed record AcceptInvitationRequest
{
    /// <summary>What stands behind <c>#token=</c> in the link.</summary>
    [LengthLimit(1, 255)]
    public required string Token { get; init; }

    /// <summary>At least 12 characters, at most 1,024 bytes of UTF-8, not a common password.</summary>
    [LengthLimit(1, 1024)]
    public required string Password { get; init; }

    /// <summary>What people call the person; absent: as it is.</summary>
    [LengthLimit(1, 255)]
    public string? Name { get; init; }
}

/// <summary>The password is set. Log in with it: this answer begins no session.</summary>
public sealed record AcceptedInvitationResponse
{
    /// <summary>The login name that the password belongs to.</summary>
    public required string Email { get; init; }

    /// <summary>Whether the login asks for a code of a second factor as well.</summary>
    public required bool SecondFactor { get; init; }
}

/// <summary>The answer to <c>GET /v1/auth/totp</c>.</summary>
public sealed record TotpResponse
{
    /// <summary>Whether a login asks for a code.</summary>
    public required bool Enabled { get; init; }

    /// <summary>Since when; null when it does not.</summary>
    public required DateTimeOffset? EnabledAt { get; init; }

    /// <summary>Recovery codes that are not used yet.</summary>
    public required int RecoveryCodesLeft { get; init; }
}

/// <summary><c>POST /v1/auth/totp/enroll</c>: begins a second factor.</summary>
public sealed record EnrollTotpRequest
{
    /// <summary>The caller's password.</summary>
    [LengthLimit(1, 1024)]
    public required string CurrentPassword { get; init; }
}

/// <summary>What an authenticator app is told. Nothing asks for a code until one has been confirmed.</summary>
public sealed record EnrolledTotpResponse
{
    /// <summary>The secret in base 32, shown in this answer only.</summary>
    public required string Secret { get; init; }

    /// <summary>The same as an address that apps read from a QR code.</summary>
    public required string OtpauthUri { get; init; }
}

/// <summary><c>POST /v1/auth/totp/confirm</c>: from here on a login asks for a code.</summary>
public sealed record ConfirmTotpRequest
{
    /// <summary>The six digits that the app shows now.</summary>
    [LengthLimit(1, 32)]
    public required string Code { get; init; }
}

/// <summary>Recovery codes, shown in this answer only. Each works once in place of a code.</summary>
public sealed record RecoveryCodesResponse
{
    /// <summary>The codes; older ones no longer work.</summary>
    public required IReadOnlyList<string> RecoveryCodes { get; init; }
}

/// <summary><c>DELETE /v1/auth/totp</c> and <c>POST /v1/auth/totp/recovery-codes</c>: the password, and a code or a recovery code.</summary>
public sealed record ProveTotpRequest
{
    /// <summary>The caller's password.</summary>
    [LengthLimit(1, 1024)]
    public required string CurrentPassword { get; init; }

    /// <summary>The six digits that the app shows now.</summary>
    [LengthLimit(1, 32)]
    public string? Code { get; init; }

    /// <summary>A recovery code in place of <c>code</c>.</summary>
    [LengthLimit(1, 64)]
    public string? RecoveryCode { get; init; }
}
