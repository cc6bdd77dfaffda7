using Microsoft.AspNetCore.Http.HttpResults;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Billing;

/// <summary><c>GET /v1/prices</c></summary>
internal static class ListPrices
{
    public static void MapListPrices(this Api v1) =>
        v1.Get("/prices", RouteRule.Requires(Permissions.InvoiceRead).NotForConstrainedKeys(), HandleAsync);

    private static async Task<Results<Ok<ListResponse<PriceResponse>>, Problem>> HandleAsync(
        Query<ListPricesQuery> query, Caller caller, ControlDb db, CancellationToken cancellationToken) =>
        await SearchPrices.AnswerAsync(
            new SearchPricesRequest
            {
                MeterIds = query.Value.MeterId is { } meter ? [meter] : null,
                Limit = query.Value.Limit,
                Offset = query.Value.Offset,
            },
            caller,
            db,
            cancellationToken);
}
