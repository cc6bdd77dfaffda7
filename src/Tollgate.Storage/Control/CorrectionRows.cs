namespace Tollgate.Storage.Control;

/// <summary>A row of <c>event_quarantines</c>: events that a key sent, taken out of every query and sum.</summary>
public sealed class QuarantineRow
{
    public required string Id { get; init; }

    public required string TenantId { get; init; }

    public required string EnvironmentId { get; init; }

    public required string ApiKeyId { get; init; }

    /// <summary>Received at this time or later.</summary>
    public required DateTimeOffset StartTime { get; init; }

    /// <summary>Received before this time.</summary>
    public required DateTimeOffset EndTime { get; init; }

    /// <summary>The last event of the log that may be meant.</summary>
    public required long UpToSequence { get; init; }

    public required string Reason { get; init; }

    /// <summary>How many counted events it took.</summary>
    public long Events { get; set; }

    public required DateTimeOffset CreatedAt { get; init; }

    public required string CreatedBy { get; init; }

    /// <summary>Since when the events count again; null: they don't.</summary>
    public DateTimeOffset? ReleasedAt { get; set; }

    public string? ReleasedBy { get; set; }
}

/// <summary>A row of <c>event_removals</c>: events whose content is removed for good.</summary>
public sealed class RemovalRow
{
    public required string Id { get; init; }

    public required string TenantId { get; init; }

    public required string EnvironmentId { get; init; }

    /// <summary>One of <see cref="RemovalKinds"/>.</summary>
    public required string Kind { get; init; }

    /// <summary>Whose events are erased; null once that is done, so that the name is erased as well.</summary>
    public string? ExternalCustomerId { get; set; }

    /// <summary>SHA-256 of the customer's id in hex, by which somebody who knows the id can tell that it was erased.</summary>
    public string? CustomerDigest { get; init; }

    /// <summary>Events with an earlier timestamp go; a whole hour.</summary>
    public DateTimeOffset? BeforeTime { get; init; }

    /// <summary>The last event of the log that may be meant.</summary>
    public required long UpToSequence { get; init; }

    /// <summary>Whether the sums of what goes count on.</summary>
    public required bool KeepSums { get; init; }

    public string? Reason { get; init; }

    /// <summary>How many counted events it takes.</summary>
    public required long Events { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Null for the server itself.</summary>
    public string? CreatedBy { get; init; }

    /// <summary>When the last copy was gone; null: it is under way.</summary>
    public DateTimeOffset? CompletedAt { get; set; }
}

/// <summary>Why events are removed.</summary>
public static class RemovalKinds
{
    /// <summary>They are older than the environment keeps events.</summary>
    public const string Retention = "retention";

    /// <summary>Their customer is to be forgotten.</summary>
    public const string Erasure = "erasure";
}
