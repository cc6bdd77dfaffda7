using Microsoft.AspNetCore.Http.HttpResults;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Customers;

/// <summary><c>GET /v1/customers/{id}</c></summary>
internal static class GetCustomer
{
    public static void MapGetCustomer(this Api v1) => v1.Get("/customers/{id}", RouteRule.Requires(Permissions.CustomerRead), HandleAsync);

    private static async Task<Results<Ok<CustomerResponse>, Problem>> HandleAsync(
        string id, Caller caller, ControlDb db, CancellationToken cancellationToken) =>
        TypedResults.Ok((await db.CustomerAsync(caller, id, externalId: null, cancellationToken)).ToResponse());
}
