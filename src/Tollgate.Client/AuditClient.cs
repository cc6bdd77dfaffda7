using Tollgate.Contracts;

namespace Tollgate.Client;

/// <summary>The audit log.</summary>
public sealed class AuditClient
{
    private readonly Wire _wire;

    internal AuditClient(Wire wire) => _wire = wire;

    /// <summary>One page of records, newest first.</summary>
    public Task<ListResponse<AuditLogResponse>> ListAsync(ListAuditLogsQuery? query = null, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<ListResponse<AuditLogResponse>>(HttpMethod.Get, "/v1/audit/logs", null, query, cancellationToken);

    /// <summary>One record.</summary>
    public Task<AuditLogResponse> GetAsync(string id, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<AuditLogResponse>(HttpMethod.Get, $"/v1/audit/logs/{Wire.Segment(id)}", null, null, cancellationToken);

    /// <summary>Whether the log is whole and as it was written.</summary>
    public Task<VerifyAuditLogResponse> VerifyAsync(VerifyAuditLogRequest request, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<VerifyAuditLogResponse>(HttpMethod.Post, "/v1/audit/verify", request, null, cancellationToken);

    /// <summary>Heads of the log at earlier moments.</summary>
    public Task<ListResponse<AuditCheckpointResponse>> ListCheckpointsAsync(
        ListAuditCheckpointsQuery? query = null, CancellationToken cancellationToken = default) =>
        _wire.SendAsync<ListResponse<AuditCheckpointResponse>>(HttpMethod.Get, "/v1/audit/checkpoints", null, query, cancellationToken);

    /// <summary>The log as lines of JSON, for <see cref="Audit.AuditVerifier"/>.</summary>
    public Task<Stream> ExportAsync(ExportAuditLogsQuery? query = null, CancellationToken cancellationToken = default) =>
        _wire.OpenAsync(HttpMethod.Get, "/v1/audit/export", query, cancellationToken);
}
