using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Audit;

/// <summary>
/// Writes the audit log: for each tenant records 1, 2, 3, …, each with the hash of the one before, in the transaction of the change
/// they describe (decision 9).
/// </summary>
internal sealed class AuditTrail(Ids ids)
{
    /// <summary>Appends to a tenant's log, behind its head. Only within the one-at-a-time lock of <see cref="ControlChanges"/>.</summary>
    /// <exception cref="AuditUnavailableException">The records can't be written.</exception>
    public async Task AppendAsync(ControlDb db, string tenantId, IEnumerable<AuditEntry> entries, CancellationToken cancellationToken)
    {
        try
        {
            // The head, and not the last record: where an attacker cut the end off the hole stays, and the verification names it.
            var head = await db.AuditHeads.AsNoTracking().SingleOrDefaultAsync(row => row.TenantId == tenantId, cancellationToken);
            var number = head?.Number ?? 0;
            var hash = head?.Hash ?? new byte[AuditHash.Length];
            foreach (var entry in entries)
            {
                number++;
                var record = NewRecord(tenantId, number, entry, hash);
                hash = HashOf(record);
                record.Hash = hash;
                db.AuditRecords.Add(record);
            }

            await db.SaveChangesAsync(cancellationToken);
        }
        catch (Exception exception) when (exception is DbUpdateException or System.Data.Common.DbException)
        {
            throw new AuditUnavailableException(exception);
        }
    }

    /// <summary>The hash that the record must have.</summary>
    public static byte[] HashOf(AuditRecord record) => AuditHash.Compute(
        record.PreviousHash,
        record.Number,
        record.At,
        [
            record.TenantId, record.Id, record.ActorType, record.ActorId, record.ApiKeyId, record.Action, record.TargetType,
            record.TargetId, record.Before, record.After, record.RequestId, record.Address,
        ],
        record.Severity,
        record.Decision);

    private AuditRecord NewRecord(string tenantId, long number, AuditEntry entry, byte[] previousHash) => new()
    {
        TenantId = tenantId,
        Number = number,
        Id = ids.AuditRecord(),
        At = entry.At,
        ActorType = entry.Actor.Type,
        ActorId = entry.Actor.Id,
        ApiKeyId = entry.Actor.ApiKeyId,
        Action = entry.Action,
        TargetType = entry.TargetType,
        TargetId = entry.TargetId,
        Before = Json(entry.Before),
        After = Json(entry.After),
        RequestId = entry.Actor.RequestId,
        Address = entry.Actor.Address,
        Severity = entry.Severity,
        Decision = Json(entry.Decision),
        PreviousHash = previousHash,
        Hash = [],
    };

    private static string? Json(object? state) =>
        state is null ? null : JsonSerializer.Serialize(state, state.GetType(), WireJson.Options);
}

/// <summary>What one record says.</summary>
internal sealed record AuditEntry(
    AuditActor Actor,
    DateTimeOffset At,
    string Action,
    string TargetType,
    string TargetId,
    object? Before = null,
    object? After = null,
    string Severity = AuditSeverities.Info,
    AuditDecision? Decision = null);

/// <summary>What was decided about a request.</summary>
/// <param name="DecisionId">The id that the answer names.</param>
/// <param name="Result"><c>denied</c>.</param>
/// <param name="Code">The code of the error.</param>
/// <param name="Permission">What was asked for; null where it was not for want of a permission.</param>
/// <param name="Administrator">Whether an administrator was asked for.</param>
/// <param name="Route">The method and the route.</param>
internal sealed record AuditDecision(string DecisionId, string Result, string Code, string? Permission, bool Administrator, string Route)
{
    /// <summary>The one result that is written so far.</summary>
    public const string Denied = "denied";
}

/// <summary>Who did it, by which request, from where.</summary>
internal sealed record AuditActor(string Type, string? Id, string? ApiKeyId, string RequestId, string Address)
{
    /// <summary>The server itself, at its first start.</summary>
    public static AuditActor System { get; } = new("system", null, null, "", "");

    /// <summary>Somebody outside who has no account and proved who they are in another way.</summary>
    public static AuditActor Outside(HttpContext context) => new("system", null, null, RequestIds.Of(context), AddressOf(context));

    public static AuditActor Of(Caller caller, HttpContext context) =>
        new(caller.Account.Type, caller.AccountId, caller.ApiKeyId, RequestIds.Of(context), AddressOf(context));

    /// <summary>A person who is not logged in yet.</summary>
    public static AuditActor Of(AccountState account, HttpContext context) =>
        new(account.Type, account.Id, null, RequestIds.Of(context), AddressOf(context));

    /// <summary>Somebody who has not shown who they are.</summary>
    public static AuditActor Anonymous(HttpContext context) => new("anonymous", null, null, RequestIds.Of(context), AddressOf(context));

    /// <summary>The socket's address; what a header says of it counts for nothing.</summary>
    public static string AddressOf(HttpContext context)
    {
        var address = context.Connection.RemoteIpAddress;
        return address is null ? "" : (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).ToString();
    }
}

/// <summary>The audit record can't be written, so what it describes must not happen.</summary>
internal sealed class AuditUnavailableException(Exception inner) : Exception("The audit record can't be written.", inner);
