using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Corrections;

/// <summary><c>POST /v1/events/quarantine</c>: takes what a key sent out of every query and sum, or says what that would change.</summary>
internal static class QuarantineEvents
{
    public static void MapQuarantineEvents(this Api v1) =>
        v1.Post("/events/quarantine", RouteRule.Administrator(Permissions.EventWrite), HandleAsync);

    private static async Task<Results<Created<QuarantineResponse>, Ok<QuarantineResponse>, Problem>> HandleAsync(
        Body<QuarantineEventsRequest> body,
        HttpContext context,
        Caller caller,
        ControlDb db,
        ControlChanges changes,
        EventCorrector corrector,
        QuarantineEffects effects,
        Ids ids,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        var request = body.Value;
        await changes.AnswerRepeatedAsync(context, caller, cancellationToken);
        var now = Rfc3339.ToMicroseconds(time.GetUtcNow()).AddMicroseconds(1);
        var (start, end) = (request.StartTime ?? DateTimeOffset.UnixEpoch, request.EndTime is { } asked && asked < now ? asked : now);
        var errors = new FieldErrors();
        CorrectionMapping.DemandReason(request.Reason, request.DryRun, errors);
        errors.Demand(start < end, "start_time", "must be before end_time, and before now.");
        if (errors.ToProblem() is { } problem)
        {
            return problem;
        }

        if (!await db.ApiKeys.AnyAsync(
            key => key.Id == request.ApiKeyId && key.TenantId == caller.TenantId && key.EnvironmentId == caller.EnvironmentId, cancellationToken))
        {
            return Problem.NotFound("API key");
        }

        return await corrector.InTurnAsync<Results<Created<QuarantineResponse>, Ok<QuarantineResponse>, Problem>>(
            async upTo =>
            {
                var row = new QuarantineRow
                {
                    Id = ids.Quarantine(),
                    TenantId = caller.TenantId,
                    EnvironmentId = caller.EnvironmentId,
                    ApiKeyId = request.ApiKeyId,
                    StartTime = start,
                    EndTime = end,
                    UpToSequence = upTo,
                    Reason = request.Reason ?? "",
                    CreatedAt = now,
                    CreatedBy = caller.AccountId,
                };
                var (events, effect) = await effects.OfAsync(caller, EventCorrector.Of(row), cancellationToken);
                row.Events = events;
                return request.DryRun == true
                    ? TypedResults.Ok(Preview(row, effect))
                    : await ApplyAsync(row, effect, context, changes, corrector, cancellationToken);
            },
            cancellationToken);
    }

    private static async Task<Created<QuarantineResponse>> ApplyAsync(
        QuarantineRow row,
        QuarantineEffectResponse effect,
        HttpContext context,
        ControlChanges changes,
        EventCorrector corrector,
        CancellationToken cancellationToken)
    {
        Created<QuarantineResponse> answer;
        await using (var change = await changes.BeginAsync(context, cancellationToken))
        {
            change.Db.EventQuarantines.Add(row);
            var made = row.ToResponse();
            change.Record("event.quarantine", "api_key", row.ApiKeyId, after: made, severity: AuditSeverities.Notice);
            answer = await change.SaveAsync(
                TypedResults.Created($"/v1/events/quarantine/{row.Id}", made with { Effect = effect }), cancellationToken);
        }

        // It is written down; the store is told until it knows, by the next start at the latest.
        await corrector.ApplyAsync(CancellationToken.None);
        return answer;
    }

    private static QuarantineResponse Preview(QuarantineRow row, QuarantineEffectResponse effect) => row.ToResponse() with
    {
        Id = null,
        Status = "preview",
        Reason = row.Reason.Length > 0 ? row.Reason : null,
        Effect = effect,
        CreatedAt = null,
        CreatedBy = null,
    };
}
