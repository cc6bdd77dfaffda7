namespace Tollgate.Contracts;

/// <summary>The query of <c>GET /v1/events/outcomes</c>.</summary>
public sealed record EventOutcomesQuery
{
    /// <summary>How many hours back, the one that runs included; 1 … 2,160 (90 days), default 24.</summary>
    [Bounds(1, 2_160)]
    public int? Hours { get; init; }
}

/// <summary>
/// The answer to <c>GET /v1/events/outcomes</c>: what became of the events that were sent to the environment. Hours are those of UTC in which
/// they were sent, whatever their timestamps.
/// </summary>
public sealed record EventOutcomesResponse
{
    /// <summary>How many hours back, the one that runs included.</summary>
    public required int Hours { get; init; }

    /// <summary>The start of the first hour.</summary>
    public required DateTimeOffset StartTime { get; init; }

    /// <summary>Up to when it is counted: now.</summary>
    public required DateTimeOffset EndTime { get; init; }

    /// <summary>Events that were new and are stored.</summary>
    public required long Accepted { get; init; }

    /// <summary>Events that were stored already and are counted once.</summary>
    public required long Duplicate { get; init; }

    /// <summary>Events that were unfit, beyond what the key may send, or came with one that was. Nothing of them is stored.</summary>
    public required long Refused { get; init; }

    /// <summary>By key, those with the most refused and then the most events first; at most 100.</summary>
    public required IReadOnlyList<EventOutcomesOfKeyResponse> ByApiKey { get; init; }

    /// <summary>Whether there are more keys than <see cref="ByApiKey"/> has.</summary>
    public required bool HasMoreKeys { get; init; }

    /// <summary>By hour, the newest first; hours without an event are left out.</summary>
    public required IReadOnlyList<EventOutcomesOfHourResponse> ByHour { get; init; }
}

/// <summary>What became of the events of one key.</summary>
public sealed record EventOutcomesOfKeyResponse
{
    /// <summary>The key; null: people in the dashboard.</summary>
    public required string? ApiKeyId { get; init; }

    /// <summary>Events that were new and are stored.</summary>
    public required long Accepted { get; init; }

    /// <summary>Events that were stored already.</summary>
    public required long Duplicate { get; init; }

    /// <summary>Events of which nothing is stored.</summary>
    public required long Refused { get; init; }
}

/// <summary>What became of the events of one hour.</summary>
public sealed record EventOutcomesOfHourResponse
{
    /// <summary>The start of the hour in UTC.</summary>
    public required DateTimeOffset Hour { get; init; }

    /// <summary>Events that were new and are stored.</summary>
    public required long Accepted { get; init; }

    /// <summary>Events that were stored already.</summary>
    public required long Duplicate { get; init; }

    /// <summary>Events of which nothing is stored.</summary>
    public required long Refused { get; init; }
}
