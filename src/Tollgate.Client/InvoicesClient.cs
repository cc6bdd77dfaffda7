using Tollgate.Contracts;

namespace Tollgate.Client;

/// <summary>Invoices.</summary>
public sealed class InvoicesClient
{
    private readonly Wire _wire;

    internal InvoicesClient(Wire wire) => _wire = wire;

    /// <summary>One page of invoices.</summary>
    public Task<ListResponse<InvoiceResponse>> ListAsync(ListInvoicesQuery? query = null, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<ListResponse<InvoiceResponse>>(HttpMethod.Get, "/v1/invoices", null, query, cancellationToken);

    /// <summary>One page of the invoices that the request describes.</summary>
    public Task<ListResponse<InvoiceResponse>> SearchAsync(SearchInvoicesRequest request, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<ListResponse<InvoiceResponse>>(HttpMethod.Post, "/v1/invoices/search", request, null, cancellationToken);

    /// <summary>One invoice.</summary>
    public Task<InvoiceResponse> GetAsync(string id, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<InvoiceResponse>(HttpMethod.Get, $"/v1/invoices/{Wire.Segment(id)}", null, null, cancellationToken);

    /// <summary>What an invoice would say; nothing is stored.</summary>
    public Task<InvoiceResponse> PreviewAsync(PreviewInvoiceRequest request, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<InvoiceResponse>(HttpMethod.Post, "/v1/invoices/preview", request, null, cancellationToken);

    /// <summary>Makes the invoice of a customer and period, or finds it.</summary>
    public Task<InvoiceResponse> CreateAsync(CreateInvoiceRequest request, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<InvoiceResponse>(HttpMethod.Post, "/v1/invoices", request, null, cancellationToken);

    /// <summary>Withdraws an invoice.</summary>
    public Task<SuccessResponse> VoidAsync(string id, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<SuccessResponse>(HttpMethod.Post, $"/v1/invoices/{Wire.Segment(id)}/void", null, null, cancellationToken);
}
