using Tollgate.Contracts;

namespace Tollgate.Server.Access;

/// <summary>
/// Who is calling, and what they may do at this moment: the account's permissions for a session, and for a key only those that its
/// snapshot has as well (decision 5).
/// </summary>
internal sealed record Caller
{
    public required AccountState Account { get; init; }

    /// <summary>The account's state that this caller was judged by.</summary>
    public required AccountRights Rights { get; init; }

    public required EnvironmentState Environment { get; init; }

    public required PermissionSet Permissions { get; init; }

    /// <summary>The SHA-256 of the credential, to judge it again.</summary>
    public required byte[] Digest { get; init; }

    /// <summary>The key; null for a session.</summary>
    public string? ApiKeyId { get; init; }

    /// <summary>The number behind the key's id; 0 for a session.</summary>
    public UInt128 KeyNumber { get; init; }

    /// <summary>What the key was created with; everything for a session.</summary>
    public PermissionSet Snapshot { get; init; }

    /// <summary>What the key is limited to, beyond its permissions; null for nothing and for a session.</summary>
    public ConstraintSet? Constraints { get; init; }

    /// <summary>When the key expires; null for never and for a session.</summary>
    public DateTimeOffset? KeyExpiresAt { get; init; }

    /// <summary>The session; null for a key.</summary>
    public SessionState? Session { get; init; }

    public string TenantId => Account.TenantId;

    public string EnvironmentId => Environment.Id;

    public string AccountId => Account.Id;

    public bool IsServiceAccount => Account.Type == AccountTypes.ServiceAccount;

    /// <summary>A person who holds <c>super_admin</c>, by session or by a key that was made while they did.</summary>
    public bool IsAdministrator => Permissions.IsAdministrator;

    /// <summary>A parameter of this type is the caller that the gate let in.</summary>
    public static ValueTask<Caller?> BindAsync(HttpContext context) => ValueTask.FromResult(context.Features.Get<Caller>());
}
