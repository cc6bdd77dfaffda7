using Microsoft.AspNetCore.Http.HttpResults;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Environments;
using Tollgate.Server.Events;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Corrections;

/// <summary><c>GET /v1/environments/{id}/retention</c></summary>
internal static class GetRetention
{
    public static void MapGetRetention(this Api v1) =>
        v1.Get("/environments/{id}/retention", RouteRule.Requires(Permissions.EnvironmentRead), HandleAsync);

    /// <summary>How long the environment keeps events, or would, and how many would go now.</summary>
    public static async Task<RetentionResponse> AnswerAsync(
        TenantEnvironment environment, int? days, EventReader events, TimeProvider time, CancellationToken cancellationToken)
    {
        var before = EventRetention.BeforeAt(days, time.GetUtcNow());
        var count = before is { } edge ? await EventRetention.CountAsync(events, EventReaches.ReachOf(environment), edge, cancellationToken) : 0;
        return environment.ToResponse(days, before, count);
    }

    private static async Task<Results<Ok<RetentionResponse>, Problem>> HandleAsync(
        string id, Caller caller, ControlDb db, EventReader events, TimeProvider time, CancellationToken cancellationToken)
    {
        var environment = await db.EnvironmentAsync(caller, id, cancellationToken);
        return TypedResults.Ok(await AnswerAsync(environment, environment.EventRetentionDays, events, time, cancellationToken));
    }
}
