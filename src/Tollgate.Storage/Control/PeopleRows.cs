namespace Tollgate.Storage.Control;

/// <summary>A row of <c>password_links</c>: a link with which a person sets a password, once.</summary>
public sealed class PasswordLink
{
    public required string AccountId { get; init; }

    /// <summary>SHA-256 of the token, 32 bytes.</summary>
    public required byte[] Digest { get; init; }

    /// <summary><c>invitation</c> or <c>reset</c>.</summary>
    public required string Purpose { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required DateTimeOffset ExpiresAt { get; init; }

    public required string CreatedBy { get; init; }
}

/// <summary>A row of <c>second_factors</c>.</summary>
public sealed class SecondFactor
{
    public required string AccountId { get; init; }

    /// <summary>The shared secret, sealed.</summary>
    public required byte[] Secret { get; set; }

    /// <summary>When a code first proved that the person has it; null: not yet, and nobody is asked for it.</summary>
    public DateTimeOffset? ConfirmedAt { get; set; }

    /// <summary>The time step of the last code that was accepted.</summary>
    public required long LastStep { get; set; }

    /// <summary>Wrong codes since the last right one.</summary>
    public int Failures { get; set; }
}

/// <summary>A row of <c>recovery_codes</c>.</summary>
public sealed class RecoveryCode
{
    public required string AccountId { get; init; }

    /// <summary>SHA-256 of the code, 32 bytes.</summary>
    public required byte[] Digest { get; init; }
}

/// <summary>A row of <c>known_devices</c>: a browser that a person has logged in with.</summary>
public sealed class KnownDevice
{
    public required string AccountId { get; init; }

    /// <summary>SHA-256 of the cookie's value, 32 bytes.</summary>
    public required byte[] Digest { get; init; }

    public required DateTimeOffset LastSeenAt { get; set; }
}
