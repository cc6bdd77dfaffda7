using Microsoft.AspNetCore.Http.HttpResults;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;

namespace Tollgate.Server.Events;

/// <summary><c>GET /v1/events</c>: a page of events, asked for in the URL.</summary>
internal static class ListEvents
{
    public static void MapListEvents(this Api v1) =>
        v1.Get("/events", RouteRule.Requires(Permissions.EventRead), HandleAsync);

    private static async Task<Results<Ok<EventsResponse>, Problem>> HandleAsync(
        Query<ListEventsQuery> query,
        Caller caller,
        EventReader events,
        EventCursor cursor,
        AccessDirectory directory,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        var asked = query.Value;
        var errors = new FieldErrors();
        var question = new EventQuestion
        {
            Selection = EventSelection.Of(asked, directory, errors),
            StartTime = asked.StartTime,
            EndTime = asked.EndTime,
            PageSize = asked.PageSize,
            Offset = asked.Offset,
            Sort = asked.Sort,
            Order = asked.Order,
            IterFirstKey = asked.IterFirstKey,
            IterLastKey = asked.IterLastKey,
            CountTotal = asked.CountTotal,
        };
        var (answer, problem) = await question.AnswerAsync(caller, events, cursor, time, errors, cancellationToken);
        return answer is null ? problem! : TypedResults.Ok(answer);
    }
}
