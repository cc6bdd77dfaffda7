using Microsoft.AspNetCore.Http.HttpResults;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Billing;

/// <summary><c>GET /v1/invoices</c></summary>
internal static class ListInvoices
{
    public static void MapListInvoices(this Api v1) =>
        v1.Get("/invoices", RouteRule.Requires(Permissions.InvoiceRead).NotForConstrainedKeys(), HandleAsync);

    private static async Task<Results<Ok<ListResponse<InvoiceResponse>>, Problem>> HandleAsync(
        Query<ListInvoicesQuery> query, Caller caller, ControlDb db, CancellationToken cancellationToken) =>
        await SearchInvoices.AnswerAsync(
            new SearchInvoicesRequest
            {
                CustomerId = query.Value.CustomerId,
                InvoiceStatus = query.Value.InvoiceStatus is { } status ? [status] : null,
                Limit = query.Value.Limit,
                Offset = query.Value.Offset,
            },
            caller,
            db,
            cancellationToken);
}
