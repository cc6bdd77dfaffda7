using Tollgate.Contracts;

namespace Tollgate.Client;

/// <summary>Meters.</summary>
public sealed class MetersClient
{
    private readonly Wire _wire;

    internal MetersClient(Wire wire) => _wire = wire;

    /// <summary>One page of meters.</summary>
    public Task<ListResponse<MeterResponse>> ListAsync(ListMetersQuery? query = null, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<ListResponse<MeterResponse>>(HttpMethod.Get, "/v1/meters", null, query, cancellationToken);

    /// <summary>One meter.</summary>
    public Task<MeterResponse> GetAsync(string id, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<MeterResponse>(HttpMethod.Get, $"/v1/meters/{Wire.Segment(id)}", null, null, cancellationToken);

    /// <summary>Creates a meter.</summary>
    public Task<MeterResponse> CreateAsync(CreateMeterRequest request, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<MeterResponse>(HttpMethod.Post, "/v1/meters", request, null, cancellationToken);

    /// <summary>Changes a meter's name or filters.</summary>
    public Task<MeterResponse> UpdateAsync(string id, UpdateMeterRequest request, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<MeterResponse>(HttpMethod.Put, $"/v1/meters/{Wire.Segment(id)}", request, null, cancellationToken);

    /// <summary>Archives a meter that has no price.</summary>
    public Task ArchiveAsync(string id, CancellationToken cancellationToken = default) =>
        _wire.SendAsync(HttpMethod.Delete, $"/v1/meters/{Wire.Segment(id)}", null, null, cancellationToken);
}
