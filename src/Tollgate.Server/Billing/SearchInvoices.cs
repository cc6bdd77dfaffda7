using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Billing;

/// <summary><c>POST /v1/invoices/search</c></summary>
internal static class SearchInvoices
{
    public static void MapSearchInvoices(this Api v1) =>
        v1.Post("/invoices/search", RouteRule.Requires(Permissions.InvoiceRead).NotForConstrainedKeys(), HandleAsync);

    public static async Task<Ok<ListResponse<InvoiceResponse>>> AnswerAsync(
        SearchInvoicesRequest request, Caller caller, ControlDb db, CancellationToken cancellationToken)
    {
        var rows = Matching(request, db.Invoices.AsNoTracking().Of(caller));
        var ordered = request.Order == "asc" ? rows.OrderBy(row => row.Number) : rows.OrderByDescending(row => row.Number);
        return TypedResults.Ok(await ordered.PageAsync(request.Limit, request.Offset, row => row.ToResponse(), cancellationToken));
    }

    private static async Task<Results<Ok<ListResponse<InvoiceResponse>>, Problem>> HandleAsync(
        Body<SearchInvoicesRequest> body, Caller caller, ControlDb db, CancellationToken cancellationToken) =>
        await AnswerAsync(body.Value, caller, db, cancellationToken);

    private static IQueryable<Invoice> Matching(SearchInvoicesRequest request, IQueryable<Invoice> rows)
    {
        rows = request.InvoiceIds is { } ids ? rows.Where(row => ids.Contains(row.Id)) : rows;
        rows = request.CustomerId is { } customer ? rows.Where(row => row.CustomerId == customer) : rows;
        rows = request.ExternalCustomerId is { } external ? rows.Where(row => row.ExternalCustomerId == external) : rows;
        rows = request.InvoiceStatus is { Count: > 0 } states ? rows.Where(row => states.Contains(row.Status)) : rows;
        rows = request.PeriodStartGte is { } startsFrom ? rows.Where(row => row.PeriodStart >= startsFrom) : rows;
        rows = request.PeriodStartLte is { } startsTo ? rows.Where(row => row.PeriodStart <= startsTo) : rows;
        rows = request.PeriodEndGte is { } endsFrom ? rows.Where(row => row.PeriodEnd >= endsFrom) : rows;
        return request.PeriodEndLte is { } endsTo ? rows.Where(row => row.PeriodEnd <= endsTo) : rows;
    }
}
