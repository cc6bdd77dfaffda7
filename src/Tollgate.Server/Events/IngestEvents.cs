using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Log;

namespace Tollgate.Server.Events;

/// <summary>
/// <c>POST /v1/events/bulk</c>: all events of the request are stored or none; with <c>?mode=partial</c> the good ones are, and the
/// answer says what is wrong with each of the others.
/// </summary>
internal static class IngestEvents
{
    public static void MapIngestEvents(this Api v1) =>
        v1.Post("/events/bulk", RouteRule.Requires(Permissions.EventWrite), HandleAsync);

    private static async Task<Results<Accepted<IngestEventsResponse>, Problem>> HandleAsync(
        Query<IngestEventsQuery> query,
        EventText<IngestEventsRequest> body,
        HttpContext context,
        EventArrivals arrivals,
        EventConstraints constraints,
        CancellationToken cancellationToken)
    {
        var (caller, problem) = arrivals.JudgeAgain(context);
        if (caller is null)
        {
            return problem!;
        }

        var partial = query.Value.Mode is not null;
        var receivedAt = arrivals.Now;
        var errors = new FieldErrors();
        var events = arrivals.ParserFor(receivedAt).ParseBatch(body.Utf8.Span, errors);
        if (!partial)
        {
            AddErrors(events, errors);
        }

        if (errors.Any)
        {
            return errors.ToProblem()!;
        }

        await constraints.HoldAsync(caller, receivedAt, events, cancellationToken);
        if (!partial && constraints.Refusal(caller, events, PathOf) is { } refusal)
        {
            return refusal;
        }

        LoggedEvent[] good = [.. events.Where(parsed => parsed.Logged is not null).Select(parsed => parsed.Logged!)];
        var mode = partial ? IntakeMode.Partial : IntakeMode.WholeBatch;
        var outcomes = good.Length == 0 ? [] : await arrivals.StoreAsync(context, caller, receivedAt, good, mode, cancellationToken);
        if (!partial && outcomes.Any(outcome => outcome.Result == IntakeResult.Conflict))
        {
            return Conflicting(events, outcomes);
        }

        return TypedResults.Accepted((string?)null, new IngestEventsResponse
        {
            Message = "Events accepted for processing",
            BatchSize = events.Count,
            Results = Results(events, outcomes),
        });
    }

    private static void AddErrors(List<ParsedEvent> events, FieldErrors errors)
    {
        for (var index = 0; index < events.Count; index++)
        {
            foreach (var error in events[index].Errors)
            {
                errors.Add(PathOf(index, error.Path), error.Text);
            }
        }
    }

    private static string PathOf(int index, string inner) =>
        string.Create(CultureInfo.InvariantCulture, $"events[{index}]{(inner.Length == 0 ? "" : ".")}{inner}");

    /// <summary>Without <c>mode=partial</c> a conflict is a bad event like any other: it keeps the whole batch out.</summary>
    private static Problem Conflicting(List<ParsedEvent> events, IReadOnlyList<IntakeOutcome> outcomes)
    {
        var conflicts = outcomes
            .Select((outcome, index) => (outcome.Result, Path: PathOf(index, "event_id"), events[index].EventId))
            .Where(each => each.Result == IntakeResult.Conflict)
            .ToList();
        return new Problem(409, ErrorCodes.Conflict, $"{conflicts[0].Path}: Another event with this event_id is stored already.")
        {
            Detail = "Nothing of the request was stored. Send a different event under an id of its own, or use ?mode=partial.",
            Details = new
            {
                errors = conflicts.Take(100).ToDictionary(each => each.Path, each => new[] { $"another event has the id {each.EventId}." }),
            },
        };
    }

    private static List<IngestResultResponse> Results(List<ParsedEvent> events, IReadOnlyList<IntakeOutcome> outcomes)
    {
        var results = new List<IngestResultResponse>(events.Count);
        var next = 0;
        foreach (var parsed in events)
        {
            var status = parsed.Logged is null ? IngestStatuses.Rejected : EventArrivals.StatusOf(outcomes[next++].Result);
            results.Add(new IngestResultResponse
            {
                EventId = parsed.EventId,
                Status = status,
                Error = status switch
                {
                    IngestStatuses.Rejected => Sentence(parsed.Errors[0]),
                    IngestStatuses.Conflict => "event_id: another event with this id is stored already, and stays.",
                    _ => null,
                },
            });
        }

        return results;
    }

    private static string Sentence(EventError error) => error.Path.Length == 0 ? $"event: {error.Text}" : $"{error.Path}: {error.Text}";
}
