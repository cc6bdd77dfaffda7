namespace Tollgate.Contracts;

/// <summary>The query of <c>GET /v1/events/stream</c>.</summary>
public sealed record StreamEventsQuery : EventFilterQuery
{
    /// <summary>Begin behind this place, the id of an earlier message; default: with what comes from now on. The header <c>Last-Event-ID</c> goes ahead of it.</summary>
    [LengthLimit(1, 255)]
    public string? After { get; init; }

    /// <summary>End the stream after so many seconds; with 0 once it has sent what there is. Default: never.</summary>
    [Bounds(0, 86_400)]
    public int? MaxSeconds { get; init; }
}

/// <summary>The messages of <c>GET /v1/events/stream</c>.</summary>
public static class StreamMessages
{
    /// <summary>An event; the data is an <see cref="EventResponse"/>.</summary>
    public const string Event = "event";

    /// <summary>Events were left out, because the reader was too far behind; the data is a <see cref="MissedEventsResponse"/>.</summary>
    public const string Missed = "missed";

    /// <summary>The last message; the data is a <see cref="StreamEndResponse"/>.</summary>
    public const string End = "end";
}

/// <summary>Which events a stream left out. <c>GET /v1/events/export</c> with both places and the same filters has them.</summary>
public sealed record MissedEventsResponse
{
    /// <summary>They come behind this place.</summary>
    public required string After { get; init; }

    /// <summary>The last of them is at or ahead of this place; the stream goes on behind it.</summary>
    public required string Through { get; init; }
}

/// <summary>Why a stream has ended.</summary>
public sealed record StreamEndResponse
{
    /// <summary>The code of the error that a further request would get, <c>time</c> after <c>max_seconds</c>, or <c>shutdown</c>.</summary>
    public required string Reason { get; init; }

    /// <summary>A sentence for people.</summary>
    public required string Message { get; init; }
}
