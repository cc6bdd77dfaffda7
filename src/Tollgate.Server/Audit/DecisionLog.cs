using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;

namespace Tollgate.Server.Audit;

/// <summary>
/// Records what changed nothing: refusals and failed logins. All that wait while one batch is written are the next batch, one transaction
/// under the lock of changes, so that chains never fork. An answer waits until its record is durable: a flood of refusals slows
/// itself down and drops nothing.
/// </summary>
internal sealed partial class DecisionLog(ControlChanges changes, Ids ids, TimeProvider time, ILogger<DecisionLog> logger)
{
    // A transaction of this size takes a few milliseconds; more than this wait for the one after it.
    private const int LargestBatch = 500;

    private readonly Lock _lock = new();
    private Batch? _open;

    /// <summary>Records that a known caller was refused.</summary>
    public Task RecordAsync(Denial denial, string decisionId, string code, HttpContext context)
    {
        var route = RouteOf(context);
        return RecordAsync(denial.Caller.TenantId, new AuditEntry(
            AuditActor.Of(denial.Caller, context),
            Now,
            "access.denied",
            "route",
            route,
            Severity: denial.Severity,
            Decision: new AuditDecision(decisionId, AuditDecision.Denied, code, denial.Permission, denial.Administrator, route)));
    }

    /// <summary>
    /// Records that a login failed: in the log of the account's tenant, or of the installation's first when nobody has the name. Of such
    /// a name only what is surely an e-mail address is kept, because people type passwords into the wrong field.
    /// </summary>
    public Task RecordFailedLoginAsync(
        string tenantId, string? accountId, string email, HttpContext context, string code = ErrorCodes.LoginFailed) =>
        RecordAsync(tenantId, new AuditEntry(
            AuditActor.Anonymous(context),
            Now,
            "login.denied",
            accountId is null ? "login_name" : "user",
            accountId ?? (EmailAddress.IsSurely(email) ? email : "(not an e-mail address)"),
            Severity: AuditSeverities.Notice,
            Decision: new AuditDecision(ids.Decision(), AuditDecision.Denied, code, null, false, RouteOf(context))));

    /// <summary>Records that somebody tried a honeytoken. The answer says nothing of it.</summary>
    public Task RecordTrapAsync(string tenantId, string apiKeyId, HttpContext context) => RecordAsync(tenantId, new AuditEntry(
        AuditActor.Anonymous(context),
        Now,
        "api_key.trapped",
        "api_key",
        apiKeyId,
        Severity: AuditSeverities.Alert,
        Decision: new AuditDecision(ids.Decision(), AuditDecision.Denied, ErrorCodes.Unauthenticated, null, false, RouteOf(context))));

    /// <summary>Records what changed nothing; ends when it is on the disk, or can't be.</summary>
    public Task RecordAsync(string tenantId, AuditEntry entry)
    {
        lock (_lock)
        {
            if (_open is { Entries.Count: < LargestBatch })
            {
                _open.Entries.Add((tenantId, entry));
                return _open.Written;
            }

            var batch = new Batch();
            batch.Entries.Add((tenantId, entry));
            _open = batch;
            batch.Written = Task.Run(() => WriteAsync(batch));
            return batch.Written;
        }
    }

    private DateTimeOffset Now => Rfc3339.ToMicroseconds(time.GetUtcNow());

    private static string RouteOf(HttpContext context) =>
        $"{context.Request.Method} {(context.GetEndpoint() as RouteEndpoint)?.RoutePattern.RawText ?? "(no route)"}";

    private async Task WriteAsync(Batch batch)
    {
        try
        {
            // Whoever came while this waited for its turn is in the batch.
            await changes.RecordAsync(() => Close(batch), CancellationToken.None);
        }
        // CA1031: a refusal stays a refusal, whatever keeps it from being written down.
#pragma warning disable CA1031
        catch (Exception exception)
#pragma warning restore CA1031
        {
            Close(batch);
            LogNotRecorded(logger, exception, batch.Entries.Count, string.Join(", ", batch.Entries.Select(item => item.Entry.Decision?.DecisionId)));
        }
    }

    private List<(string TenantId, AuditEntry Entry)> Close(Batch batch)
    {
        lock (_lock)
        {
            if (_open == batch)
            {
                _open = null;
            }

            return batch.Entries;
        }
    }

    [LoggerMessage(5001, LogLevel.Error, "{Count} refusals could not be written to the audit log: {DecisionIds}")]
    private static partial void LogNotRecorded(ILogger logger, Exception exception, int count, string decisionIds);

    private sealed class Batch
    {
        public List<(string TenantId, AuditEntry Entry)> Entries { get; } = [];

        public Task Written { get; set; } = Task.CompletedTask;
    }
}

/// <summary>That a known caller was refused, and for want of what.</summary>
/// <param name="Caller">Who was refused.</param>
/// <param name="Permission">What was missing; null where it was not for want of a permission.</param>
/// <param name="Administrator">Whether an administrator was asked for.</param>
/// <param name="Id">The id of the decision, when it has one already.</param>
/// <param name="Severity">How much it matters.</param>
internal sealed record Denial(
    Caller Caller, string? Permission = null, bool Administrator = false, string? Id = null, string Severity = AuditSeverities.Notice);
