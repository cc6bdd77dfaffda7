using System.Numerics;

namespace Tollgate.Storage.Events;

/// <summary>The tenant and environment a read is confined to; both come from the credential alone.</summary>
public sealed record EventScope(string TenantId, string EnvironmentId);

/// <summary>Which events are meant. Absent members don't restrict. The interval is half-open: start ≤ timestamp &lt; end.</summary>
public sealed record EventFilter
{
    public required EventReach Reach { get; init; }

    public string? EventId { get; init; }

    public string? EventName { get; init; }

    public string? ExternalCustomerId { get; init; }

    public string? CustomerId { get; init; }

    public string? Source { get; init; }

    /// <summary>Only events that this key sent.</summary>
    public string? ApiKeyId { get; init; }

    /// <summary>Only events that this person or service account sent.</summary>
    public string? AccountId { get; init; }

    public DateTimeOffset? Start { get; init; }

    public DateTimeOffset? End { get; init; }

    /// <summary>
    /// For each top-level property name the values of which one must match. Values match by value: the number 1.50, the number
    /// 1.5 and the string "1.5" are the same; other text matches to the letter; true and false match those words.
    /// </summary>
    public IReadOnlyDictionary<string, IReadOnlyList<string>> Properties { get; init; } =
        new Dictionary<string, IReadOnlyList<string>>();

    /// <summary>Only events that have no exact decimal in this property: it is missing, or something else.</summary>
    public string? WithoutNumber { get; init; }

    /// <summary>Only events that have nothing to compare in this property: it is missing, an object, a list or null.</summary>
    public string? WithoutValue { get; init; }

    /// <summary>Only events that this quarantine takes, or would take.</summary>
    public EventQuarantine? TakenBy { get; init; }

    /// <summary>All events but those that this quarantine takes, or would take.</summary>
    public EventQuarantine? NotTakenBy { get; init; }
}

public enum EventSort
{
    Timestamp,
    EventName,

    /// <summary>The order in which they were accepted: nothing ever comes in ahead of what was read already.</summary>
    Arrival,
}

/// <summary>A place between events in a given order: the sort value and the sequence number, which settles ties.</summary>
/// <param name="SortText">The event's name for <see cref="EventSort.EventName"/>; empty for the other orders.</param>
/// <param name="Timestamp">The event's timestamp.</param>
/// <param name="Sequence">The event's number in the log.</param>
public sealed record EventPosition(string SortText, DateTimeOffset Timestamp, long Sequence);

/// <summary>One page. At most one of <see cref="After"/> and <see cref="Before"/> is set.</summary>
public sealed record EventQuery
{
    public required EventFilter Filter { get; init; }

    public EventSort Sort { get; init; } = EventSort.Timestamp;

    public bool Descending { get; init; } = true;

    /// <summary>At least 1.</summary>
    public required int PageSize { get; init; }

    /// <summary>How many events to pass over; 0 with a position.</summary>
    public int Offset { get; init; }

    /// <summary>Only events that come behind this place in the asked-for order.</summary>
    public EventPosition? After { get; init; }

    /// <summary>Only events that come ahead of this place in the asked-for order: the page that ends just ahead of it.</summary>
    public EventPosition? Before { get; init; }
}

/// <summary>An event as it is read, with its provenance.</summary>
public sealed record StoredEvent
{
    public required long Sequence { get; init; }

    public required string EventId { get; init; }

    public required string EventName { get; init; }

    public required string ExternalCustomerId { get; init; }

    public string? CustomerId { get; init; }

    public string? Source { get; init; }

    public required DateTimeOffset Timestamp { get; init; }

    public required DateTimeOffset IngestedAt { get; init; }

    /// <summary>JSON of one object, exactly as logged.</summary>
    public required string Properties { get; init; }

    public required string EnvironmentId { get; init; }

    public required string AccountId { get; init; }

    public required bool ByServiceAccount { get; init; }

    public string? ApiKeyId { get; init; }

    public required string RequestId { get; init; }

    public required string Address { get; init; }

    /// <summary>The quarantine that keeps it out of every query; null when it counts.</summary>
    public string? QuarantineId { get; init; }
}

/// <summary>Events in the asked-for order, and whether there are more behind them (ahead of them, for a page read backwards).</summary>
public sealed record EventPage(IReadOnlyList<StoredEvent> Events, bool HasMore);

/// <summary>
/// How the counted events become one number. A <em>value</em> is an exact decimal in the property that is asked for; events without one are
/// skipped by all but <see cref="Count"/>.
/// </summary>
public enum Aggregation
{
    /// <summary>The number of events; 0 for none.</summary>
    Count,

    /// <summary>The sum of the values; 0 for none.</summary>
    Sum,

    /// <summary>Their sum divided by their number, rounded half to even at 28 digits behind the point; null for none.</summary>
    Average,

    /// <summary>The largest value; null for none.</summary>
    Max,

    /// <summary>How many different values there are, of any kind that can be compared (<see cref="EventFilter.Properties"/>); 0 for none.</summary>
    CountUnique,

    /// <summary>The value of the latest event by timestamp, of several the one that arrived last; null for none.</summary>
    Latest,

    /// <summary>
    /// Each value times the part of its window that was left when it came: (end − timestamp) / (end − start) of the window, which is clipped
    /// to the interval; the whole interval where there are no windows. Rounded half to even at 28 digits, once; 0 for none. The filter has
    /// a start and an end.
    /// </summary>
    WeightedSum,
}

/// <summary>What events can be grouped by.</summary>
public enum EventGroupKind
{
    /// <summary>A top-level property, by its value (<see cref="EventFilter.Properties"/>).</summary>
    Property,

    EventName,

    ExternalCustomerId,

    CustomerId,

    Source,
}

/// <summary>Something that events are grouped by.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Name">The property's name; how the caller calls it, for the other kinds.</param>
public readonly record struct EventGroup(EventGroupKind Kind, string Name);

/// <summary>What to aggregate.</summary>
public sealed record UsageQuery
{
    public required EventFilter Filter { get; init; }

    public required Aggregation Aggregation { get; init; }

    /// <summary>The property whose values are meant; null for <see cref="Aggregation.Count"/>.</summary>
    public string? PropertyName { get; init; }

    /// <summary>
    /// Starts of the windows, ascending, the first at or before the filter's start; each window ends where the next one starts,
    /// the last at the filter's end. Empty: one value for the whole interval and no windows.
    /// </summary>
    public IReadOnlyList<DateTimeOffset> WindowStarts { get; init; } = [];

    /// <summary>What a value of its own is asked for; at most 3.</summary>
    public IReadOnlyList<EventGroup> GroupBy { get; init; } = [];

    /// <summary>
    /// Answer from the events themselves, even where sums that were kept for every hour would do. The answer is the same as long as no
    /// events were removed.
    /// </summary>
    public bool RawOnly { get; init; }
}

/// <summary>An exact decimal number: <paramref name="Unscaled"/> × 10^-<paramref name="Scale"/>.</summary>
/// <param name="Unscaled">All digits as an integer.</param>
/// <param name="Scale">How many of them stand behind the point; 0 … 28.</param>
public readonly record struct ExactDecimal(BigInteger Unscaled, int Scale);

/// <summary>The value of one window and group. Only windows and groups that hold at least one counted event are listed.</summary>
/// <param name="WindowStart">The start of the window; null when no windows were asked for.</param>
/// <param name="Group">For each <see cref="UsageQuery.GroupBy"/>, in its order, the value; null where the event has none. Empty when nothing was grouped.</param>
/// <param name="Value">The aggregate; null where <see cref="Aggregation"/> says so.</param>
/// <param name="Events">How many events are in it, without those that were skipped.</param>
public sealed record UsageBucket(DateTimeOffset? WindowStart, IReadOnlyList<string?> Group, ExactDecimal? Value, long Events);

/// <summary>The whole answer.</summary>
/// <param name="Value">The aggregate over the whole interval, of all its events at once; null where <see cref="Aggregation"/> says so.</param>
/// <param name="Events">How many events are in it, without those that were skipped.</param>
/// <param name="Skipped">Events that match but have no value; left out.</param>
/// <param name="Buckets">By window and group, ascending by window; empty when neither was asked for.</param>
public sealed record UsageResult(ExactDecimal? Value, long Events, long Skipped, IReadOnlyList<UsageBucket> Buckets);
