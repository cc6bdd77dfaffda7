using Microsoft.AspNetCore.Http.HttpResults;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Billing;

/// <summary><c>GET /v1/prices/{id}</c></summary>
internal static class GetPrice
{
    public static void MapGetPrice(this Api v1) =>
        v1.Get("/prices/{id}", RouteRule.Requires(Permissions.InvoiceRead).NotForConstrainedKeys(), HandleAsync);

    private static async Task<Results<Ok<PriceResponse>, Problem>> HandleAsync(
        string id, Caller caller, ControlDb db, CancellationToken cancellationToken) =>
        TypedResults.Ok((await db.PriceAsync(caller, id, cancellationToken)).ToResponse());
}
