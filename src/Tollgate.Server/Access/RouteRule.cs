namespace Tollgate.Server.Access;

/// <summary>Who may come to a route.</summary>
internal enum RouteAccess
{
    /// <summary>Anybody, without a credential.</summary>
    Public,

    /// <summary>Anybody with a valid credential; what they reach is their own.</summary>
    AnyPrincipal,

    /// <summary>A person with a session, not a key; what they reach is their own.</summary>
    Session,

    /// <summary>Who has the route's permission.</summary>
    Permission,

    /// <summary>An administrator who has the route's permission.</summary>
    Administrator,

    /// <summary>The very key that the route's <c>{id}</c> names, or who has the route's permission.</summary>
    KeyItself,
}

/// <summary>
/// What a route declares where it is mapped: exactly one of six answers to "who may come?". There is no default (decision 8).
/// </summary>
internal sealed record RouteRule
{
    private bool? _isForConstrainedKeys;
    private bool _isAdministratorForSome;

    private RouteRule(RouteAccess access, string? permission, string? reason)
    {
        Access = access;
        Permission = permission;
        Reason = reason;
        Needed = (permission is null ? PermissionSet.Empty : PermissionSet.Of(permission))
            | (access == RouteAccess.Administrator ? PermissionSet.Administrator : PermissionSet.Empty);
    }

    public RouteAccess Access { get; }

    /// <summary>The permission's name; null unless one is asked for.</summary>
    public string? Permission { get; }

    /// <summary>Why no permission is asked for; null when one is.</summary>
    public string? Reason { get; }

    /// <summary>What the caller must have, in bits.</summary>
    public PermissionSet Needed { get; }

    /// <summary>What a key must have where a session needs nothing; null where both are asked for the same.</summary>
    public string? KeyPermission { get; private init; }

    /// <summary>
    /// Whether some requests of the route are for administrators alone, by what they name: another's API key is, wherever keys are asked
    /// about.
    /// </summary>
    public bool IsAdministratorForSome =>
        _isAdministratorForSome
        || (Access is RouteAccess.Permission or RouteAccess.KeyItself && Permission is Contracts.Permissions.SecretRead or Contracts.Permissions.SecretWrite);

    /// <summary>Whether a person whose password must be changed may come all the same.</summary>
    public bool OpenBeforePasswordChange { get; private init; }

    /// <summary><c>METHOD /pattern</c>, given by the door that the route comes through.</summary>
    public string Route { get; private init; } = "";

    /// <summary>
    /// Whether a key that is limited to some of the data may come: the route applies the limits row by row, or what it answers is the
    /// caller's own. Not so unless it is known to be: events and customers are bounded wherever they are read or written.
    /// </summary>
    public bool IsBounded =>
        _isForConstrainedKeys ?? (Access is RouteAccess.Public or RouteAccess.AnyPrincipal
            || (Access == RouteAccess.Permission
                && (Permission!.StartsWith("event:", StringComparison.Ordinal) || Permission.StartsWith("customer:", StringComparison.Ordinal))));

    /// <summary>Whether a caller who has what the route asks for is let in beyond every rate limit.</summary>
    public bool IsNeverLimited { get; private init; }

    public static RouteRule Public(string reason) => new(RouteAccess.Public, null, reason);

    public static RouteRule AnyPrincipal(string reason, bool openBeforePasswordChange = false, string? keyPermission = null) =>
        new(RouteAccess.AnyPrincipal, null, reason) { OpenBeforePasswordChange = openBeforePasswordChange, KeyPermission = keyPermission };

    public static RouteRule Session(string reason) =>
        new(RouteAccess.Session, null, reason) { OpenBeforePasswordChange = true };

    public static RouteRule Requires(string permission) => new(RouteAccess.Permission, permission, null);

    public static RouteRule Administrator(string permission) => new(RouteAccess.Administrator, permission, null);

    /// <summary>The permission that a session, or a key, is asked for; null for none.</summary>
    public string? PermissionFor(bool session) => Permission ?? (session ? null : KeyPermission);

    /// <summary>What a session, or a key, must have, in bits.</summary>
    public PermissionSet NeededBy(bool session) => session || KeyPermission is null ? Needed : Needed | PermissionSet.Of(KeyPermission);

    public static RouteRule KeyItselfOr(string permission) => new(RouteAccess.KeyItself, permission, null);

    /// <summary>Whether the route judges its caller once more, when the request is complete and before anything of it takes effect.</summary>
    public bool IsJudgedAgain { get; private init; }

    /// <summary>Whether the caller is the key that the route asks for by its id.</summary>
    public bool IsForKeyItself(Caller caller, HttpContext context) =>
        Access == RouteAccess.KeyItself && caller.ApiKeyId is not null && caller.ApiKeyId == context.GetRouteValue("id") as string;

    /// <summary>The same rule for the route of this name.</summary>
    public RouteRule For(string route, bool isJudgedAgain) => this with { Route = route, IsJudgedAgain = isJudgedAgain };

    /// <summary>The same, open to keys with constraints: the route itself sees to it that nothing outside of them is shown or changed.</summary>
    public RouteRule ForConstrainedKeys() => this with { _isForConstrainedKeys = true };

    /// <summary>The same, closed to keys that are limited to some of the data: what it changes is their account's and not theirs.</summary>
    public RouteRule NotForConstrainedKeys() => this with { _isForConstrainedKeys = false };

    /// <summary>The same, where the body decides whether a request is for administrators alone.</summary>
    public RouteRule AdministratorForSome() => this with { _isAdministratorForSome = true };

    /// <summary>The same, let in beyond every rate limit: what takes rights away must not wait (A19).</summary>
    public RouteRule NeverLimited() => this with { IsNeverLimited = true };

    // Each route has one rule of its own, and calls are counted by it.
    public bool Equals(RouteRule? other) => ReferenceEquals(this, other);

    public override int GetHashCode() => System.Runtime.CompilerServices.RuntimeHelpers.GetHashCode(this);

    /// <summary>The access in the words of the manifest.</summary>
    public string AccessName => Access switch
    {
        RouteAccess.Public => "public",
        RouteAccess.AnyPrincipal => "any_principal",
        RouteAccess.Session => "session",
        RouteAccess.Permission => "permission",
        RouteAccess.Administrator => "administrator",
        RouteAccess.KeyItself => "key_itself",
        _ => throw new InvalidOperationException($"{Access} has no name."),
    };
}
