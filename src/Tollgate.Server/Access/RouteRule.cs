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
}

/// <summary>
/// What a route declares where it is mapped: exactly one of five answers to "who may come?". There is no default (decision 8).
/// </summary>
internal sealed class RouteRule
{
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

    /// <summary>Whether some requests of the route, by what is in their body, are for administrators alone.</summary>
    public bool AdministratorForSome { get; private init; }

    /// <summary>Whether a person whose password must be changed may come all the same.</summary>
    public bool OpenBeforePasswordChange { get; private init; }

    public static RouteRule Public(string reason) => new(RouteAccess.Public, null, reason);

    public static RouteRule AnyPrincipal(string reason, bool openBeforePasswordChange = false, string? keyPermission = null) =>
        new(RouteAccess.AnyPrincipal, null, reason) { OpenBeforePasswordChange = openBeforePasswordChange, KeyPermission = keyPermission };

    public static RouteRule Session(string reason) =>
        new(RouteAccess.Session, null, reason) { OpenBeforePasswordChange = true };

    public static RouteRule Requires(string permission, bool administratorForSome = false) =>
        new(RouteAccess.Permission, permission, null) { AdministratorForSome = administratorForSome };

    public static RouteRule Administrator(string permission) => new(RouteAccess.Administrator, permission, null);

    /// <summary>The permission that a session, or a key, is asked for; null for none.</summary>
    public string? PermissionFor(bool session) => Permission ?? (session ? null : KeyPermission);

    /// <summary>What a session, or a key, must have, in bits.</summary>
    public PermissionSet NeededBy(bool session) => session || KeyPermission is null ? Needed : Needed | PermissionSet.Of(KeyPermission);

    /// <summary>The access in the words of the manifest.</summary>
    public string AccessName => Access switch
    {
        RouteAccess.Public => "public",
        RouteAccess.AnyPrincipal => "any_principal",
        RouteAccess.Session => "session",
        RouteAccess.Permission => "permission",
        RouteAccess.Administrator => "administrator",
        _ => throw new InvalidOperationException($"{Access} has no name."),
    };
}
