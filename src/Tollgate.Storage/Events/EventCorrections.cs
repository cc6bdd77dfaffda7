using Tollgate.Storage.Log;

namespace Tollgate.Storage.Events;

/// <summary>
/// Events that a key sent in a stretch of time: taken out of every query and sum, and kept. By time of receipt, because whoever has a
/// stolen key chooses the timestamps.
/// </summary>
public sealed record EventQuarantine
{
    public required string Id { get; init; }

    public required EventScope Scope { get; init; }

    public required string ApiKeyId { get; init; }

    /// <summary>Received at this time or later.</summary>
    public required DateTimeOffset Start { get; init; }

    /// <summary>Received before this time.</summary>
    public required DateTimeOffset End { get; init; }

    /// <summary>The last event of the log that may be meant: what is accepted later never is.</summary>
    public required long UpToSequence { get; init; }
}

/// <summary>
/// Events whose content is removed for good, from the log and from where they are read: those of a customer, or those older than a time.
/// Once an erasure is complete the customer is not known any more: then neither <see cref="ExternalCustomerId"/> nor <see cref="Before"/> is
/// set, nothing is taken, and only its sums are left.
/// </summary>
public sealed record EventRemoval
{
    public required string Id { get; init; }

    public required EventScope Scope { get; init; }

    /// <summary>All events of this customer.</summary>
    public string? ExternalCustomerId { get; init; }

    /// <summary>All events with an earlier timestamp; a whole hour.</summary>
    public DateTimeOffset? Before { get; init; }

    /// <summary>The last event of the log that may be meant: what is accepted later never is.</summary>
    public required long UpToSequence { get; init; }

    /// <summary>
    /// The file with the sums of what is removed, which go on to count; null when they go as well. Sums of a customer are kept under
    /// <see cref="Id"/> in the place of the customer's own id.
    /// </summary>
    public string? SumsFile { get; init; }

    /// <summary>Whether it takes an event that is no later than <see cref="UpToSequence"/>.</summary>
    public bool Takes(EventProvenance provenance, LoggedEvent each) =>
        provenance.TenantId == Scope.TenantId
        && provenance.EnvironmentId == Scope.EnvironmentId
        && (each.ExternalCustomerId == ExternalCustomerId || each.Timestamp < Before);
}

/// <summary>What is said about events after they were accepted, in the order in which it was said.</summary>
/// <param name="Quarantines">Those in force.</param>
/// <param name="Removals">All there ever were.</param>
public sealed record EventCorrections(IReadOnlyList<EventQuarantine> Quarantines, IReadOnlyList<EventRemoval> Removals)
{
    /// <summary>
    /// Looks at every file of sums, so that damage is noticed while the store still has them, and not when it is made anew and hasn't.
    /// </summary>
    /// <exception cref="SumsFileDamagedException">One is missing, or not what was written.</exception>
    public void VerifySums()
    {
        foreach (var file in Removals.Select(removal => removal.SumsFile).OfType<string>())
        {
            SumsFile.Verify(file);
        }
    }
}
