using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;

namespace Tollgate.Server.Corrections;

/// <summary><c>DELETE /v1/events/quarantine/{id}</c>: its events count again. It stays in the list, as released.</summary>
internal static class DeleteQuarantine
{
    public static void MapDeleteQuarantine(this Api v1) =>
        v1.Delete("/events/quarantine/{id}", RouteRule.Administrator(Permissions.EventWrite), HandleAsync);

    private static Task<Results<NoContent, Problem>> HandleAsync(
        string id, HttpContext context, ControlChanges changes, EventCorrector corrector, CancellationToken cancellationToken) =>
        corrector.InTurnAsync<Results<NoContent, Problem>>(
            async _ =>
            {
                await using (var change = await changes.BeginAsync(context, cancellationToken))
                {
                    var row = await change.Db.EventQuarantines.Of(change.Caller).SingleOrDefaultAsync(each => each.Id == id, cancellationToken);
                    if (row is null)
                    {
                        return Problem.NotFound("quarantine");
                    }

                    if (row.ReleasedAt is null)
                    {
                        var before = row.ToResponse();
                        (row.ReleasedAt, row.ReleasedBy) = (change.Now, change.Caller.AccountId);
                        change.Record("event.release", "api_key", row.ApiKeyId, before, row.ToResponse(), AuditSeverities.Notice);
                        await change.SaveAsync(cancellationToken);
                    }
                }

                // Also when it was released before: the store may not have heard of it.
                await corrector.ApplyAsync(CancellationToken.None);
                return TypedResults.NoContent();
            },
            cancellationToken);
}
