using Tollgate.Contracts;

namespace Tollgate.Dashboard;

/// <summary>Permissions and roles in words.</summary>
internal static class PermissionWords
{
    private const int MostNamed = 4;

    // What people ask first of a role.
    private static readonly string[] Weighty =
    [
        Permissions.EventWrite, Permissions.EventRead, Permissions.CustomerRead, Permissions.InvoiceRead, Permissions.SecretRead, Permissions.UserRead,
    ];

    private static readonly string[] ForNothing = [Permissions.AuditWrite, Permissions.WalletRead, Permissions.WalletWrite];

    private static readonly Dictionary<string, string> ByName = new(StringComparer.Ordinal)
    {
        [Permissions.UserRead] = "see accounts",
        [Permissions.UserWrite] = "create and rename accounts",
        [Permissions.RoleRead] = "ask who may do what",
        [Permissions.RoleWrite] = "create and change roles",
        [Permissions.SecretRead] = "see API keys (never their secrets)",
        [Permissions.SecretWrite] = "create, rename and revoke API keys",
        [Permissions.TenantRead] = "see the organisation",
        [Permissions.TenantWrite] = "change the organisation",
        [Permissions.EnvironmentRead] = "see environments",
        [Permissions.EnvironmentWrite] = "create and change environments",
        [Permissions.AuditRead] = "read the audit log",
        [Permissions.AuditWrite] = "nothing yet (audit:write)",
        [Permissions.EventRead] = "read events and usage",
        [Permissions.EventWrite] = "send events",
        [Permissions.MeterRead] = "read meters",
        [Permissions.MeterWrite] = "create and change meters",
        [Permissions.CustomerRead] = "read customers",
        [Permissions.CustomerWrite] = "create, change and delete customers",
        [Permissions.InvoiceRead] = "read invoices and prices",
        [Permissions.InvoiceWrite] = "create and void invoices, and set prices",
        [Permissions.WalletRead] = "nothing yet (wallet:read)",
        [Permissions.WalletWrite] = "nothing yet (wallet:write)",
        [Permissions.SettingRead] = "read settings",
        [Permissions.SettingWrite] = "change settings",
    };

    /// <summary>A permission in words, like <c>send events</c>.</summary>
    public static string Of(string permission) => ByName.GetValueOrDefault(permission, permission);

    /// <summary>All that permissions let do, as the end of a sentence; without those that are for nothing yet.</summary>
    public static string AllOf(IReadOnlyList<string> permissions) => permissions.Count switch
    {
        0 => "nothing",
        var count when count == Permissions.All.Count => "everything",
        _ => string.Join(", ", permissions.Except(ForNothing).Select(Of)),
    };

    /// <summary>What a role grants, permission by permission.</summary>
    public static IReadOnlyList<string> GrantedBy(RoleResponse role) =>
        [.. Permissions.All.Where(permission => Grants(role.Permissions, permission))];

    /// <summary>What roles grant together.</summary>
    public static IReadOnlyList<string> GrantedBy(IEnumerable<RoleResponse> roles)
    {
        var all = roles.ToList();
        return [.. Permissions.All.Where(permission => all.Exists(role => Grants(role.Permissions, permission)))];
    }

    /// <summary>What a role lets do, as the end of a sentence: no more than a few things.</summary>
    public static string CanOf(RoleResponse role) => GrantedBy(role) switch
    {
        { Count: 0 } => "do nothing",
        { Count: var count } when count == Permissions.All.Count => role.Id == BuiltInRoles.SuperAdmin ? "do everything" : "read and change everything",
        var granted when Permissions.All.Where(IsReading).All(granted.Contains) && !granted.Any(each => !IsReading(each)) => "read everything",
        var granted => Some(granted),
    };

    /// <summary>What matters most of what a role does not let do, as the end of a sentence; null when it is nothing.</summary>
    public static string? CannotOf(RoleResponse role)
    {
        var granted = GrantedBy(role);
        if (granted.Count == Permissions.All.Count)
        {
            return role.Id == BuiltInRoles.SuperAdmin ? null : "do what is kept for administrators";
        }

        if (granted.All(IsReading) && granted.Count > 2)
        {
            return "change anything";
        }

        string[] missing = [.. Weighty.Where(permission => !granted.Contains(permission))];
        return missing.Length == 0 ? null : Some(missing);
    }

    private static string Some(IReadOnlyList<string> permissions)
    {
        permissions = [.. permissions.Except(ForNothing)];
        var words = string.Join(", ", permissions.Take(permissions.Count == MostNamed + 1 ? MostNamed + 1 : MostNamed).Select(Of));
        return permissions.Count > MostNamed + 1 ? $"{words} and {permissions.Count - MostNamed} more" : words;
    }

    private static bool IsReading(string permission) => permission.EndsWith(":read", StringComparison.Ordinal);

    private static bool Grants(IReadOnlyDictionary<string, IReadOnlyList<string>> permissions, string permission)
    {
        var parts = permission.Split(':');
        return Has(parts[0]) || Has(Permissions.Wildcard);

        bool Has(string entity) =>
            permissions.TryGetValue(entity, out var actions) && (actions.Contains(parts[1]) || actions.Contains(Permissions.Wildcard));
    }
}
