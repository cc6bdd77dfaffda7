namespace Tollgate.Storage.Control;

/// <summary>A row of <c>api_key_use</c>: when a key was last used, and the last request that it let in.</summary>
public sealed class ApiKeyUse
{
    public required string ApiKeyId { get; init; }

    /// <summary>The last request that showed the key while it worked, whatever came of it.</summary>
    public required DateTimeOffset LastUsedAt { get; init; }

    public required string LastUsedIp { get; init; }

    /// <summary>The last request that was let in; null when none was.</summary>
    public DateTimeOffset? LastAcceptedAt { get; init; }

    public string? LastAcceptedIp { get; init; }

    public string? LastAcceptedRequestId { get; init; }

    /// <summary><c>METHOD /pattern</c>.</summary>
    public string? LastAcceptedRoute { get; init; }
}

/// <summary>A row of <c>api_key_attempts</c>: tries from one address with a key that no longer works; an empty address stands for all others.</summary>
public sealed class ApiKeyAttempts
{
    public required string ApiKeyId { get; init; }

    public required string Address { get; init; }

    public required long Attempts { get; init; }

    public required DateTimeOffset FirstAt { get; init; }

    public required DateTimeOffset LastAt { get; init; }
}

/// <summary>A row of <c>access_use</c>: the calls of one account by one key on one day to one route.</summary>
public sealed class UsedRoute
{
    public required string AccountId { get; init; }

    /// <summary>Empty for sessions.</summary>
    public required string ApiKeyId { get; init; }

    /// <summary>Days since 1970-01-01 in UTC.</summary>
    public required int Day { get; init; }

    /// <summary><c>METHOD /pattern</c>.</summary>
    public required string Route { get; init; }

    public required string TenantId { get; init; }

    /// <summary>What the route asked for; empty for none.</summary>
    public required string Permission { get; init; }

    /// <summary>Whether the route was for administrators.</summary>
    public required bool Administrator { get; init; }

    public required long Accepted { get; init; }

    public required long Denied { get; init; }

    public required DateTimeOffset LastAt { get; init; }
}

/// <summary>A row of <c>event_use</c>: what became of the events that one key sent to one environment in one hour.</summary>
public sealed class SentEventsUse
{
    public required string EnvironmentId { get; init; }

    /// <summary>Hours since 1970-01-01 in UTC.</summary>
    public required int Hour { get; init; }

    /// <summary>Empty for sessions.</summary>
    public required string ApiKeyId { get; init; }

    public required string TenantId { get; init; }

    public required long Accepted { get; init; }

    public required long Duplicate { get; init; }

    public required long Refused { get; init; }
}

/// <summary>A row of <c>tenant_settings</c>; a tenant without one has the defaults.</summary>
public sealed class TenantSettings
{
    public required string TenantId { get; init; }

    /// <summary>The longest life of a new key; null: no limit.</summary>
    public int? MaxKeyLifetimeDays { get; set; }

    /// <summary><c>notify</c> or <c>revoke</c>: what happens to a key that was found in public.</summary>
    public required string LeakedKeyPolicy { get; set; }

    public required DateTimeOffset UpdatedAt { get; set; }
}
