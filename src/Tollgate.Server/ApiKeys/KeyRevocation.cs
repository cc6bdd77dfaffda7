using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Storage.Control;

namespace Tollgate.Server.ApiKeys;

internal static class KeyRevocation
{
    /// <summary>Revokes a key within a change, for one of the reasons that <see cref="ApiKey.DeletedReason"/> lists.</summary>
    public static void Revoke(ControlChange change, ApiKey key, string reason)
    {
        var before = key.ToAudit();
        key.Status = Statuses.Deleted;
        key.UpdatedAt = change.Now;
        key.DeletedAt = change.Now;
        key.DeletedBy = change.ActorId;
        key.DeletedReason = reason;
        change.Record("api_key.delete", "api_key", key.Id, before, key.ToAudit());
        change.Publish(access => access.Put(key));
    }

    /// <summary>
    /// Waits until what the key let in has stored what it had to, and names the last such request in the headers of the answer. Outside of
    /// the change: nothing else waits meanwhile.
    /// </summary>
    public static async Task ProveAsync(
        AccountState owner, string apiKeyId, ControlDb db, AccessUse use, HttpContext context, CancellationToken cancellationToken)
    {
        await owner.StoredAsync();
        AcceptedRequest.Tell(await use.LastAcceptedAsync(db, owner, apiKeyId, cancellationToken), context.Response);
    }
}
