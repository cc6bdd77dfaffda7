using Microsoft.AspNetCore.Http.HttpResults;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Customers;

/// <summary><c>GET /v1/customers/external/{external_id}</c></summary>
internal static class GetCustomerByExternalId
{
    public static void MapGetCustomerByExternalId(this Api v1) =>
        v1.Get("/customers/external/{external_id}", RouteRule.Requires(Permissions.CustomerRead), HandleAsync);

    private static async Task<Results<Ok<CustomerResponse>, Problem>> HandleAsync(
        HttpContext context, Caller caller, ControlDb db, CancellationToken cancellationToken) =>
        TypedResults.Ok((await db.CustomerAsync(caller, id: null, PathSegment.LastOf(context), cancellationToken)).ToResponse());
}
