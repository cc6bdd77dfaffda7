using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Events;

/// <summary>
/// <c>GET /v1/events/outcomes</c>: how many of the events that were sent are stored, were stored already, or were refused, by key and hour. A key that
/// is limited to some events sees what it sent itself: of the others' it may not know how many there are.
/// </summary>
internal static class GetEventOutcomes
{
    private const int DefaultHours = 24;
    private const int MaxKeys = 100;

    public static void MapGetEventOutcomes(this Api v1) => v1.Get("/events/outcomes", RouteRule.Requires(Permissions.EventRead), HandleAsync);

    private static async Task<Ok<EventOutcomesResponse>> HandleAsync(
        Query<EventOutcomesQuery> query, Caller caller, ControlDb db, AccessUse use, TimeProvider time, CancellationToken cancellationToken)
    {
        var hours = query.Value.Hours ?? DefaultHours;
        var now = Rfc3339.ToMicroseconds(time.GetUtcNow());
        var first = AccountUse.Hour(now) + 1 - hours;
        var rows = await use.OfEventsAsync(db, caller, first, cancellationToken);
        if (caller.Constraints is not null)
        {
            rows = rows.Where(row => row.ApiKeyId == caller.ApiKeyId);
        }

        var hourly = await rows.GroupBy(row => row.Hour)
            .Select(group => new
            {
                Hour = group.Key,
                Accepted = group.Sum(row => row.Accepted),
                Duplicate = group.Sum(row => row.Duplicate),
                Refused = group.Sum(row => row.Refused),
            })
            .OrderByDescending(hour => hour.Hour)
            .ToListAsync(cancellationToken);
        var keys = await rows.GroupBy(row => row.ApiKeyId)
            .Select(group => new
            {
                ApiKeyId = group.Key,
                Accepted = group.Sum(row => row.Accepted),
                Duplicate = group.Sum(row => row.Duplicate),
                Refused = group.Sum(row => row.Refused),
            })
            .OrderByDescending(key => key.Refused)
            .ThenByDescending(key => key.Accepted + key.Duplicate)
            .ThenBy(key => key.ApiKeyId)
            .Take(MaxKeys + 1)
            .ToListAsync(cancellationToken);
        return TypedResults.Ok(new EventOutcomesResponse
        {
            Hours = hours,
            StartTime = DateTimeOffset.UnixEpoch.AddHours(first),
            EndTime = now,
            Accepted = hourly.Sum(hour => hour.Accepted),
            Duplicate = hourly.Sum(hour => hour.Duplicate),
            Refused = hourly.Sum(hour => hour.Refused),
            ByApiKey =
            [
                .. keys.Take(MaxKeys).Select(key => new EventOutcomesOfKeyResponse
                {
                    ApiKeyId = key.ApiKeyId.Length == 0 ? null : key.ApiKeyId,
                    Accepted = key.Accepted,
                    Duplicate = key.Duplicate,
                    Refused = key.Refused,
                }),
            ],
            HasMoreKeys = keys.Count > MaxKeys,
            ByHour =
            [
                .. hourly.Select(hour => new EventOutcomesOfHourResponse
                {
                    Hour = DateTimeOffset.UnixEpoch.AddHours(hour.Hour),
                    Accepted = hour.Accepted,
                    Duplicate = hour.Duplicate,
                    Refused = hour.Refused,
                }),
            ],
        });
    }
}
