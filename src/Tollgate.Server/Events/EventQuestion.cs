using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Events;

namespace Tollgate.Server.Events;

/// <summary>What <c>GET /v1/events</c> and <c>POST /v1/events/query</c> ask, in one form.</summary>
internal sealed record EventQuestion
{
    public required EventSelection Selection { get; init; }

    public DateTimeOffset? StartTime { get; init; }

    public DateTimeOffset? EndTime { get; init; }

    public int? PageSize { get; init; }

    public int? Offset { get; init; }

    public string? Sort { get; init; }

    public string? Order { get; init; }

    public string? IterFirstKey { get; init; }

    public string? IterLastKey { get; init; }

    public bool? CountTotal { get; init; }

    /// <summary>Answers it; the errors hold what was found wrong so far.</summary>
    public async Task<(EventsResponse? Answer, Problem? Problem)> AnswerAsync(
        Caller caller, EventReader events, EventCursor cursor, TimeProvider time, FieldErrors errors, CancellationToken cancellationToken)
    {
        var query = ToQuery(caller, cursor, time, errors);
        if (errors.ToProblem() is { } problem)
        {
            return (null, problem);
        }

        var byKey = query.After is not null || query.Before is not null;
        var (page, total) = await events.AskAsync(
            query.Filter.Reach,
            async (store, token) => (
                await store.QueryAsync(query, token),
                CountTotal ?? !byKey ? await store.CountAsync(query.Filter, token) : (long?)null),
            cancellationToken);
        return (
            new EventsResponse
            {
                Events = [.. page.Events.Select(stored => stored.ToResponse())],
                HasMore = page.HasMore,
                IterFirstKey = page.Events.Count == 0 ? null : cursor.Write(query, this, page.Events[0]),
                IterLastKey = page.Events.Count == 0 ? null : cursor.Write(query, this, page.Events[^1]),
                TotalCount = total,
                Offset = byKey ? null : query.Offset + page.Events.Count,
            },
            null);
    }

    private EventQuery ToQuery(Caller caller, EventCursor cursor, TimeProvider time, FieldErrors errors)
    {
        var interval = EventInterval.Of(StartTime, EndTime, time, errors);
        var query = new EventQuery
        {
            Filter = Selection.ToFilter(caller.ReachAt(time.GetUtcNow())) with { Start = interval.Start, End = interval.End },
            Sort = Sort == "event_name" ? EventSort.EventName : EventSort.Timestamp,
            Descending = Order != "asc",
            PageSize = PageSize ?? Limits.DefaultPageSize,
            Offset = Offset ?? 0,
        };
        errors.Demand(IterFirstKey is null || IterLastKey is null, "iter_first_key", "can't be combined with iter_last_key.");
        var (key, field) = IterLastKey is null ? (IterFirstKey, "iter_first_key") : (IterLastKey, "iter_last_key");
        if (key is null)
        {
            return query;
        }

        errors.Demand(query.Offset == 0, "offset", $"can't be combined with {field}.");
        if (cursor.Read(query, this, key) is not { } place)
        {
            errors.Add(field, "is not a key that an answer to this query gave out.");
            return query;
        }

        return query with
        {
            // The pages of one reading share their start, so that none falls out between two of them.
            Filter = query.Filter with { Start = place.Start },
            After = IterLastKey is null ? null : place.Position,
            Before = IterLastKey is null ? place.Position : null,
        };
    }
}
