namespace Tollgate.Contracts;

/// <summary>
/// What a key is limited to, beyond its permissions. Each member is optional, and all that are there must hold. They are set when the key
/// is created and never change. They bind writing (what is outside is refused) and reading (what is outside does not exist for the key).
/// </summary>
public sealed record KeyConstraints
{
    /// <summary>The event names it may send and see: exact, or <c>prefix*</c>.</summary>
    [LengthLimit(1, 100)]
    public IReadOnlyList<string>? EventNames { get; init; }

    /// <summary>The customers whose events and data it may send, change and see: exact, or <c>prefix*</c>.</summary>
    [LengthLimit(1, 100)]
    public IReadOnlyList<string>? ExternalCustomerIds { get; init; }

    /// <summary>The sources it may send and see, exact. An event without a source is outside.</summary>
    [LengthLimit(1, 100)]
    public IReadOnlyList<string>? Sources { get; init; }

    /// <summary>The networks it may be used from, like <c>192.0.2.0/24</c> or <c>2001:db8::/32</c>; a bare address is a network of one.</summary>
    [LengthLimit(1, 100)]
    public IReadOnlyList<string>? AllowedCidrs { get; init; }

    /// <summary>Requests in a minute.</summary>
    [Bounds(1, 1_000_000)]
    public int? RateLimitPerMinute { get; init; }

    /// <summary>How many seconds ago the events that it may send and see have happened at the most.</summary>
    [Bounds(1, 315_576_000)]
    public int? MaxEventAgeSeconds { get; init; }
}
