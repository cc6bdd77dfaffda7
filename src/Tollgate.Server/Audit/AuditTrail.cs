using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
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
    public async Task AppendAsync(
        ControlDb db,
        string tenantId,
        AuditActor actor,
        DateTimeOffset at,
        IReadOnlyList<AuditEntry> entries,
        CancellationToken cancellationToken)
    {
        var last = await db.AuditRecords.AsNoTracking()
            .Where(record => record.TenantId == tenantId)
            .OrderByDescending(record => record.Number)
            .Select(record => new { record.Number, record.Hash })
            .FirstOrDefaultAsync(cancellationToken);
        var number = last?.Number ?? 0;
        var hash = last?.Hash ?? new byte[SHA256.HashSizeInBytes];
        foreach (var entry in entries)
        {
            number++;
            var record = new AuditRecord
            {
                TenantId = tenantId,
                Number = number,
                Id = ids.AuditRecord(),
                At = at,
                ActorType = actor.Type,
                ActorId = actor.Id,
                ApiKeyId = actor.ApiKeyId,
                Action = entry.Action,
                TargetType = entry.TargetType,
                TargetId = entry.TargetId,
                Before = Json(entry.Before),
                After = Json(entry.After),
                RequestId = actor.RequestId,
                Address = actor.Address,
                PreviousHash = hash,
                Hash = [],
            };
            hash = HashOf(record);
            record.Hash = hash;
            db.AuditRecords.Add(record);
        }
    }

    /// <summary>
    /// SHA-256 over the hash before and every field, each with its length ahead, so that no two records have the same bytes.
    /// </summary>
    public static byte[] HashOf(AuditRecord record)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(record.PreviousHash);
        Span<byte> number = stackalloc byte[16];
        BinaryPrimitives.WriteInt64BigEndian(number, record.Number);
        BinaryPrimitives.WriteInt64BigEndian(number[8..], record.At.ToMicroseconds());
        hash.AppendData(number);
        ReadOnlySpan<string?> fields =
        [
            record.TenantId, record.Id, record.ActorType, record.ActorId, record.ApiKeyId, record.Action, record.TargetType,
            record.TargetId, record.Before, record.After, record.RequestId, record.Address,
        ];
        Span<byte> length = stackalloc byte[4];
        foreach (var field in fields)
        {
            var bytes = Encoding.UTF8.GetBytes(field ?? "");
            BinaryPrimitives.WriteInt32BigEndian(length, field is null ? -1 : bytes.Length);
            hash.AppendData(length);
            hash.AppendData(bytes);
        }

        return hash.GetHashAndReset();
    }

    private static string? Json(object? state) =>
        state is null ? null : JsonSerializer.Serialize(state, state.GetType(), WireJson.Options);
}

/// <summary>What one record says.</summary>
internal sealed record AuditEntry(string Action, string TargetType, string TargetId, object? Before, object? After);

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

    /// <summary>The socket's address; what a header says of it counts for nothing.</summary>
    public static string AddressOf(HttpContext context)
    {
        var address = context.Connection.RemoteIpAddress;
        return address is null ? "" : (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).ToString();
    }
}
