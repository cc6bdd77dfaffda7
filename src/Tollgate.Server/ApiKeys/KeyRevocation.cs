using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Storage.Control;

namespace Tollgate.Server.ApiKeys;

internal static class KeyRevocation
{
    /// <summary>Revokes a key within a change, for one of the reasons that <see cref="ApiKey.DeletedReason"/> lists.</summary>
    public static void Revoke(ControlChange change, AccessDirectory directory, ApiKey key, string reason)
    {
        var before = key.ToAudit();
        key.Status = Statuses.Deleted;
        key.UpdatedAt = change.Now;
        key.DeletedAt = change.Now;
        key.DeletedBy = change.ActorId;
        key.DeletedReason = reason;
        change.Record("api_key.delete", "api_key", key.Id, before, key.ToAudit());
        change.Publish(access => access.Put(key));
        change.TakesFrom(directory.FindAccount(key.AccountId));
    }

    /// <summary>Names the last request that the key let in, in the headers of the answer. After the change: another may wait for the database.</summary>
    public static async Task TellAsync(
        AccountState owner, string apiKeyId, ControlDb db, AccessUse use, HttpContext context, CancellationToken cancellationToken)
    {
        AcceptedRequest.Tell(await use.LastAcceptedAsync(db, owner, apiKeyId, cancellationToken), context.Response);
    }
}
