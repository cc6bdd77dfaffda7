using Tollgate.Contracts;
using Tollgate.Server.Hosting;

namespace Tollgate.Server.Access;

/// <summary>The rule against escalation: nobody grants, by any route, what they do not hold.</summary>
internal static class Grants
{
    /// <summary>Whether who holds the one may grant the other.</summary>
    public static bool Covers(PermissionSet held, PermissionSet granted) => held.Covers(granted);

    /// <summary>The 403 of a constrained key that asks for one with fewer or wider constraints.</summary>
    public static Problem WouldWiden(ConstraintSet own, ConstraintSet? asked)
    {
        var wider = own.WidenedBy(asked);
        return new Problem(403, ErrorCodes.WouldEscalate, $"A key can't make one that is less limited than itself: {string.Join(", ", wider)}")
        {
            Error = "Forbidden",
            Detail = "Give the new key at least the constraints of the key that asks, the same or narrower.",
            Details = new { missing_permissions = Array.Empty<string>(), wider_constraints = wider, own_constraints = own.Wire },
        };
    }

    /// <summary>The 403 that lists what is not held.</summary>
    public static Problem WouldEscalate(PermissionSet held, PermissionSet granted)
    {
        var missing = granted.Except(held);
        var names = missing.IsAdministrator ? missing.Names.Append("administrator").ToList() : missing.Names;
        return new Problem(403, ErrorCodes.WouldEscalate, $"You can't grant what you don't hold: {string.Join(", ", names)}")
        {
            Error = "Forbidden",
            Detail = "A grant never gives more than the granter holds. Ask somebody who holds the missing permissions.",
            Details = new { missing_permissions = names },
        };
    }
}
