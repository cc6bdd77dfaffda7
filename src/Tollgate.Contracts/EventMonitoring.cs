namespace Tollgate.Contracts;

/// <summary>The query of <c>GET /v1/events/monitoring</c>.</summary>
public sealed record MonitorEventsQuery : EventFilterQuery
{
    /// <summary>At this time or later; default: 24 hours before <see cref="EndTime"/>.</summary>
    public DateTimeOffset? StartTime { get; init; }

    /// <summary>Before this time; default: now.</summary>
    public DateTimeOffset? EndTime { get; init; }

    /// <summary>The windows that are counted, in UTC; default <c>HOUR</c>.</summary>
    [IsWindowSize]
    public string? WindowSize { get; init; }
}

/// <summary>The answer to <c>GET /v1/events/monitoring</c>.</summary>
public sealed record EventMonitoringResponse
{
    /// <summary>The events of the whole interval that can be read.</summary>
    public required long TotalCount { get; init; }

    /// <summary>Every window of the interval, ascending, those without events as well.</summary>
    public required IReadOnlyList<EventCountPoint> Points { get; init; }

    /// <summary>The size of the windows.</summary>
    public required string WindowSize { get; init; }

    /// <summary>The start of the interval.</summary>
    public required DateTimeOffset StartTime { get; init; }

    /// <summary>The end of the interval.</summary>
    public required DateTimeOffset EndTime { get; init; }

    /// <summary>How many events of this environment are accepted and can't be read yet; null when there are too many to count.</summary>
    public required long? ConsumptionLag { get; init; }

    /// <summary>For how long the server's oldest event that can't be read yet has waited, in seconds; 0 when there is none.</summary>
    public required long ConsumptionLagSeconds { get; init; }
}

/// <summary>The events of one window.</summary>
public sealed record EventCountPoint
{
    /// <summary>The start of the window.</summary>
    public required DateTimeOffset Timestamp { get; init; }

    /// <summary>How many events it has.</summary>
    public required long EventCount { get; init; }
}
