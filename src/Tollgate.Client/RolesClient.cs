using Tollgate.Contracts;

namespace Tollgate.Client;

/// <summary>Roles, and who may do what.</summary>
public sealed class RolesClient
{
    private readonly Wire _wire;

    internal RolesClient(Wire wire) => _wire = wire;

    /// <summary>The built-in and the custom roles.</summary>
    public Task<RolesResponse> ListAsync(ListRolesQuery? query = null, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<RolesResponse>(HttpMethod.Get, "/v1/rbac/roles", null, query, cancellationToken);

    /// <summary>One role.</summary>
    public Task<SingleRoleResponse> GetAsync(string id, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<SingleRoleResponse>(HttpMethod.Get, $"/v1/rbac/roles/{Wire.Segment(id)}", null, null, cancellationToken);

    /// <summary>Creates a custom role.</summary>
    public Task<SingleRoleResponse> CreateAsync(CreateRoleRequest request, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<SingleRoleResponse>(HttpMethod.Post, "/v1/rbac/roles", request, null, cancellationToken);

    /// <summary>Changes a custom role, at once for all who hold it.</summary>
    public Task<UpdatedRoleResponse> UpdateAsync(string id, UpdateRoleRequest request, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<UpdatedRoleResponse>(HttpMethod.Put, $"/v1/rbac/roles/{Wire.Segment(id)}", request, null, cancellationToken);

    /// <summary>Deletes a custom role that nobody holds.</summary>
    public Task DeleteAsync(string id, CancellationToken cancellationToken = default) =>
        _wire.SendAsync(HttpMethod.Delete, $"/v1/rbac/roles/{Wire.Segment(id)}", null, null, cancellationToken);

    /// <summary>Every route and what it asks for.</summary>
    public Task<ManifestResponse> GetManifestAsync(CancellationToken cancellationToken = default) =>
        _wire.SendAsync<ManifestResponse>(HttpMethod.Get, "/v1/rbac/manifest", null, null, cancellationToken);

    /// <summary>Whether the caller may do something, and why.</summary>
    public Task<CanIResponse> CanIAsync(CanIRequest request, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<CanIResponse>(HttpMethod.Post, "/v1/rbac/can-i", request, null, cancellationToken);

    /// <summary>Whether an account or a key may do something, and why.</summary>
    public Task<ExplainResponse> ExplainAsync(ExplainRequest request, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<ExplainResponse>(HttpMethod.Post, "/v1/rbac/explain", request, null, cancellationToken);

    /// <summary>Which accounts and keys may do something.</summary>
    public Task<ListResponse<WhoCanResponse>> WhoCanAsync(WhoCanQuery query, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<ListResponse<WhoCanResponse>>(HttpMethod.Get, "/v1/rbac/who-can", null, query, cancellationToken);

    /// <summary>Accounts that may do more than they do.</summary>
    public Task<ListResponse<RecommendationResponse>> RecommendAsync(
        RecommendationsQuery? query = null, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<ListResponse<RecommendationResponse>>(HttpMethod.Get, "/v1/rbac/recommendations", null, query, cancellationToken);
}
