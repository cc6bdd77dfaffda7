using Microsoft.AspNetCore.Http.HttpResults;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Environments;

/// <summary><c>GET /v1/environments/{id}</c></summary>
internal static class GetEnvironment
{
    public static void MapGetEnvironment(this Api v1) =>
        v1.Get("/environments/{id}", RouteRule.Requires(Permissions.EnvironmentRead), HandleAsync);

    private static async Task<Results<Ok<EnvironmentResponse>, Problem>> HandleAsync(
        string id, Caller caller, ControlDb db, CancellationToken cancellationToken) =>
        TypedResults.Ok((await db.EnvironmentAsync(caller, id, cancellationToken)).ToResponse());
}
