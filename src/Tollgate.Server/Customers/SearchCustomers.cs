using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Customers;

/// <summary><c>POST /v1/customers/search</c></summary>
internal static class SearchCustomers
{
    public static void MapSearchCustomers(this Api v1) =>
        v1.Post("/customers/search", RouteRule.Requires(Permissions.CustomerRead), HandleAsync);

    /// <summary>The page that is asked for; an order by an unknown member is a 400.</summary>
    public static async Task<Results<Ok<ListResponse<CustomerResponse>>, Problem>> AnswerAsync(
        SearchCustomersRequest request, Caller caller, ControlDb db, CancellationToken cancellationToken)
    {
        var sort = request.Sort is { Count: > 0 } conditions ? conditions[0] : null;
        var ascending = (sort?.Direction ?? request.Order) == "asc";
        return Ordered(Matching(request, caller, db), sort?.Field ?? "created_at", ascending) is { } ordered
            ? TypedResults.Ok(await ordered.PageAsync(request.Limit, request.Offset, row => row.ToResponse(), cancellationToken))
            : Problem.Invalid("sort", "must be one of: created_at, name, external_id.");
    }

    private static Task<Results<Ok<ListResponse<CustomerResponse>>, Problem>> HandleAsync(
        Body<SearchCustomersRequest> body, Caller caller, ControlDb db, CancellationToken cancellationToken) =>
        AnswerAsync(body.Value, caller, db, cancellationToken);

    private static IQueryable<Customer> Matching(SearchCustomersRequest request, Caller caller, ControlDb db)
    {
        var rows = db.Customers.AsNoTracking().Of(caller)
            .Where(row => request.Status == null ? row.Status != Statuses.Deleted : row.Status == request.Status);
        if (request.CustomerIds is { } ids)
        {
            rows = rows.Where(row => ids.Contains(row.Id));
        }

        if (request.ExternalIds is { } externalIds)
        {
            rows = rows.Where(row => externalIds.Contains(row.ExternalId));
        }

        if (request.ExternalId is { } externalId)
        {
            rows = rows.Where(row => row.ExternalId == externalId);
        }

        if (request.Email is { } email)
        {
            rows = rows.Where(row => row.Email == email);
        }

        if (request.StartTime is { } start)
        {
            rows = rows.Where(row => row.CreatedAt >= start);
        }

        return request.EndTime is { } end ? rows.Where(row => row.CreatedAt < end) : rows;
    }

    // The id settles ties, so that pages neither skip nor repeat.
    private static IQueryable<Customer>? Ordered(IQueryable<Customer> rows, string field, bool ascending) => (field, ascending) switch
    {
        ("created_at", true) => rows.OrderBy(row => row.CreatedAt).ThenBy(row => row.Id),
        ("created_at", false) => rows.OrderByDescending(row => row.CreatedAt).ThenByDescending(row => row.Id),
        ("name", true) => rows.OrderBy(row => row.Name).ThenBy(row => row.Id),
        ("name", false) => rows.OrderByDescending(row => row.Name).ThenByDescending(row => row.Id),
        ("external_id", true) => rows.OrderBy(row => row.ExternalId).ThenBy(row => row.Id),
        ("external_id", false) => rows.OrderByDescending(row => row.ExternalId).ThenByDescending(row => row.Id),
        _ => null,
    };
}
