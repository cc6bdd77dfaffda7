using System.Globalization;
using System.Text;
using System.Text.Json;
using Tollgate.Contracts;

namespace Tollgate.Client.Audit;

/// <summary>What is known besides the export.</summary>
public sealed record AuditVerifierOptions
{
    /// <summary>Checkpoints that were kept elsewhere. Those of other tenants than the export's are passed over.</summary>
    public IReadOnlyList<AuditCheckpointResponse> Checkpoints { get; init; } = [];

    /// <summary>Whether the export may begin later than with record 1, because only a part was exported.</summary>
    public bool Part { get; init; }
}

/// <summary>What the verifier found.</summary>
public sealed record AuditVerification
{
    /// <summary>Whether nothing is wrong.</summary>
    public bool Valid => Problem is null;

    /// <summary>How many records were looked at.</summary>
    public required long Records { get; init; }

    /// <summary>The number of the first; null when there is none.</summary>
    public required long? FirstNumber { get; init; }

    /// <summary>The number of the last that was in its place; null when there is none.</summary>
    public required long? LastNumber { get; init; }

    /// <summary>The hash of that one, in hexadecimal; null when there is none.</summary>
    public required string? HeadHash { get; init; }

    /// <summary>The first thing that is wrong; null when nothing is.</summary>
    public required AuditProblemResponse? Problem { get; init; }
}

/// <summary>
/// Verifies an export of the audit log (<c>GET /v1/audit/export</c>) without the server. It finds every change within the export by itself, and
/// what was cut off or rewritten as a whole by checkpoints that were kept elsewhere.
/// </summary>
public static class AuditVerifier
{
    private static readonly UTF8Encoding Strict = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads the export to its end and names the first record that is not as it was written.</summary>
    public static async Task<AuditVerification> VerifyAsync(
        Stream export, AuditVerifierOptions options, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(export);
        ArgumentNullException.ThrowIfNull(options);

        using var reader = new StreamReader(export, Strict, detectEncodingFromByteOrderMarks: false, leaveOpen: true);
        AuditChain? chain = null;
        AuditProblemResponse? unreadable = null;
        var lines = 0L;
        try
        {
            while (unreadable is null && await reader.ReadLineAsync(cancellationToken).ConfigureAwait(false) is { } line)
            {
                lines++;
                if (TryRead(line) is { } link)
                {
                    chain ??= new AuditChain(link.TenantId, MarksOf(options, link.TenantId), options.Part);
                    chain.Add(link);
                }
                else
                {
                    unreadable = Unreadable(lines, chain);
                }
            }
        }
        catch (DecoderFallbackException)
        {
            unreadable = Unreadable(lines + 1, chain);
        }

        chain ??= new AuditChain("", MarksOf(options, tenantId: null), options.Part);
        if (unreadable is null)
        {
            chain.End();
        }

        return new AuditVerification
        {
            Records = chain.Records,
            FirstNumber = chain.FirstNumber,
            LastNumber = chain.LastNumber,
            HeadHash = chain.HeadHash,
            Problem = chain.Problem ?? unreadable,
        };
    }

    /// <summary>Reads checkpoints, one on a line, as the server's file of checkpoints holds them.</summary>
    /// <exception cref="JsonException">A line is no checkpoint.</exception>
    public static async Task<IReadOnlyList<AuditCheckpointResponse>> ReadCheckpointsAsync(
        Stream checkpoints, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(checkpoints);

        using var reader = new StreamReader(checkpoints, Strict, detectEncodingFromByteOrderMarks: false, leaveOpen: true);
        var read = new List<AuditCheckpointResponse>();
        while (await reader.ReadLineAsync(cancellationToken).ConfigureAwait(false) is { } line)
        {
            read.Add(AuditCheckpointResponse.FromLine(line));
        }

        return read;
    }

    private static IEnumerable<AuditMark> MarksOf(AuditVerifierOptions options, string? tenantId) => options.Checkpoints
        .Where(checkpoint => tenantId is null || checkpoint.TenantId == tenantId)
        .Select(AuditMark.Of);

    private static AuditLink? TryRead(string line)
    {
        try
        {
            var record = AuditExportRecord.FromLine(line);
            return new AuditLink(
                record.TenantId,
                record.Number,
                record.Id,
                Convert.FromHexString(record.PreviousHash),
                Convert.FromHexString(record.Hash),
                record.ComputeHash()) is { Hash.Length: AuditHash.Length, PreviousHash.Length: AuditHash.Length } link
                    ? link
                    : null;
        }
        catch (Exception exception) when (exception is JsonException or FormatException)
        {
            return null;
        }
    }

    private static AuditProblemResponse Unreadable(long line, AuditChain? chain) => new()
    {
        Number = (chain?.LastNumber ?? 0) + 1,
        Id = null,
        Kind = "unreadable",
        Message = string.Create(CultureInfo.InvariantCulture, $"Line {line} is no record of an audit log: it was cut off or changed."),
    };
}
