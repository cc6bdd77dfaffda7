using Tollgate.Contracts;

namespace Tollgate.Client;

/// <summary>Customers.</summary>
public sealed class CustomersClient
{
    private readonly Wire _wire;

    internal CustomersClient(Wire wire) => _wire = wire;

    /// <summary>One page of customers.</summary>
    public Task<ListResponse<CustomerResponse>> ListAsync(ListCustomersQuery? query = null, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<ListResponse<CustomerResponse>>(HttpMethod.Get, "/v1/customers", null, query, cancellationToken);

    /// <summary>One page of the customers that conditions fit.</summary>
    public Task<ListResponse<CustomerResponse>> SearchAsync(SearchCustomersRequest request, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<ListResponse<CustomerResponse>>(HttpMethod.Post, "/v1/customers/search", request, null, cancellationToken);

    /// <summary>One customer.</summary>
    public Task<CustomerResponse> GetAsync(string id, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<CustomerResponse>(HttpMethod.Get, $"/v1/customers/{Wire.Segment(id)}", null, null, cancellationToken);

    /// <summary>One customer, by the id in your system.</summary>
    public Task<CustomerResponse> GetByExternalIdAsync(string externalId, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<CustomerResponse>(HttpMethod.Get, $"/v1/customers/external/{Wire.Segment(externalId)}", null, null, cancellationToken);

    /// <summary>Creates a customer.</summary>
    public Task<CustomerResponse> CreateAsync(CreateCustomerRequest request, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<CustomerResponse>(HttpMethod.Post, "/v1/customers", request, null, cancellationToken);

    /// <summary>Changes a customer; absent members stay as they are.</summary>
    public Task<CustomerResponse> UpdateAsync(string id, UpdateCustomerRequest request, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<CustomerResponse>(HttpMethod.Put, $"/v1/customers/{Wire.Segment(id)}", request, null, cancellationToken);

    /// <summary>Deletes a customer; its events stay.</summary>
    public Task DeleteAsync(string id, CancellationToken cancellationToken = default) =>
        _wire.SendAsync(HttpMethod.Delete, $"/v1/customers/{Wire.Segment(id)}", null, null, cancellationToken);

    /// <summary>What every meter says of a customer.</summary>
    public Task<CustomerUsageResponse> GetUsageAsync(string id, CustomerUsageQuery? query = null, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<CustomerUsageResponse>(HttpMethod.Get, $"/v1/customers/{Wire.Segment(id)}/usage", null, query, cancellationToken);
}
