using Tollgate.Server.Hosting;

namespace Tollgate.Server.Events;

/// <summary>The half-open interval that a read is about.</summary>
internal readonly record struct EventInterval(DateTimeOffset Start, DateTimeOffset End)
{
    private static readonly TimeSpan Default = TimeSpan.FromDays(7);

    /// <summary>What was asked for; without an end up to now, without a start seven days.</summary>
    public static EventInterval Of(DateTimeOffset? start, DateTimeOffset? end, TimeProvider time, FieldErrors errors) =>
        Of(start, end, time, errors, Default);

    /// <summary>What was asked for; without an end up to now, without a start as long as the default is.</summary>
    public static EventInterval Of(DateTimeOffset? start, DateTimeOffset? end, TimeProvider time, FieldErrors errors, TimeSpan length)
    {
        // The end is not in the interval, but an event that was accepted in this very microsecond is in the next query.
        var to = end ?? Contracts.Rfc3339.ToMicroseconds(time.GetUtcNow()).AddMicroseconds(1);
        var from = start ?? (to - DateTimeOffset.MinValue > length ? to - length : DateTimeOffset.MinValue);
        errors.Demand(
            from < to,
            start is null ? "end_time" : "start_time",
            start is null ? "is too early." : end is null ? "must be before now when there is no end_time." : "must be before end_time.");
        return new EventInterval(from, to);
    }
}
