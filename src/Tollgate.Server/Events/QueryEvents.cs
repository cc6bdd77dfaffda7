using Microsoft.AspNetCore.Http.HttpResults;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;

namespace Tollgate.Server.Events;

/// <summary><c>POST /v1/events/query</c>: a page of events, asked for in JSON.</summary>
internal static class QueryEvents
{
    public static void MapQueryEvents(this Api v1) =>
        v1.Post("/events/query", RouteRule.Requires(Permissions.EventRead), HandleAsync);

    private static async Task<Results<Ok<EventsResponse>, Problem>> HandleAsync(
        Body<QueryEventsRequest> body,
        Caller caller,
        EventReader events,
        EventCursor cursor,
        AccessDirectory directory,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        var asked = body.Value;
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
