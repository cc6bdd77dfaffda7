using Tollgate.Contracts;

namespace Tollgate.Server.Access;

/// <summary>What to do about an account that may do more than it does.</summary>
internal enum PrivilegeFinding
{
    /// <summary>It used no permission at all.</summary>
    NoUse,

    /// <summary>Existing roles cover what it used, with less to spare.</summary>
    NarrowerRoles,

    /// <summary>No existing roles are tighter than those it holds; a new one could be.</summary>
    CustomRole,
}

/// <summary>A finding, and the roles that it proposes.</summary>
/// <param name="Finding">What was found.</param>
/// <param name="Used">What the account holds and used.</param>
/// <param name="Cover">The proposed roles; null when none are tighter than what is held.</param>
internal sealed record PrivilegeAdvice(PrivilegeFinding Finding, PermissionSet Used, RoleCover? Cover)
{
    /// <summary>
    /// The advice for an account that holds this and used that; null when there is nothing to take away. Only roles that grant no more
    /// than what is held are proposed: advice to have less never gives more.
    /// </summary>
    public static PrivilegeAdvice? For(IReadOnlyList<Role> roles, string accountType, PermissionSet held, PermissionSet used)
    {
        used &= held;
        if (used == held || held.IsEmpty)
        {
            return null;
        }

        var choices = roles
            .Where(role => role.AssignableTo.Contains(accountType))
            .Select(role => new RoleChoice(role.Id, role.PermissionsFor(accountType), role.Id == BuiltInRoles.SuperAdmin))
            .Where(choice => held.Covers(choice.Permissions))
            .ToList();
        var cover = RoleCover.Find(choices, used);
        var tighter = cover is not null && cover.Permissions.Count < held.Count ? cover : null;
        if (used.IsEmpty)
        {
            return new PrivilegeAdvice(PrivilegeFinding.NoUse, used, tighter);
        }

        if (tighter is not null)
        {
            return new PrivilegeAdvice(PrivilegeFinding.NarrowerRoles, used, tighter);
        }

        // Only super_admin makes an administrator, so there is no narrower role for one.
        return used.IsAdministrator ? null : new PrivilegeAdvice(PrivilegeFinding.CustomRole, used, null);
    }
}
