using Microsoft.AspNetCore.Http.HttpResults;
using Tollgate.Contracts;
using Tollgate.Server.Access;

namespace Tollgate.Server.Hosting;

/// <summary><c>GET /health</c> and <c>GET /healthz/live</c>: the process answers.</summary>
internal static class GetHealth
{
    public static void MapGetHealth(this Api root)
    {
        root.Get("/health", RouteRule.Public("Load balancers have no key."), HandleAsync);
        root.Get("/healthz/live", RouteRule.Public("Orchestrators have no key."), HandleAsync).WithName("GetLiveness");
    }

    private static Ok<HealthResponse> HandleAsync() => TypedResults.Ok(new HealthResponse { Status = "ok" });
}
