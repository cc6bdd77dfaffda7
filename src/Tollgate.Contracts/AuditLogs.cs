using System.Text.Encodings.Web;
using System.Text.Json;

namespace Tollgate.Contracts;

/// <summary>How much a record of the audit log matters.</summary>
public static class AuditSeverities
{
    /// <summary>A change like any other.</summary>
    public const string Info = "info";

    /// <summary>Something was refused.</summary>
    public const string Notice = "notice";

    /// <summary>Somebody should look at it now.</summary>
    public const string Alert = "alert";
}

/// <summary>The query of <c>GET /v1/audit/logs</c>. Every filter narrows.</summary>
public sealed record ListAuditLogsQuery
{
    /// <summary>Only what this account did or was refused.</summary>
    [LengthLimit(1, 64)]
    public string? ActorId { get; init; }

    /// <summary>Only what was done with this API key.</summary>
    [LengthLimit(1, 64)]
    public string? ApiKeyId { get; init; }

    /// <summary>Only this action, <c>user.create</c>, or all that begin with a text, <c>user.*</c>.</summary>
    [LengthLimit(1, 64)]
    public string? Action { get; init; }

    /// <summary>Only what was done to a thing of this type.</summary>
    [LengthLimit(1, 64)]
    public string? TargetType { get; init; }

    /// <summary>Only what was done to this thing.</summary>
    [LengthLimit(1, 255)]
    public string? TargetId { get; init; }

    /// <summary>Only records of this severity.</summary>
    [OneOf(AuditSeverities.Info, AuditSeverities.Notice, AuditSeverities.Alert)]
    public string? Severity { get; init; }

    /// <summary><c>changed</c> for what was done, <c>denied</c> for what was refused; default <c>all</c>.</summary>
    [OneOf("all", "denied", "changed")]
    public string? Result { get; init; }

    /// <summary>At this time or later.</summary>
    public DateTimeOffset? StartTime { get; init; }

    /// <summary>Before this time.</summary>
    public DateTimeOffset? EndTime { get; init; }

    /// <summary>Only what this request did or was refused.</summary>
    [LengthLimit(1, 128)]
    public string? RequestId { get; init; }

    /// <summary>1 … 1,000; default 50.</summary>
    [Bounds(1, 1000)]
    public int? Limit { get; init; }

    /// <summary>How many to pass over.</summary>
    [Bounds(0, int.MaxValue)]
    public int? Offset { get; init; }
}

/// <summary>One record of the audit log.</summary>
public sealed record AuditLogResponse
{
    /// <summary>The record's id.</summary>
    public required string Id { get; init; }

    /// <summary>1, 2, 3, … within the tenant, without holes.</summary>
    public required long Number { get; init; }

    /// <summary>When it happened.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary><c>user</c>, <c>service_account</c>, <c>system</c>, or <c>anonymous</c> for somebody who could not log in.</summary>
    public required string ActorType { get; init; }

    /// <summary>The account; null for the server itself and for strangers.</summary>
    public required string? ActorId { get; init; }

    /// <summary>The key that was used; null for a session.</summary>
    public required string? ApiKeyId { get; init; }

    /// <summary>What was done, <c>user.create</c>; or what was refused, <c>access.denied</c> and <c>login.denied</c>.</summary>
    public required string Action { get; init; }

    /// <summary>What kind of thing it was done to.</summary>
    public required string TargetType { get; init; }

    /// <summary>The thing it was done to.</summary>
    public required string TargetId { get; init; }

    /// <summary>The thing before; null when there was nothing.</summary>
    public required JsonElement? Before { get; init; }

    /// <summary>The thing afterwards; null when nothing is left.</summary>
    public required JsonElement? After { get; init; }

    /// <summary>The request that did it.</summary>
    public required string RequestId { get; init; }

    /// <summary>The address that the request came from, as the socket says.</summary>
    public required string Address { get; init; }

    /// <summary><c>info</c>, <c>notice</c> or <c>alert</c>.</summary>
    public required string Severity { get; init; }

    /// <summary>For a refusal: its decision_id, code, route, and the permission that was missing; null for a change.</summary>
    public required JsonElement? Decision { get; init; }

    /// <summary>The hash of the record before, in hexadecimal.</summary>
    public required string PreviousHash { get; init; }

    /// <summary>The hash of this record, in hexadecimal.</summary>
    public required string Hash { get; init; }
}

/// <summary>The query of <c>GET /v1/audit/export</c>. A part of the log is a run of numbers without holes, so that it can be verified.</summary>
public sealed record ExportAuditLogsQuery
{
    /// <summary>From the first record at this time or later.</summary>
    public DateTimeOffset? StartTime { get; init; }

    /// <summary>To the last record before this time.</summary>
    public DateTimeOffset? EndTime { get; init; }
}

/// <summary>
/// One line of <c>GET /v1/audit/export</c>. <see cref="Before"/>, <see cref="After"/> and <see cref="Decision"/> are JSON in a text,
/// because the hash covers them to the letter.
/// </summary>
public sealed record AuditExportRecord
{
    // What is not ASCII is escaped as well: a terminal that shows an export obeys no name in it.
    private static readonly JsonSerializerOptions Lines = new(WireJson.Options) { Encoder = JavaScriptEncoder.Default };

    /// <summary>The tenant whose log it is.</summary>
    public required string TenantId { get; init; }

    /// <summary>1, 2, 3, … within the tenant, without holes.</summary>
    public required long Number { get; init; }

    /// <summary>The record's id.</summary>
    public required string Id { get; init; }

    /// <summary>When it happened.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary><c>user</c>, <c>service_account</c>, <c>system</c> or <c>anonymous</c>.</summary>
    public required string ActorType { get; init; }

    /// <summary>The account.</summary>
    public required string? ActorId { get; init; }

    /// <summary>The key that was used.</summary>
    public required string? ApiKeyId { get; init; }

    /// <summary>What was done or refused.</summary>
    public required string Action { get; init; }

    /// <summary>What kind of thing it was done to.</summary>
    public required string TargetType { get; init; }

    /// <summary>The thing it was done to.</summary>
    public required string TargetId { get; init; }

    /// <summary>The thing before, as JSON.</summary>
    public required string? Before { get; init; }

    /// <summary>The thing afterwards, as JSON.</summary>
    public required string? After { get; init; }

    /// <summary>The request that did it.</summary>
    public required string RequestId { get; init; }

    /// <summary>The address that the request came from.</summary>
    public required string Address { get; init; }

    /// <summary><c>info</c>, <c>notice</c> or <c>alert</c>.</summary>
    public required string Severity { get; init; }

    /// <summary>What was decided, as JSON.</summary>
    public required string? Decision { get; init; }

    /// <summary>The hash of the record before, in hexadecimal.</summary>
    public required string PreviousHash { get; init; }

    /// <summary>The hash of this record, in hexadecimal.</summary>
    public required string Hash { get; init; }

    /// <summary>The record on one line of ASCII, without its end.</summary>
    public byte[] ToLine() => JsonSerializer.SerializeToUtf8Bytes(this, Lines);

    /// <summary>The record of a line.</summary>
    /// <exception cref="JsonException">The line is no record.</exception>
    public static AuditExportRecord FromLine(string line) =>
        JsonSerializer.Deserialize<AuditExportRecord>(line, Lines) ?? throw new JsonException("The line is null.");

    /// <summary>The hash that the record must have.</summary>
    /// <exception cref="FormatException">The hash before is not hexadecimal.</exception>
    public byte[] ComputeHash() => AuditHash.Compute(
        Convert.FromHexString(PreviousHash),
        Number,
        At,
        [TenantId, Id, ActorType, ActorId, ApiKeyId, Action, TargetType, TargetId, Before, After, RequestId, Address],
        Severity,
        Decision);
}

/// <summary><c>POST /v1/audit/verify</c>.</summary>
public sealed record VerifyAuditLogRequest
{
    /// <summary>Checkpoints that were kept elsewhere; the log must go through each.</summary>
    [LengthLimit(0, 1000)]
    public IReadOnlyList<KnownAuditCheckpoint>? Checkpoints { get; init; }
}

/// <summary>A checkpoint as <c>GET /v1/audit/checkpoints</c> and the server's file of checkpoints give it.</summary>
public sealed record KnownAuditCheckpoint
{
    /// <summary>The tenant; the caller's own when absent.</summary>
    [LengthLimit(1, 64)]
    public string? TenantId { get; init; }

    /// <summary>The number of the record.</summary>
    [Bounds(1, long.MaxValue)]
    public required long Number { get; init; }

    /// <summary>The hash that the record had, in hexadecimal.</summary>
    [LengthLimit(64, 64)]
    public required string Hash { get; init; }

    /// <summary>When that was.</summary>
    public DateTimeOffset? At { get; init; }
}

/// <summary>The answer of <c>POST /v1/audit/verify</c>.</summary>
public sealed record VerifyAuditLogResponse
{
    /// <summary>Whether the log is whole and as it was written.</summary>
    public required bool Valid { get; init; }

    /// <summary>How many records were looked at.</summary>
    public required long Records { get; init; }

    /// <summary>The number of the first; null when there is none.</summary>
    public required long? FirstNumber { get; init; }

    /// <summary>The number of the last; null when there is none.</summary>
    public required long? LastNumber { get; init; }

    /// <summary>The hash of the last, in hexadecimal; null when there is none. Keep it elsewhere as a checkpoint.</summary>
    public required string? HeadHash { get; init; }

    /// <summary>When the log was looked at.</summary>
    public required DateTimeOffset VerifiedAt { get; init; }

    /// <summary>The first thing that is wrong; null when nothing is.</summary>
    public required AuditProblemResponse? Problem { get; init; }
}

/// <summary>What is wrong with an audit log.</summary>
public sealed record AuditProblemResponse
{
    /// <summary>The number of the record that is wrong, or not there.</summary>
    public required long Number { get; init; }

    /// <summary>The id of the record; null when it is not there.</summary>
    public required string? Id { get; init; }

    /// <summary>
    /// <c>changed</c>, <c>missing</c>, <c>inserted</c>, <c>duplicate</c>, <c>reordered</c>, <c>unlinked</c>, <c>cut_off</c>,
    /// <c>rewritten</c> or <c>unreadable</c>.
    /// </summary>
    public required string Kind { get; init; }

    /// <summary>The same as a sentence.</summary>
    public required string Message { get; init; }
}

/// <summary>The query of <c>GET /v1/audit/checkpoints</c>.</summary>
public sealed record ListAuditCheckpointsQuery
{
    /// <summary>1 … 1,000; default 50.</summary>
    [Bounds(1, 1000)]
    public int? Limit { get; init; }

    /// <summary>How many to pass over.</summary>
    [Bounds(0, int.MaxValue)]
    public int? Offset { get; init; }
}

/// <summary>The number and hash that the newest record had at a moment: one line of the server's file of checkpoints.</summary>
public sealed record AuditCheckpointResponse
{
    /// <summary>The tenant whose log it is.</summary>
    public required string TenantId { get; init; }

    /// <summary>The number of the record.</summary>
    public required long Number { get; init; }

    /// <summary>The hash of the record, in hexadecimal.</summary>
    public required string Hash { get; init; }

    /// <summary>When it was the newest.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>The checkpoint on one line, without its end.</summary>
    public byte[] ToLine() => JsonSerializer.SerializeToUtf8Bytes(this, WireJson.Options);

    /// <summary>The checkpoint of a line.</summary>
    /// <exception cref="JsonException">The line is no checkpoint.</exception>
    public static AuditCheckpointResponse FromLine(string line)
    {
        var checkpoint = JsonSerializer.Deserialize<AuditCheckpointResponse>(line, WireJson.Options);
        return checkpoint is { Number: > 0, Hash.Length: 64 } && checkpoint.Hash.All(char.IsAsciiHexDigit)
            ? checkpoint
            : throw new JsonException("Not a checkpoint.");
    }
}
