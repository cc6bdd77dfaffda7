using Tollgate.Contracts;

namespace Tollgate.Server.Access;

/// <summary>Whether a key works, before anybody asks what it may do.</summary>
internal enum KeyStanding
{
    /// <summary>It works.</summary>
    Live,

    /// <summary>It was disabled and can be enabled again.</summary>
    Disabled,

    /// <summary>Its time is over.</summary>
    Expired,

    /// <summary>It was revoked, for good.</summary>
    Revoked,

    /// <summary>It is a trap, which works for nothing.</summary>
    Trap,
}

/// <summary>How a question about access ends. Only the first lets the request in.</summary>
internal enum AccessVerdict
{
    Allowed,
    KeyDisabled,
    KeyExpired,
    KeyRevoked,
    KeyIsTrap,

    /// <summary>The account is disabled or deleted.</summary>
    AccountInactive,

    /// <summary>The route is for a person's session alone.</summary>
    SessionNeeded,

    /// <summary>A first password must be changed before anything else.</summary>
    PasswordChange,

    /// <summary>No role of the account grants it.</summary>
    Role,

    /// <summary>It takes an administrator, which the account is not.</summary>
    Administrator,

    /// <summary>The account holds it; the key was made without it.</summary>
    Snapshot,

    /// <summary>The key belongs to another environment.</summary>
    Environment,
}

/// <summary>All that a decision about access looks at: a key or a session, and what its account holds at this moment.</summary>
/// <param name="Session">Whether it comes by a session and not by a key.</param>
/// <param name="Key">Whether the key works; <see cref="KeyStanding.Live"/> for a session.</param>
/// <param name="AccountActive">Whether the account is neither disabled nor deleted.</param>
/// <param name="MustChangePassword">Whether the account has a password that must be changed first.</param>
/// <param name="Held">What the account holds now.</param>
/// <param name="Snapshot">What the key was made with; everything for a session.</param>
internal readonly record struct AccessSubject(
    bool Session, KeyStanding Key, bool AccountActive, bool MustChangePassword, PermissionSet Held, PermissionSet Snapshot)
{
    private static readonly PermissionSet Everything = PermissionSet.AllNamed | PermissionSet.Administrator;

    public PermissionSet Effective => Held & Snapshot;

    /// <summary>The caller that the gate has before it.</summary>
    public static AccessSubject Of(Caller caller) => new(
        caller.Session is not null, KeyStanding.Live, caller.Rights.Active, caller.Rights.MustChangePassword, caller.Rights.Permissions, caller.Snapshot);

    /// <summary>A person with a session, or a service account with a key that it makes now: the same rights by another way.</summary>
    public static AccessSubject Of(AccountState account) => new(
        account.IsPerson, KeyStanding.Live, account.Rights.Active, account.Rights.MustChangePassword, account.Rights.Permissions, Everything);

    /// <summary>A key of an account.</summary>
    public static AccessSubject Of(KeyStanding key, PermissionSet snapshot, AccountRights rights) =>
        new(Session: false, key, rights.Active, rights.MustChangePassword, rights.Permissions, snapshot);
}

/// <summary>
/// The one place that decides about access, without a look at anything but its arguments. The gate enforces what it says, and
/// explanations, previews and lists of who may do what ask it too, so that none of them can differ from what happens.
/// </summary>
internal static class AccessDecision
{
    public static AccessVerdict Judge(in AccessSubject subject, RouteRule rule)
    {
        if (rule.Access == RouteAccess.Public)
        {
            return AccessVerdict.Allowed;
        }

        if (Standing(subject) is var standing and not AccessVerdict.Allowed)
        {
            return standing;
        }

        if (rule.Access == RouteAccess.Session && !subject.Session)
        {
            return AccessVerdict.SessionNeeded;
        }

        if (subject is { Session: true, MustChangePassword: true } && !rule.OpenBeforePasswordChange)
        {
            return AccessVerdict.PasswordChange;
        }

        var needed = rule.NeededBy(subject.Session);
        return subject.Effective.Covers(needed) ? AccessVerdict.Allowed
            : subject.Held.Covers(needed) ? AccessVerdict.Snapshot
            : needed.IsAdministrator ? AccessVerdict.Administrator
            : AccessVerdict.Role;
    }

    /// <summary>Whether the credential is good for anything at all.</summary>
    public static AccessVerdict Standing(in AccessSubject subject) => subject.Key switch
    {
        KeyStanding.Revoked => AccessVerdict.KeyRevoked,
        KeyStanding.Trap => AccessVerdict.KeyIsTrap,
        KeyStanding.Disabled => AccessVerdict.KeyDisabled,
        KeyStanding.Expired => AccessVerdict.KeyExpired,
        _ => subject.AccountActive ? AccessVerdict.Allowed : AccessVerdict.AccountInactive,
    };

    /// <summary>
    /// The roles with which an account of this type has what is needed, the narrowest first: those that grant the fewest permissions,
    /// and among equals the built-in ones before the tenant's own. None when nothing is needed.
    /// </summary>
    public static IEnumerable<Role> RolesThatGrant(IReadOnlyList<Role> roles, string accountType, PermissionSet needed) => needed.IsEmpty
        ? []
        : roles.Where(role => role.PermissionsFor(accountType).Covers(needed)).OrderBy(role => role.Permissions.Count);

    /// <summary>What is missing, as the one word that answers carry; null when nothing is.</summary>
    public static string? Missing(AccessVerdict verdict) => verdict switch
    {
        AccessVerdict.Allowed => null,
        AccessVerdict.KeyDisabled => "key_disabled",
        AccessVerdict.KeyExpired => "key_expired",
        AccessVerdict.KeyRevoked => "key_revoked",
        AccessVerdict.KeyIsTrap => "key_is_honeytoken",
        AccessVerdict.AccountInactive => "account_disabled",
        AccessVerdict.SessionNeeded => "session",
        AccessVerdict.PasswordChange => "password_change",
        AccessVerdict.Role => "role",
        AccessVerdict.Administrator => "administrator",
        AccessVerdict.Snapshot => "snapshot",
        AccessVerdict.Environment => "environment",
        _ => throw new InvalidOperationException($"{verdict} has no word."),
    };

    /// <summary>Why, and how to mend it, in one or two sentences.</summary>
    public static string Reason(AccessVerdict verdict, in AccessSubject subject, RouteRule rule, string accountType, IReadOnlyList<Role> roles)
    {
        var needed = rule.NeededBy(subject.Session);
        var permission = rule.PermissionFor(subject.Session);
        return verdict switch
        {
            AccessVerdict.Allowed => Allowed(rule, permission),
            AccessVerdict.KeyDisabled => "The key is disabled. Enable it again.",
            AccessVerdict.KeyExpired => "The key has expired. Create a new key.",
            AccessVerdict.KeyRevoked => "The key is revoked, for good. Create a new key.",
            AccessVerdict.KeyIsTrap => "The key is a honeytoken: it works for nothing, and every use of it raises an alarm.",
            AccessVerdict.AccountInactive => "The account is disabled or deleted, so its keys and sessions do nothing. Enable it again, or use another account.",
            AccessVerdict.SessionNeeded => "This takes a person's session, which no key is. Log in with POST /v1/auth/login.",
            AccessVerdict.PasswordChange => "The first password must be changed before anything else, with POST /v1/auth/password.",
            AccessVerdict.Snapshot => needed.IsAdministrator
                ? "The account is an administrator now, but this key was created when it was not, and a key never gains permissions. Create a new key."
                : $"The account holds {permission} now, but this key was created without it, and a key never gains permissions. Create a new key.",
            AccessVerdict.Administrator => accountType == AccountTypes.ServiceAccount
                ? "Only an administrator may do this: a person who holds super_admin. A service account never is one; ask such a person to do it."
                : "Only an administrator may do this: a person who holds super_admin. Ask one to do it, or to give this account super_admin.",
            AccessVerdict.Environment => "A key is bound to the environment it was created in. Use a key of the other environment.",
            AccessVerdict.Role => NoRole(subject, permission, needed, accountType, roles),
            _ => throw new InvalidOperationException($"{verdict} has no reason."),
        };
    }

    private static string Allowed(RouteRule rule, string? permission) => rule.Access switch
    {
        RouteAccess.Public => "Anybody may, without a credential.",
        RouteAccess.Session => "Every person with a session may.",
        _ when permission is null => "Everybody with a valid credential may.",
        RouteAccess.Administrator => $"It holds {permission} and is an administrator.",
        _ => $"It holds {permission}.",
    };

    private static string NoRole(in AccessSubject subject, string? permission, PermissionSet needed, string accountType, IReadOnlyList<Role> roles)
    {
        var narrowest = RolesThatGrant(roles, accountType, needed).FirstOrDefault(role => role.AssignableTo.Contains(accountType));
        var mend = narrowest is null
            ? "Ask an administrator to create a role that does and to give it to the account"
            : $"Ask an administrator to give it one that does, for example {narrowest.Id}";
        return $"None of the account's roles grants {permission}. {mend}"
            + (subject.Session ? "."
                : subject.Snapshot.Covers(needed) ? "; this key was created with it and then works again."
                : ", then create a new key: a key never gains permissions.");
    }
}
