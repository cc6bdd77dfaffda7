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

    /// <summary>The page that is asked for; a condition or an order by an unknown member is a 400.</summary>
    public static async Task<Results<Ok<ListResponse<CustomerResponse>>, Problem>> AnswerAsync(
        SearchCustomersRequest request, Caller caller, ControlDb db, CancellationToken cancellationToken)
    {
        var errors = new FieldErrors();
        var rows = CustomerConditions.Matching(Matching(request, caller, db), request.Filters ?? [], errors);
        var ordered = CustomerConditions.Ordered(rows, SortOf(request), errors);
        return errors.ToProblem() is { } problem
            ? problem
            : TypedResults.Ok(await ordered.PageAsync(request.Limit, request.Offset, row => row.ToResponse(), cancellationToken));
    }

    private static IReadOnlyList<(string Field, bool Ascending)> SortOf(SearchCustomersRequest request) =>
        request.Sort is { Count: > 0 } conditions
            ? [.. conditions.Select(condition => (condition.Field ?? "created_at", (condition.Direction ?? request.Order) == "asc"))]
            : [("created_at", request.Order == "asc")];

    private static Task<Results<Ok<ListResponse<CustomerResponse>>, Problem>> HandleAsync(
        Body<SearchCustomersRequest> body, Caller caller, ControlDb db, CancellationToken cancellationToken) =>
        AnswerAsync(body.Value, caller, db, cancellationToken);

    private static IQueryable<Customer> Matching(SearchCustomersRequest request, Caller caller, ControlDb db)
    {
        var status = request.Status ?? Statuses.Published;
        var rows = db.Customers.AsNoTracking().Of(caller).Where(row => row.Status == status);
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
}
