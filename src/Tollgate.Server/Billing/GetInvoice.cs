using Microsoft.AspNetCore.Http.HttpResults;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Billing;

/// <summary><c>GET /v1/invoices/{id}</c></summary>
internal static class GetInvoice
{
    public static void MapGetInvoice(this Api v1) =>
        v1.Get("/invoices/{id}", RouteRule.Requires(Permissions.InvoiceRead).NotForConstrainedKeys(), HandleAsync);

    private static async Task<Results<Ok<InvoiceResponse>, Problem>> HandleAsync(
        string id, Caller caller, ControlDb db, CancellationToken cancellationToken) =>
        TypedResults.Ok((await db.InvoiceAsync(caller, id, cancellationToken)).ToResponse());
}
