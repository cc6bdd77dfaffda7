using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;

namespace Tollgate.Server.Roles;

/// <summary>What a question about access asks for, as the rule that a route with the same demand would have.</summary>
internal static class AccessQuestion
{
    public static RouteRule About(string permission, bool? administrator) =>
        administrator == true ? RouteRule.Administrator(permission) : RouteRule.Requires(permission);

    /// <summary>Notes what names no permission.</summary>
    public static void CheckPermission(string permission, string field, FieldErrors errors) => errors.Demand(
        Permissions.All.Contains(permission), field, "is not a permission; GET /v1/rbac/manifest lists them.");

    /// <summary>The roles of an account through which it has what is needed.</summary>
    public static IReadOnlyList<string> GrantedBy(AccessDirectory directory, AccountState account, PermissionSet needed) =>
        needed.IsEmpty ? [] : [.. account.Rights.Roles.Where(id => Grants(directory, account, id, needed))];

    /// <summary>Whether one role gives an account what is needed.</summary>
    public static bool Grants(AccessDirectory directory, AccountState account, string roleId, PermissionSet needed) =>
        directory.Compile(account.TenantId, account.Type, [roleId]).Covers(needed);
}
