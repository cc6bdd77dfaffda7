using Microsoft.AspNetCore.Http.HttpResults;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Customers;

/// <summary><c>GET /v1/customers</c></summary>
internal static class ListCustomers
{
    public static void MapListCustomers(this Api v1) => v1.Get("/customers", RouteRule.Requires(Permissions.CustomerRead), HandleAsync);

    private static Task<Results<Ok<ListResponse<CustomerResponse>>, Problem>> HandleAsync(
        Query<ListCustomersQuery> query, Caller caller, ControlDb db, CancellationToken cancellationToken)
    {
        var asked = query.Value;
        return SearchCustomers.AnswerAsync(
            new SearchCustomersRequest
            {
                ExternalId = asked.ExternalId,
                Email = asked.Email,
                Status = asked.Status,
                StartTime = asked.StartTime,
                EndTime = asked.EndTime,
                Limit = asked.Limit,
                Offset = asked.Offset,
                Sort = asked.Sort is null ? null : [new SortCondition { Field = asked.Sort, Direction = asked.Order }],
                Order = asked.Order,
            },
            caller,
            db,
            cancellationToken);
    }
}
