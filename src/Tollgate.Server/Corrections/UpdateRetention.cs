using Microsoft.AspNetCore.Http.HttpResults;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Environments;
using Tollgate.Server.Events;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Corrections;

/// <summary><c>PUT /v1/environments/{id}/retention</c>: from now on events older than that go, once a day; their sums stay.</summary>
internal static class UpdateRetention
{
    public static void MapUpdateRetention(this Api v1) =>
        v1.Put("/environments/{id}/retention", RouteRule.Administrator(Permissions.EnvironmentWrite), HandleAsync);

    private static async Task<Results<Ok<RetentionResponse>, Problem>> HandleAsync(
        string id,
        Body<UpdateRetentionRequest> body,
        HttpContext context,
        Caller caller,
        ControlDb db,
        ControlChanges changes,
        EventReader events,
        TimeProvider time,
        CancellationToken cancellationToken)
    {
        // Counted ahead of the change, which holds up all others.
        var answer = await GetRetention.AnswerAsync(
            await db.EnvironmentAsync(caller, id, cancellationToken), body.Value.Days, events, time, cancellationToken);
        if (body.Value.DryRun == true)
        {
            return TypedResults.Ok(answer);
        }

        await using var change = await changes.BeginAsync(context, cancellationToken);
        var environment = await change.Db.EnvironmentAsync(change.Caller, id, cancellationToken);
        if (environment.EventRetentionDays != answer.Days)
        {
            var before = new { days = environment.EventRetentionDays };
            environment.EventRetentionDays = answer.Days;
            environment.UpdatedAt = change.Now;
            change.Record("environment.retention", "environment", environment.Id, before, new { days = answer.Days }, AuditSeverities.Notice);
            await change.SaveAsync(cancellationToken);
        }

        return TypedResults.Ok(answer);
    }
}
