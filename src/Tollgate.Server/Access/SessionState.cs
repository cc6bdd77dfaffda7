namespace Tollgate.Server.Access;

/// <summary>A person's session. Only the digest of its secret is known.</summary>
internal sealed class SessionState(
    string id, AccountState account, KeyDigest digest, DateTimeOffset createdAt, DateTimeOffset expiresAt, string address, string? userAgent)
{
    private long _lastSeenTicks;

    public string Id => id;

    public AccountState Account => account;

    public KeyDigest Digest => digest;

    /// <summary>Written under the account's <see cref="AccountState.Admission"/>, as is <see cref="LastAccepted"/>.</summary>
    public bool Ended { get; set; }

    /// <summary>The last request that it let in; null for none. Across a crash some of the latest may be missing.</summary>
    public LastAccepted? LastAccepted { get; set; }

    public DateTimeOffset CreatedAt => createdAt;

    /// <summary>When it ends at the latest, however much it is used.</summary>
    public DateTimeOffset ExpiresAt => expiresAt;

    public string Address => address;

    public string? UserAgent => userAgent;

    public DateTimeOffset LastSeenAt
    {
        get => new(Volatile.Read(ref _lastSeenTicks), TimeSpan.Zero);
        set => Volatile.Write(ref _lastSeenTicks, value.UtcTicks);
    }

    /// <summary>The last use that the database knows of.</summary>
    public DateTimeOffset WrittenLastSeenAt { get; set; }
}
