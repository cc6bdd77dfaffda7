using Tollgate.Contracts;

namespace Tollgate.Client;

/// <summary>Logging in and out, passwords and second factors. For people: keys have no session.</summary>
public sealed class SessionsClient
{
    private readonly Wire _wire;

    internal SessionsClient(Wire wire) => _wire = wire;

    /// <summary>Begins a session; it is in the cookie <c>__Host-sid</c>.</summary>
    public Task<LoginResponse> LoginAsync(LoginRequest request, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<LoginResponse>(HttpMethod.Post, "/v1/auth/login", request, null, cancellationToken);

    /// <summary>Ends the caller's session.</summary>
    public Task LogoutAsync(CancellationToken cancellationToken = default) =>
        _wire.SendAsync(HttpMethod.Post, "/v1/auth/logout", null, null, cancellationToken);

    /// <summary>Changes the caller's password and ends all other sessions.</summary>
    public Task<LoginResponse> ChangePasswordAsync(ChangePasswordRequest request, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<LoginResponse>(HttpMethod.Post, "/v1/auth/password", request, null, cancellationToken);

    /// <summary>The caller's living sessions.</summary>
    public Task<SessionsResponse> ListAsync(CancellationToken cancellationToken = default) =>
        _wire.SendAsync<SessionsResponse>(HttpMethod.Get, "/v1/auth/sessions", null, null, cancellationToken);

    /// <summary>Ends one of the caller's sessions.</summary>
    public Task EndAsync(string id, CancellationToken cancellationToken = default) =>
        _wire.SendAsync(HttpMethod.Delete, $"/v1/auth/sessions/{Wire.Segment(id)}", null, null, cancellationToken);

    /// <summary>Ends all sessions of the caller but this one.</summary>
    public Task EndOthersAsync(CancellationToken cancellationToken = default) =>
        _wire.SendAsync(HttpMethod.Delete, "/v1/auth/sessions", null, null, cancellationToken);

    /// <summary>What a link to set a password is for.</summary>
    public Task<InvitationResponse> PreviewInvitationAsync(PreviewInvitationRequest request, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<InvitationResponse>(HttpMethod.Post, "/v1/auth/invitations/preview", request, null, cancellationToken);

    /// <summary>Sets the password of the person the link was made for.</summary>
    public Task<AcceptedInvitationResponse> AcceptInvitationAsync(AcceptInvitationRequest request, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<AcceptedInvitationResponse>(HttpMethod.Post, "/v1/auth/invitations/accept", request, null, cancellationToken);

    /// <summary>Whether the caller has a second factor.</summary>
    public Task<TotpResponse> GetTotpAsync(CancellationToken cancellationToken = default) =>
        _wire.SendAsync<TotpResponse>(HttpMethod.Get, "/v1/auth/totp", null, null, cancellationToken);

    /// <summary>Begins a second factor.</summary>
    public Task<EnrolledTotpResponse> EnrollTotpAsync(EnrollTotpRequest request, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<EnrolledTotpResponse>(HttpMethod.Post, "/v1/auth/totp/enroll", request, null, cancellationToken);

    /// <summary>From here on a login asks for a code.</summary>
    public Task<RecoveryCodesResponse> ConfirmTotpAsync(ConfirmTotpRequest request, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<RecoveryCodesResponse>(HttpMethod.Post, "/v1/auth/totp/confirm", request, null, cancellationToken);

    /// <summary>Takes the second factor away.</summary>
    public Task RemoveTotpAsync(ProveTotpRequest request, CancellationToken cancellationToken = default) =>
        _wire.SendAsync(HttpMethod.Delete, "/v1/auth/totp", request, null, cancellationToken);

    /// <summary>New recovery codes in place of the old ones.</summary>
    public Task<RecoveryCodesResponse> CreateRecoveryCodesAsync(ProveTotpRequest request, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<RecoveryCodesResponse>(HttpMethod.Post, "/v1/auth/totp/recovery-codes", request, null, cancellationToken);
}
