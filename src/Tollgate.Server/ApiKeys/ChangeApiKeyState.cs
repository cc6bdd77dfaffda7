using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.ApiKeys;

/// <summary>What disabling and enabling a key have in common.</summary>
internal static class ChangeApiKeyState
{
    public static async Task<Results<Ok<SecretResponse>, Problem>> ChangeAsync(
        string id,
        bool disabled,
        HttpContext context,
        AccessGate gate,
        AccessDirectory directory,
        AccessUse use,
        ControlDb db,
        TimeProvider time,
        ControlChanges changes,
        CancellationToken cancellationToken)
    {
        var (answer, owner, refusal) = await ChangeAsync(id, disabled, context, gate, directory, time, changes, cancellationToken);
        if (refusal is not null)
        {
            return refusal;
        }

        if (disabled)
        {
            await KeyRevocation.TellAsync(directory.FindAccount(owner)!, id, db, use, context, cancellationToken);
        }

        return TypedResults.Ok(answer!);
    }

    private static async Task<(SecretResponse? Answer, string Owner, Problem? Refusal)> ChangeAsync(
        string id,
        bool disabled,
        HttpContext context,
        AccessGate gate,
        AccessDirectory directory,
        TimeProvider time,
        ControlChanges changes,
        CancellationToken cancellationToken)
    {
        await using var change = await changes.BeginAsync(context, cancellationToken);
        var (key, owner) = await change.Db.ApiKeyAsync(change.Caller, id, cancellationToken);
        if (key.Status == Statuses.Deleted)
        {
            var revoked = new Problem(409, ErrorCodes.Conflict, "The key is revoked, and a revoked key stays so.") { Detail = "Create a new key." };
            return (null, owner.Id, revoked);
        }

        if (!disabled && key.DisabledBy is not null && key.DisabledBy != change.Caller.AccountId && !change.Caller.IsAdministrator)
        {
            // Whoever was stopped by another does not set themselves free.
            return (null, owner.Id, gate.Denied(change.Caller, Permissions.SecretWrite, administrator: true));
        }

        var last = await change.Db.ApiKeyUse.AsNoTracking().SingleOrDefaultAsync(row => row.ApiKeyId == id, cancellationToken);
        Ok<SecretResponse>? answer = null;
        if (disabled == key.DisabledAt is null)
        {
            var before = key.ToAudit();
            key.DisabledAt = disabled ? change.Now : null;
            key.DisabledBy = disabled ? change.Caller.AccountId : null;
            key.UpdatedAt = change.Now;
            change.Record(disabled ? "api_key.disable" : "api_key.enable", "api_key", key.Id, before, key.ToAudit());
            change.Publish(access => access.Put(key));
            change.TakesFrom(disabled ? directory.FindAccount(owner.Id) : null);
            answer = await change.SaveAsync(TypedResults.Ok(Answer()), cancellationToken);
        }

        return (answer?.Value ?? Answer(), owner.Id, null);

        SecretResponse Answer() => key.ToResponse(owner, time.GetUtcNow(), last);
    }
}
