namespace Tollgate.Contracts;

/// <summary>The two types of account.</summary>
public static class AccountTypes
{
    /// <summary>A person: logs in.</summary>
    public const string User = "user";

    /// <summary>A service: never logs in, acts through API keys only.</summary>
    public const string ServiceAccount = "service_account";

    /// <summary>Both.</summary>
    public static IReadOnlyList<string> All { get; } = [User, ServiceAccount];
}

/// <summary>The <c>status</c> of accounts, keys, environments and customers, in the words of the Flexprice API.</summary>
public static class Statuses
{
    /// <summary>In force.</summary>
    public const string Published = "published";

    /// <summary>Disabled: kept, without effect, can be enabled again.</summary>
    public const string Archived = "archived";

    /// <summary>Deleted or revoked: kept for the record, for good.</summary>
    public const string Deleted = "deleted";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } = [Published, Archived, Deleted];
}

/// <summary>The roles that every tenant has and nobody can change.</summary>
public static class BuiltInRoles
{
    /// <summary>Everything. Stands alone.</summary>
    public const string SuperAdmin = "super_admin";

    /// <summary>Reads and writes everything an administrator does not keep for themselves.</summary>
    public const string AllWriter = "all_writer";

    /// <summary>Reads everything.</summary>
    public const string AllReader = "all_reader";

    /// <summary>Sends events.</summary>
    public const string EventIngestor = "event_ingestor";

    /// <summary>Reads events.</summary>
    public const string EventReader = "event_reader";
}
