using Tollgate.Contracts;
using Tollgate.Server.Events;
using Tollgate.Storage.Control;
using Tollgate.Storage.Events;

namespace Tollgate.Server.Corrections;

/// <summary>From when on an environment keeps events.</summary>
internal static class EventRetention
{
    /// <summary>
    /// Events with an earlier timestamp go: the beginning of the day in UTC on which the oldest that stay happened. Null when all stay.
    /// </summary>
    public static DateTimeOffset? BeforeAt(int? days, DateTimeOffset now)
    {
        if (days is not { } kept || (now - DateTimeOffset.UnixEpoch).TotalDays < kept)
        {
            return null;
        }

        return new DateTimeOffset(now.UtcDateTime.Date, TimeSpan.Zero).AddDays(-kept);
    }

    /// <summary>How many counted events of an environment go.</summary>
    public static Task<long> CountAsync(EventReader events, EventReach reach, DateTimeOffset before, CancellationToken cancellationToken) =>
        events.AskAsync(reach, (store, token) => store.CountAsync(new EventFilter { Reach = reach, End = before }, token), cancellationToken);

    public static RetentionResponse ToResponse(this TenantEnvironment environment, int? days, DateTimeOffset? before, long count) => new()
    {
        EnvironmentId = environment.Id,
        Days = days,
        Before = before,
        Events = count,
    };
}
