using Tollgate.Contracts;

namespace Tollgate.Client;

/// <summary>Prices of meters.</summary>
public sealed class PricesClient
{
    private readonly Wire _wire;

    internal PricesClient(Wire wire) => _wire = wire;

    /// <summary>One page of prices.</summary>
    public Task<ListResponse<PriceResponse>> ListAsync(ListPricesQuery? query = null, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<ListResponse<PriceResponse>>(HttpMethod.Get, "/v1/prices", null, query, cancellationToken);

    /// <summary>One price.</summary>
    public Task<PriceResponse> GetAsync(string id, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<PriceResponse>(HttpMethod.Get, $"/v1/prices/{Wire.Segment(id)}", null, null, cancellationToken);

    /// <summary>Creates a price.</summary>
    public Task<PriceResponse> CreateAsync(CreatePriceRequest request, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<PriceResponse>(HttpMethod.Post, "/v1/prices", request, null, cancellationToken);

    /// <summary>Changes what of a price can be changed.</summary>
    public Task<PriceResponse> UpdateAsync(string id, UpdatePriceRequest request, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<PriceResponse>(HttpMethod.Put, $"/v1/prices/{Wire.Segment(id)}", request, null, cancellationToken);

    /// <summary>Ends a price; invoices that exist keep it.</summary>
    public Task<SuccessResponse> ArchiveAsync(string id, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<SuccessResponse>(HttpMethod.Delete, $"/v1/prices/{Wire.Segment(id)}", null, null, cancellationToken);
}
