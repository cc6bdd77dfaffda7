using Microsoft.AspNetCore.Http.HttpResults;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Log;

namespace Tollgate.Server.Events;

/// <summary><c>POST /v1/events</c>: 202 means that the event survives <c>kill -9</c> and a power cut.</summary>
internal static class IngestEvent
{
    public static void MapIngestEvent(this Api v1) =>
        v1.Post("/events", RouteRule.Requires(Permissions.EventWrite), HandleAsync);

    private static async Task<Results<Accepted<IngestEventResponse>, Ok<IngestEventResponse>, Problem>> HandleAsync(
        Query<IngestEventQuery> query,
        SentEvent sent,
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

        if (sent.Parsed.Logged is null)
        {
            var errors = new FieldErrors();
            foreach (var error in sent.Parsed.Errors)
            {
                errors.Add(error.Path.Length == 0 ? "body" : error.Path, error.Text);
            }

            return Refuse(errors.ToProblem()!);
        }

        List<ParsedEvent> one = [sent.Parsed];
        await constraints.HoldAsync(caller, sent.ReceivedAt, one, cancellationToken);
        if (constraints.Refusal(caller, one, (_, path) => sent.NameOf(path)) is { } refusal)
        {
            return Refuse(refusal);
        }

        LoggedEvent[] events = [sent.Parsed.Logged];
        var outcomes = query.Value.DryRun
            ? await arrivals.PreviewAsync(context, caller, sent.ReceivedAt, events, IntakeMode.WholeBatch, cancellationToken)
            : await arrivals.StoreAsync(context, caller, sent.ReceivedAt, events, IntakeMode.WholeBatch, cancellationToken);
        if (outcomes[0].Result == IntakeResult.Conflict)
        {
            return new Problem(409, ErrorCodes.Conflict, "Another event with this event_id is stored already.")
            {
                Detail = "The first event stays. Send a different event under an id of its own.",
                Details = new { event_id = sent.Parsed.EventId },
            };
        }

        var answer = new IngestEventResponse
        {
            Message = query.Value.DryRun ? "Nothing was stored: this was a dry run" : "Event accepted for processing",
            EventId = sent.Parsed.EventId!,
            Status = EventArrivals.StatusOf(outcomes[0].Result),
            DryRun = query.Value.DryRun,
        };
        return query.Value.DryRun ? TypedResults.Ok(answer) : TypedResults.Accepted((string?)null, answer);

        Problem Refuse(Problem refusal)
        {
            if (!query.Value.DryRun)
            {
                EventArrivals.CountRefused(caller, sent.ReceivedAt, 1);
            }

            return refusal;
        }
    }
}
