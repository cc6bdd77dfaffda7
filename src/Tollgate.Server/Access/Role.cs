using Tollgate.Contracts;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Access;

/// <summary>A role, compiled when it is written and not when a request comes (decision 6).</summary>
/// <param name="Id">What requests name it by.</param>
/// <param name="Name">What people call it.</param>
/// <param name="Description">What it is for.</param>
/// <param name="Grants">As written, wildcards included.</param>
/// <param name="AssignableTo">The types of account that may hold it.</param>
/// <param name="BuiltIn">Whether it comes with the server.</param>
internal sealed record Role(
    string Id,
    string Name,
    string Description,
    IReadOnlyList<string> Grants,
    IReadOnlyList<string> AssignableTo,
    bool BuiltIn)
{
    /// <summary>The roles of every tenant, the narrowest first.</summary>
    public static IReadOnlyList<Role> BuiltInOnes { get; } =
    [
        new(BuiltInRoles.EventIngestor, "Event ingestor", "Sends usage events and can do nothing else.",
            [Tollgate.Contracts.Permissions.EventWrite], [AccountTypes.ServiceAccount], true),
        new(BuiltInRoles.EventReader, "Event reader", "Reads events and usage and can do nothing else.",
            [Tollgate.Contracts.Permissions.EventRead], [AccountTypes.ServiceAccount], true),
        new(BuiltInRoles.AllReader, "Reader", "Reads everything and changes nothing.",
            ["*:read"], [AccountTypes.User], true),
        new(BuiltInRoles.AllWriter, "Writer", "Reads and writes everything that is not kept for administrators.",
            ["*:read", "*:write"], [AccountTypes.User], true),
        new(BuiltInRoles.SuperAdmin, "Administrator", "Everything. A person who holds it is an administrator. Stands alone.",
            ["*:*"], [AccountTypes.User, AccountTypes.ServiceAccount], true),
    ];

    public PermissionSet Permissions { get; } = PermissionSet.OfGrants(Grants);

    public static Role From(CustomRole row) =>
        new(row.Id, row.Name, row.Description, row.Permissions, row.AssignableTo, BuiltIn: false);

    /// <summary>What an account of this type may do through this role.</summary>
    public PermissionSet PermissionsFor(string accountType) =>
        Id == BuiltInRoles.SuperAdmin && accountType == AccountTypes.User
            ? Permissions | PermissionSet.Administrator
            : Permissions;
}
