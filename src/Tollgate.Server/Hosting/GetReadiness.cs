using Microsoft.AspNetCore.Http.HttpResults;
using Tollgate.Contracts;
using Tollgate.Server.Access;

namespace Tollgate.Server.Hosting;

/// <summary><c>GET /healthz/ready</c>: the server can read and write, shown by doing it.</summary>
internal static class GetReadiness
{
    public static void MapGetReadiness(this Api root) =>
        root.Get("/healthz/ready", RouteRule.Public("Orchestrators have no key."), HandleAsync);

    private static async Task<Results<Ok<HealthResponse>, Problem>> HandleAsync(Readiness readiness, CancellationToken cancellationToken) =>
        await readiness.WhyNotAsync(cancellationToken) is { } reason
            ? Problem.Unavailable(reason)
            : TypedResults.Ok(new HealthResponse { Status = "ok" });
}
