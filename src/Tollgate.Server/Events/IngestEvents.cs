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

    private static async Task<Results<Accepted<IngestEventsResponse>, Ok<IngestEventsResponse>, Problem>> HandleAsync(
        Query<IngestEventsQuery> query,
        SentEvents sent,
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
        var dryRun = query.Value.DryRun;
        if (!partial)
        {
            AddErrors(sent);
        }

        if (sent.Errors.ToProblem() is { } unfit)
        {
            CountRefused(sent.Events.Count);
            return unfit;
        }

        await constraints.HoldAsync(caller, sent.ReceivedAt, sent.Events, cancellationToken);
        if (!partial && constraints.Refusal(caller, sent.Events, (index, path) => sent.PathOf(index, sent.NameOf(path))) is { } refusal)
        {
            CountRefused(sent.Events.Count);
            return refusal;
        }

        LoggedEvent[] good = [.. sent.Events.Where(parsed => parsed.Logged is not null).Select(parsed => parsed.Logged!)];
        CountRefused(sent.Events.Count - good.Length);
        var mode = partial ? IntakeMode.Partial : IntakeMode.WholeBatch;
        var outcomes = good.Length == 0 ? []
            : dryRun ? await arrivals.PreviewAsync(context, caller, sent.ReceivedAt, good, mode, cancellationToken)
            : await arrivals.StoreAsync(context, caller, sent.ReceivedAt, good, mode, cancellationToken);
        if (!partial && outcomes.Any(outcome => outcome.Result == IntakeResult.Conflict))
        {
            return Conflicting(sent, outcomes);
        }

        var answer = new IngestEventsResponse
        {
            Message = dryRun ? "Nothing was stored: this was a dry run" : "Events accepted for processing",
            BatchSize = sent.Events.Count,
            Results = Results(sent, outcomes),
            DryRun = dryRun,
        };
        return dryRun ? TypedResults.Ok(answer) : TypedResults.Accepted((string?)null, answer);

        void CountRefused(int events)
        {
            if (!dryRun && events > 0)
            {
                EventArrivals.CountRefused(caller, sent.ReceivedAt, events);
            }
        }
    }

    private static void AddErrors(SentEvents sent)
    {
        for (var index = 0; index < sent.Events.Count; index++)
        {
            foreach (var error in sent.Events[index].Errors)
            {
                sent.Errors.Add(sent.PathOf(index, error.Path), error.Text);
            }
        }
    }

    /// <summary>Without <c>mode=partial</c> a conflict is a bad event like any other: it keeps the whole batch out.</summary>
    private static Problem Conflicting(SentEvents sent, IReadOnlyList<IntakeOutcome> outcomes)
    {
        var conflicts = outcomes
            .Select((outcome, index) => (outcome.Result, Path: sent.PathOf(index, sent.NameOf("event_id")), sent.Events[index].EventId))
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

    private static List<IngestResultResponse> Results(SentEvents sent, IReadOnlyList<IntakeOutcome> outcomes)
    {
        var results = new List<IngestResultResponse>(sent.Events.Count);
        var next = 0;
        foreach (var parsed in sent.Events)
        {
            var status = parsed.Logged is null ? IngestStatuses.Rejected : EventArrivals.StatusOf(outcomes[next++].Result);
            results.Add(new IngestResultResponse
            {
                EventId = parsed.EventId,
                Status = status,
                Error = status switch
                {
                    IngestStatuses.Rejected => Sentence(sent, parsed),
                    IngestStatuses.Conflict => $"{sent.NameOf("event_id")}: another event with this id is stored already, and stays.",
                    _ => null,
                },
            });
        }

        return results;
    }

    private static string Sentence(SentEvents sent, ParsedEvent rejected)
    {
        var (path, text) = rejected.Errors[0];
        // A constraint speaks of events by our names; what is wrong with a body has the body's.
        var name = rejected.Constraint is null ? path : sent.NameOf(path);
        return name.Length == 0 ? $"event: {text}" : $"{name}: {text}";
    }
}
