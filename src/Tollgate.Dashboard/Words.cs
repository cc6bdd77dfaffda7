namespace Tollgate.Dashboard;

/// <summary>States of things in words for people, and how loud each is.</summary>
internal static class Words
{
    /// <summary>An account's state.</summary>
    public static (string Word, string Kind) OfAccount(string status) => status switch
    {
        Contracts.Statuses.Published => ("active", "good"),
        Contracts.Statuses.Archived => ("disabled", "warn"),
        _ => (status, "bad"),
    };

    /// <summary>A key's state.</summary>
    public static (string Word, string Kind) OfKey(string state) => state switch
    {
        "active" => ("active", "good"),
        "rotating" => ("being replaced", "warn"),
        "account_disabled" => ("account disabled", "warn"),
        "disabled" => ("disabled", "warn"),
        "expired" => ("expired", "still"),
        "revoked" => ("revoked", "bad"),
        "honeytoken" => ("trap", "bad"),
        _ => (state, "still"),
    };

    /// <summary>Why a key needs attention.</summary>
    public static string OfAttention(string reason) => reason switch
    {
        "old" => "older than 90 days",
        "never_used" => "never used",
        "expiring" => "expires soon",
        "leaked" => "found in public",
        "used_after_rotation" => "still used after it was replaced",
        "exceeds_max_lifetime" => "lives longer than the rules allow",
        _ => reason,
    };

    /// <summary>How much a record of the audit log matters.</summary>
    public static (string Word, string Kind) OfSeverity(string severity) => severity switch
    {
        Contracts.AuditSeverities.Info => ("info", "still"),
        Contracts.AuditSeverities.Notice => ("notice", "warn"),
        Contracts.AuditSeverities.Alert => ("alert", "bad"),
        _ => (severity, "still"),
    };
}
