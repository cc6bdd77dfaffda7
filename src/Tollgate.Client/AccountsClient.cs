using Tollgate.Contracts;

namespace Tollgate.Client;

/// <summary>People and service accounts.</summary>
public sealed class AccountsClient
{
    private readonly Wire _wire;

    internal AccountsClient(Wire wire) => _wire = wire;

    /// <summary>The caller, and what it may do.</summary>
    public Task<MeResponse> GetMeAsync(CancellationToken cancellationToken = default) =>
        _wire.SendAsync<MeResponse>(HttpMethod.Get, "/v1/users/me", null, null, cancellationToken);

    /// <summary>Changes the caller's name or notes.</summary>
    public Task<MeResponse> UpdateMeAsync(UpdateMeRequest request, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<MeResponse>(HttpMethod.Put, "/v1/users/me", request, null, cancellationToken);

    /// <summary>One page of accounts.</summary>
    public Task<ListResponse<UserResponse>> SearchAsync(SearchUsersRequest request, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<ListResponse<UserResponse>>(HttpMethod.Post, "/v1/users/search", request, null, cancellationToken);

    /// <summary>One account.</summary>
    public Task<UserResponse> GetAsync(string id, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<UserResponse>(HttpMethod.Get, $"/v1/users/{Wire.Segment(id)}", null, null, cancellationToken);

    /// <summary>Creates an account.</summary>
    public Task<CreatedUserResponse> CreateAsync(CreateUserRequest request, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<CreatedUserResponse>(HttpMethod.Post, "/v1/users", request, null, cancellationToken);

    /// <summary>Renames a service account.</summary>
    public Task<UserResponse> UpdateAsync(string id, UpdateUserRequest request, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<UserResponse>(HttpMethod.Put, $"/v1/users/{Wire.Segment(id)}", request, null, cancellationToken);

    /// <summary>Replaces an account's roles, at once for all its keys.</summary>
    public Task<UpdatedRolesResponse> SetRolesAsync(string id, UpdateUserRolesRequest request, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<UpdatedRolesResponse>(HttpMethod.Put, $"/v1/users/{Wire.Segment(id)}/roles", request, null, cancellationToken);

    /// <summary>What other roles would do, judged by what was done before.</summary>
    public Task<PreviewRolesResponse> PreviewRolesAsync(string id, PreviewRolesRequest request, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<PreviewRolesResponse>(HttpMethod.Post, $"/v1/users/{Wire.Segment(id)}/roles/preview", request, null, cancellationToken);

    /// <summary>Its sessions end and its keys stop working, at once.</summary>
    public Task<UserResponse> DisableAsync(string id, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<UserResponse>(HttpMethod.Post, $"/v1/users/{Wire.Segment(id)}/disable", null, null, cancellationToken);

    /// <summary>Lets a disabled account act again.</summary>
    public Task<UserResponse> EnableAsync(string id, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<UserResponse>(HttpMethod.Post, $"/v1/users/{Wire.Segment(id)}/enable", null, null, cancellationToken);

    /// <summary>Deletes an account for good; it is kept for the record.</summary>
    public Task DeleteAsync(string id, CancellationToken cancellationToken = default) =>
        _wire.SendAsync(HttpMethod.Delete, $"/v1/users/{Wire.Segment(id)}", null, null, cancellationToken);

    /// <summary>A new link for a person to set a password with.</summary>
    public Task<InviteResponse> InviteAsync(string id, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<InviteResponse>(HttpMethod.Post, $"/v1/users/{Wire.Segment(id)}/invite", null, null, cancellationToken);

    /// <summary>A person's living sessions.</summary>
    public Task<SessionsResponse> ListSessionsAsync(string id, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<SessionsResponse>(HttpMethod.Get, $"/v1/users/{Wire.Segment(id)}/sessions", null, null, cancellationToken);

    /// <summary>Ends all sessions of a person.</summary>
    public Task EndSessionsAsync(string id, CancellationToken cancellationToken = default) =>
        _wire.SendAsync(HttpMethod.Delete, $"/v1/users/{Wire.Segment(id)}/sessions", null, null, cancellationToken);

    /// <summary>Ends one session of a person.</summary>
    public Task EndSessionAsync(string id, string sessionId, CancellationToken cancellationToken = default) =>
        _wire.SendAsync(HttpMethod.Delete, $"/v1/users/{Wire.Segment(id)}/sessions/{Wire.Segment(sessionId)}", null, null, cancellationToken);

    /// <summary>Takes a person's second factor away.</summary>
    public Task RemoveTotpAsync(string id, CancellationToken cancellationToken = default) =>
        _wire.SendAsync(HttpMethod.Delete, $"/v1/users/{Wire.Segment(id)}/totp", null, null, cancellationToken);
}
