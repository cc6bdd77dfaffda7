using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Billing;

/// <summary><c>POST /v1/prices/search</c></summary>
internal static class SearchPrices
{
    public static void MapSearchPrices(this Api v1) =>
        v1.Post("/prices/search", RouteRule.Requires(Permissions.InvoiceRead).NotForConstrainedKeys(), HandleAsync);

    public static async Task<Ok<ListResponse<PriceResponse>>> AnswerAsync(
        SearchPricesRequest request, Caller caller, ControlDb db, CancellationToken cancellationToken)
    {
        var status = request.Status ?? Statuses.Published;
        var rows = db.Prices.AsNoTracking().Of(caller).Where(row => row.Status == status);
        if (request.PriceIds is { } ids)
        {
            rows = rows.Where(row => ids.Contains(row.Id));
        }

        if (request.MeterIds is { } meters)
        {
            rows = rows.Where(row => meters.Contains(row.MeterId));
        }

        var ordered = request.Order == "asc"
            ? rows.OrderBy(row => row.CreatedAt).ThenBy(row => row.Id)
            : rows.OrderByDescending(row => row.CreatedAt).ThenByDescending(row => row.Id);
        return TypedResults.Ok(await ordered.PageAsync(request.Limit, request.Offset, row => row.ToResponse(), cancellationToken));
    }

    private static async Task<Results<Ok<ListResponse<PriceResponse>>, Problem>> HandleAsync(
        Body<SearchPricesRequest> body, Caller caller, ControlDb db, CancellationToken cancellationToken) =>
        await AnswerAsync(body.Value, caller, db, cancellationToken);
}
