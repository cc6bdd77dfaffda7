using Microsoft.AspNetCore.Http.HttpResults;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Events;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;
using Tollgate.Storage.Events;

namespace Tollgate.Server.Corrections;

/// <summary>
/// <c>POST /v1/events/erase</c>: removes all events of a customer for good. When it answers they are out of every query; they leave the
/// last file soon after, which the removal's status tells.
/// </summary>
internal static class EraseEvents
{
    private const string KeepSums = "keep";

    public static void MapEraseEvents(this Api v1) => v1.Post("/events/erase", RouteRule.Administrator(Permissions.EventWrite), HandleAsync);

    private static async Task<Results<Created<RemovalResponse>, Ok<RemovalResponse>, Problem>> HandleAsync(
        Body<EraseEventsRequest> body,
        HttpContext context,
        Caller caller,
        ControlChanges changes,
        EventCorrector corrector,
        EventRemovals removals,
        EventReader events,
        Ids ids,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        var request = body.Value;
        await changes.AnswerRepeatedAsync(context, caller, cancellationToken);
        var errors = new FieldErrors();
        CorrectionMapping.DemandReason(request.Reason, request.DryRun, errors);
        if (errors.ToProblem() is { } problem)
        {
            return problem;
        }

        var filter = new EventFilter { Reach = caller.ReachAt(time.GetUtcNow()), ExternalCustomerId = request.ExternalCustomerId };
        return await corrector.InTurnAsync<Results<Created<RemovalResponse>, Ok<RemovalResponse>, Problem>>(
            async upTo =>
            {
                var count = await events.AskAsync(filter.Reach, (store, token) => store.CountAsync(filter, token), cancellationToken);
                var row = new RemovalRow
                {
                    Id = ids.Removal(),
                    TenantId = caller.TenantId,
                    EnvironmentId = caller.EnvironmentId,
                    Kind = RemovalKinds.Erasure,
                    ExternalCustomerId = request.ExternalCustomerId,
                    CustomerDigest = CorrectionMapping.DigestOf(request.ExternalCustomerId),
                    UpToSequence = upTo,
                    KeepSums = request.Sums == KeepSums,
                    Reason = request.Reason,
                    Events = count,
                    CreatedAt = Rfc3339.ToMicroseconds(time.GetUtcNow()),
                    CreatedBy = caller.AccountId,
                };
                if (request.DryRun == true)
                {
                    return TypedResults.Ok(row.ToResponse() with { Id = null, Status = "preview", CreatedAt = null, CreatedBy = null });
                }

                await removals.SaveSumsAsync(row, cancellationToken);
                Created<RemovalResponse> answer;
                await using (var change = await changes.BeginAsync(context, cancellationToken))
                {
                    change.Db.EventRemovals.Add(row);
                    change.Record("event.erase", "environment", row.EnvironmentId, after: row.ToResponse(), severity: AuditSeverities.Notice);
                    answer = await change.SaveAsync(TypedResults.Created($"/v1/events/removals/{row.Id}", row.ToResponse()), cancellationToken);
                }

                await removals.BeginAsync();
                return answer;
            },
            cancellationToken);
    }
}
