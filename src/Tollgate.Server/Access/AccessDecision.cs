using Tollgate.Contracts;

namespace Tollgate.Server.Access;

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

    /// <summary>The key is limited to some of the data, and the request is outside of it.</summary>
    Constraint,
}

/// <summary>All that a decision about access looks at: a key or a session, and what its account holds at this moment.</summary>
/// <param name="Session">Whether it comes by a session and not by a key.</param>
/// <param name="Key">What the key is good for; <see cref="KeyState.Live"/> for a session.</param>
/// <param name="IsExpired">Whether the key's time is over.</param>
/// <param name="Rights">What the account holds now.</param>
/// <param name="Snapshot">What the key was made with; everything for a session.</param>
/// <param name="Constraints">What the key is limited to; null for nothing and for a session.</param>
internal readonly record struct AccessSubject(
    bool Session, KeyState Key, bool IsExpired, AccountRights Rights, PermissionSet Snapshot, ConstraintSet? Constraints)
{
    private static readonly PermissionSet Everything = PermissionSet.AllNamed | PermissionSet.Administrator;

    public PermissionSet Effective => Rights.Permissions & Snapshot;

    /// <summary>The caller that the gate has before it.</summary>
    public static AccessSubject Of(Caller caller) =>
        new(caller.Session is not null, KeyState.Live, IsExpired: false, caller.Rights, caller.Snapshot, caller.Constraints);

    /// <summary>A person with a session, or a service account with a key that it makes now: the same rights by another way.</summary>
    public static AccessSubject Of(AccountState account) =>
        new(account.IsPerson, KeyState.Live, IsExpired: false, account.Rights, Everything, Constraints: null);

    public static AccessSubject OfSession(AccountRights rights) =>
        new(Session: true, KeyState.Live, IsExpired: false, rights, Everything, Constraints: null);

    public static AccessSubject OfKey(
        KeyState key, bool isExpired, PermissionSet snapshot, ConstraintSet? constraints, AccountRights rights) =>
        new(Session: false, key, isExpired, rights, snapshot, constraints);
}

/// <summary>
/// The one place that decides about access, without a look at anything but its arguments. The gate enforces what it says, and
/// explanations, previews and lists of who may do what ask it too, so that none of them can differ from what happens.
/// </summary>
internal static class AccessDecision
{
    /// <param name="subject">Who asks.</param>
    /// <param name="rule">What the route asks for.</param>
    /// <param name="namesItself">Whether the request is by a key and about that very key.</param>
    public static AccessVerdict Judge(in AccessSubject subject, RouteRule rule, bool namesItself = false)
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

        if (subject is { Session: true, Rights.MustChangePassword: true } && !rule.OpenBeforePasswordChange)
        {
            return AccessVerdict.PasswordChange;
        }

        if (rule.Access == RouteAccess.KeyItself && namesItself)
        {
            return AccessVerdict.Allowed;
        }

        var needed = rule.NeededBy(subject.Session);
        return subject.Effective.Covers(needed) ? (subject.Constraints?.RefusingRoute(rule) is null ? AccessVerdict.Allowed : AccessVerdict.Constraint)
            : subject.Rights.Permissions.Covers(needed) ? AccessVerdict.Snapshot
            : needed.IsAdministrator ? AccessVerdict.Administrator
            : AccessVerdict.Role;
    }

    /// <summary>Whether the credential is good for anything at all.</summary>
    public static AccessVerdict Standing(in AccessSubject subject) => subject.Key switch
    {
        KeyState.Revoked => AccessVerdict.KeyRevoked,
        KeyState.Honeytoken => AccessVerdict.KeyIsTrap,
        KeyState.Disabled => AccessVerdict.KeyDisabled,
        _ when subject.IsExpired => AccessVerdict.KeyExpired,
        _ => subject.Rights.Active ? AccessVerdict.Allowed : AccessVerdict.AccountInactive,
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
        AccessVerdict.Constraint => "constraint",
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
            AccessVerdict.Constraint => "The key is limited by its constraints, which are fixed, and this is outside of them. Create a key with other constraints.",
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
