namespace Tollgate.Storage.Events;

/// <summary>What a reader may see. What is outside does not exist for it: not in pages, counts, sums, groups or by its id.</summary>
/// <param name="Scope">The tenant and environment.</param>
/// <param name="Bounds">What of the scope; null for all of it.</param>
public sealed record EventReach(EventScope Scope, EventBounds? Bounds);

/// <summary>Which events of a scope a reader may see. Absent members don't restrict; all that are there must hold.</summary>
public sealed record EventBounds
{
    public TextBounds? EventNames { get; init; }

    public TextBounds? ExternalCustomerIds { get; init; }

    /// <summary>To the letter. An event without a source is outside.</summary>
    public IReadOnlyList<string>? Sources { get; init; }

    /// <summary>The earliest timestamp.</summary>
    public DateTimeOffset? NotBefore { get; init; }
}

/// <summary>Texts that are one of these, or begin with one of these; to the letter. Without any, none is inside.</summary>
public sealed record TextBounds(IReadOnlyList<string> Exact, IReadOnlyList<string> Prefixes);
