using Tollgate.Contracts;

namespace Tollgate.Client;

/// <summary>API keys. Their secrets are told once, when they are made.</summary>
public sealed class ApiKeysClient
{
    private readonly Wire _wire;

    internal ApiKeysClient(Wire wire) => _wire = wire;

    /// <summary>One page of keys.</summary>
    public Task<ListResponse<SecretResponse>> ListAsync(ListApiKeysQuery? query = null, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<ListResponse<SecretResponse>>(HttpMethod.Get, "/v1/secrets/api/keys", null, query, cancellationToken);

    /// <summary>One key.</summary>
    public Task<SecretResponse> GetAsync(string id, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<SecretResponse>(HttpMethod.Get, $"/v1/secrets/api/keys/{Wire.Segment(id)}", null, null, cancellationToken);

    /// <summary>Creates a key; the answer alone has its secret.</summary>
    public Task<CreatedApiKeyResponse> CreateAsync(CreateApiKeyRequest request, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<CreatedApiKeyResponse>(HttpMethod.Post, "/v1/secrets/api/keys", request, null, cancellationToken);

    /// <summary>Renames a key.</summary>
    public Task<SecretResponse> UpdateAsync(string id, UpdateApiKeyRequest request, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<SecretResponse>(HttpMethod.Put, $"/v1/secrets/api/keys/{Wire.Segment(id)}", request, null, cancellationToken);

    /// <summary>A new key in place of this one, which works on for the overlap.</summary>
    public Task<CreatedApiKeyResponse> RotateAsync(string id, RotateApiKeyRequest request, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<CreatedApiKeyResponse>(HttpMethod.Post, $"/v1/secrets/api/keys/{Wire.Segment(id)}/rotate", request, null, cancellationToken);

    /// <summary>How far a rotation is.</summary>
    public Task<KeyRotationResponse> GetRotationAsync(string id, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<KeyRotationResponse>(HttpMethod.Get, $"/v1/secrets/api/keys/{Wire.Segment(id)}/rotation", null, null, cancellationToken);

    /// <summary>Lets a key rest, at once.</summary>
    public Task<SecretResponse> DisableAsync(string id, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<SecretResponse>(HttpMethod.Post, $"/v1/secrets/api/keys/{Wire.Segment(id)}/disable", null, null, cancellationToken);

    /// <summary>Lets a resting key work again.</summary>
    public Task<SecretResponse> EnableAsync(string id, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<SecretResponse>(HttpMethod.Post, $"/v1/secrets/api/keys/{Wire.Segment(id)}/enable", null, null, cancellationToken);

    /// <summary>Ends a key for good, at once.</summary>
    public Task RevokeAsync(string id, CancellationToken cancellationToken = default) =>
        _wire.SendAsync(HttpMethod.Delete, $"/v1/secrets/api/keys/{Wire.Segment(id)}", null, null, cancellationToken);

    /// <summary>The proof that a key is dead.</summary>
    public Task<KeyRevocationResponse> GetRevocationAsync(string id, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<KeyRevocationResponse>(HttpMethod.Get, $"/v1/secrets/api/keys/{Wire.Segment(id)}/revocation", null, null, cancellationToken);

    /// <summary>What a key was used for.</summary>
    public Task<KeyUsageResponse> GetUsageAsync(string id, KeyUsageQuery? query = null, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<KeyUsageResponse>(HttpMethod.Get, $"/v1/secrets/api/keys/{Wire.Segment(id)}/usage", null, query, cancellationToken);

    /// <summary>Takes over keys that another system made.</summary>
    public Task<ImportedApiKeysResponse> ImportAsync(ImportApiKeysRequest request, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<ImportedApiKeysResponse>(HttpMethod.Post, "/v1/secrets/api/keys/import", request, null, cancellationToken);

    /// <summary>Whose key a text is.</summary>
    public Task<IdentifyKeyResponse> IdentifyAsync(IdentifyKeyRequest request, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<IdentifyKeyResponse>(HttpMethod.Post, "/v1/secrets/identify", request, null, cancellationToken);

    /// <summary>The tenant's rules for keys.</summary>
    public Task<KeySettingsResponse> GetSettingsAsync(CancellationToken cancellationToken = default) =>
        _wire.SendAsync<KeySettingsResponse>(HttpMethod.Get, "/v1/settings/api-keys", null, null, cancellationToken);

    /// <summary>Replaces the tenant's rules for keys.</summary>
    public Task<KeySettingsResponse> SetSettingsAsync(UpdateKeySettingsRequest request, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<KeySettingsResponse>(HttpMethod.Put, "/v1/settings/api-keys", request, null, cancellationToken);
}
