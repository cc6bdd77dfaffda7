using Tollgate.Contracts;

namespace Tollgate.Client;

/// <summary>Environments, retention, and the tenant.</summary>
public sealed class EnvironmentsClient
{
    private readonly Wire _wire;

    internal EnvironmentsClient(Wire wire) => _wire = wire;

    /// <summary>The environments.</summary>
    public Task<EnvironmentsResponse> ListAsync(ListEnvironmentsQuery? query = null, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<EnvironmentsResponse>(HttpMethod.Get, "/v1/environments", null, query, cancellationToken);

    /// <summary>One environment.</summary>
    public Task<EnvironmentResponse> GetAsync(string id, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<EnvironmentResponse>(HttpMethod.Get, $"/v1/environments/{Wire.Segment(id)}", null, null, cancellationToken);

    /// <summary>Creates an environment.</summary>
    public Task<EnvironmentResponse> CreateAsync(CreateEnvironmentRequest request, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<EnvironmentResponse>(HttpMethod.Post, "/v1/environments", request, null, cancellationToken);

    /// <summary>Renames an environment.</summary>
    public Task<EnvironmentResponse> UpdateAsync(string id, UpdateEnvironmentRequest request, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<EnvironmentResponse>(HttpMethod.Put, $"/v1/environments/{Wire.Segment(id)}", request, null, cancellationToken);

    /// <summary>How long events are kept.</summary>
    public Task<RetentionResponse> GetRetentionAsync(string id, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<RetentionResponse>(HttpMethod.Get, $"/v1/environments/{Wire.Segment(id)}/retention", null, null, cancellationToken);

    /// <summary>Sets how long events are kept; older ones are removed.</summary>
    public Task<RetentionResponse> SetRetentionAsync(string id, UpdateRetentionRequest request, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<RetentionResponse>(HttpMethod.Put, $"/v1/environments/{Wire.Segment(id)}/retention", request, null, cancellationToken);

    /// <summary>The tenant.</summary>
    public Task<TenantResponse> GetTenantAsync(string id, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<TenantResponse>(HttpMethod.Get, $"/v1/tenants/{Wire.Segment(id)}", null, null, cancellationToken);

    /// <summary>Changes the caller's tenant.</summary>
    public Task<TenantResponse> UpdateTenantAsync(UpdateTenantRequest request, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<TenantResponse>(HttpMethod.Put, "/v1/tenants/update", request, null, cancellationToken);
}
