namespace Tollgate.Contracts;

/// <summary>
/// The permissions: <c>entity:action</c>, one for each pair of <see cref="Entities"/> and <see cref="Actions"/>. The order of
/// <see cref="All"/> is stable within a version of the server; names are what is stored and sent.
/// </summary>
public static class Permissions
{
    /// <summary>The action that looks and changes nothing.</summary>
    public const string Read = "read";

    /// <summary>The action that creates, changes and deletes.</summary>
    public const string Write = "write";

    /// <summary>Stands for every entity or every action in a role.</summary>
    public const string Wildcard = "*";

    /// <summary>See accounts, people and service accounts alike.</summary>
    public const string UserRead = "user:read";

    /// <summary>Create and rename accounts.</summary>
    public const string UserWrite = "user:write";

    /// <summary>Ask who may do what.</summary>
    public const string RoleRead = "role:read";

    /// <summary>Create and change custom roles.</summary>
    public const string RoleWrite = "role:write";

    /// <summary>See API keys, never their secrets.</summary>
    public const string SecretRead = "secret:read";

    /// <summary>Create, rename and revoke API keys.</summary>
    public const string SecretWrite = "secret:write";

    /// <summary>See the tenant.</summary>
    public const string TenantRead = "tenant:read";

    /// <summary>Change the tenant.</summary>
    public const string TenantWrite = "tenant:write";

    /// <summary>See environments.</summary>
    public const string EnvironmentRead = "environment:read";

    /// <summary>Create and change environments.</summary>
    public const string EnvironmentWrite = "environment:write";

    /// <summary>Read the audit log.</summary>
    public const string AuditRead = "audit:read";

    /// <summary>Nothing asks for it yet; audit records are written by the server alone.</summary>
    public const string AuditWrite = "audit:write";

    /// <summary>Read events and usage.</summary>
    public const string EventRead = "event:read";

    /// <summary>Send events.</summary>
    public const string EventWrite = "event:write";

    /// <summary>Read meters.</summary>
    public const string MeterRead = "meter:read";

    /// <summary>Create and change meters.</summary>
    public const string MeterWrite = "meter:write";

    /// <summary>Read customers.</summary>
    public const string CustomerRead = "customer:read";

    /// <summary>Create, change and delete customers.</summary>
    public const string CustomerWrite = "customer:write";

    /// <summary>Read invoices.</summary>
    public const string InvoiceRead = "invoice:read";

    /// <summary>Create and void invoices.</summary>
    public const string InvoiceWrite = "invoice:write";

    /// <summary>Read wallets.</summary>
    public const string WalletRead = "wallet:read";

    /// <summary>Change wallets.</summary>
    public const string WalletWrite = "wallet:write";

    /// <summary>Read settings.</summary>
    public const string SettingRead = "setting:read";

    /// <summary>Change settings.</summary>
    public const string SettingWrite = "setting:write";

    /// <summary>Every entity a permission can name.</summary>
    public static IReadOnlyList<string> Entities { get; } =
    [
        "user", "role", "secret", "tenant", "environment", "audit",
        "event", "meter", "customer", "invoice", "wallet", "setting",
    ];

    /// <summary>Every action a permission can name.</summary>
    public static IReadOnlyList<string> Actions { get; } = [Read, Write];

    /// <summary>Every permission, entity by entity, <c>read</c> before <c>write</c>.</summary>
    public static IReadOnlyList<string> All { get; } =
        [.. Entities.SelectMany(entity => Actions.Select(action => $"{entity}:{action}"))];
}
