using Microsoft.AspNetCore.Http.HttpResults;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Meters;

/// <summary><c>GET /v1/meters/{id}</c></summary>
internal static class GetMeter
{
    public static void MapGetMeter(this Api v1) => v1.Get("/meters/{id}", RouteRule.Requires(Permissions.MeterRead), HandleAsync);

    private static async Task<Results<Ok<MeterResponse>, Problem>> HandleAsync(
        string id, Caller caller, ControlDb db, CancellationToken cancellationToken) =>
        TypedResults.Ok((await db.MeterAsync(caller, id, cancellationToken)).ToResponse());
}
