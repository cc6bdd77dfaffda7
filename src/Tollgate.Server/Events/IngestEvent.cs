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

    private static async Task<Results<Accepted<IngestEventResponse>, Problem>> HandleAsync(
        EventText<IngestEventRequest> body,
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

        var receivedAt = arrivals.Now;
        var parsed = arrivals.ParserFor(receivedAt).ParseOne(body.Utf8.Span);
        if (parsed.Logged is null)
        {
            var errors = new FieldErrors();
            foreach (var error in parsed.Errors)
            {
                errors.Add(error.Path, error.Text);
            }

            return errors.ToProblem()!;
        }

        List<ParsedEvent> one = [parsed];
        await constraints.HoldAsync(caller, receivedAt, one, cancellationToken);
        if (constraints.Refusal(caller, one, (_, path) => path) is { } refusal)
        {
            return refusal;
        }

        var outcomes = await arrivals.StoreAsync(context, caller, receivedAt, [parsed.Logged], IntakeMode.WholeBatch, cancellationToken);
        if (outcomes[0].Result == IntakeResult.Conflict)
        {
            return new Problem(409, ErrorCodes.Conflict, "Another event with this event_id is stored already.")
            {
                Detail = "The first event stays. Send a different event under an id of its own.",
                Details = new { event_id = parsed.EventId },
            };
        }

        return TypedResults.Accepted((string?)null, new IngestEventResponse
        {
            Message = "Event accepted for processing",
            EventId = parsed.EventId!,
            Status = EventArrivals.StatusOf(outcomes[0].Result),
        });
    }
}
