using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;

namespace Tollgate.Server.Accounts;

/// <summary>Whether an account may be given a set of roles, by this caller.</summary>
internal static class RoleAssignment
{
    /// <summary>The roles' ids without repetitions; or why they can't be given.</summary>
    public static (IReadOnlyList<string> Roles, Problem? Problem) Check(
        AccessDirectory directory, Caller caller, string accountType, IReadOnlyList<string>? asked)
    {
        string[] ids = [.. (asked ?? []).Distinct(StringComparer.Ordinal)];
        if (ids.Length == 0)
        {
            return accountType == AccountTypes.ServiceAccount
                ? ([], Fixed("Service accounts must have at least one role assigned", "must name at least one role."))
                : ([], Problem.Invalid("roles", "must name at least one role."));
        }

        var needed = PermissionSet.Empty;
        foreach (var id in ids)
        {
            if (directory.FindRole(caller.TenantId, id) is not { } role)
            {
                return ([], Fixed($"Invalid role: {id}", $"'{id}' is not a role; GET /v1/rbac/roles lists them."));
            }

            if (!role.AssignableTo.Contains(accountType))
            {
                return ([], Problem.Invalid("roles", $"{id} can't be given to an account of type {accountType}."));
            }

            if (id == BuiltInRoles.SuperAdmin && ids.Length > 1)
            {
                return ([], Problem.Invalid("roles", $"{id} stands alone: it holds everything that the others do."));
            }

            needed |= role.PermissionsFor(accountType);
        }

        return Grants.Covers(caller.Permissions, needed) ? (ids, null) : ([], Grants.WouldEscalate(caller.Permissions, needed));
    }

    // The two texts that the contract fixes.
    private static Problem Fixed(string error, string text) => Problem.Invalid("roles", text) with { Error = error, Message = error };
}
