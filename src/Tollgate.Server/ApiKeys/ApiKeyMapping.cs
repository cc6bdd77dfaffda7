using Microsoft.EntityFrameworkCore;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.ApiKeys;

internal static class ApiKeyMapping
{
    /// <summary>The key as it is answered at a moment; without its use when it can't have any.</summary>
    public static SecretResponse ToResponse(this ApiKey row, Account owner, DateTimeOffset now, ApiKeyUse? use = null) => new()
    {
        Id = row.Id,
        Name = row.Name,
        Type = "private_key",
        Provider = "flexprice",
        DisplayId = row.DisplayId,
        Roles = row.Roles,
        Permissions = row.Permissions,
        UserType = owner.Type,
        UserId = owner.Id,
        ServiceAccountName = owner.Type == AccountTypes.ServiceAccount ? owner.Name : null,
        EnvironmentId = row.EnvironmentId,
        ExpiresAt = row.ExpiresAt,
        LastUsedAt = use?.LastUsedAt,
        LastUsedIp = use?.LastUsedIp,
        Status = row.Status == Statuses.Published && (owner.Status != Statuses.Published || row.DisabledAt is not null)
            ? Statuses.Archived
            : row.Status,
        State = row.StateAt(now, owner),
        RotatedFrom = row.RotatedFrom,
        RotatedTo = row.RotatedTo,
        Imported = row.Imported,
        LeakedAt = row.LeakedAt,
        Attention = null,
        CreatedAt = row.CreatedAt,
        UpdatedAt = row.UpdatedAt,
        CreatedBy = row.CreatedBy,
        Constraints = ConstraintSet.FromJson(row.Constraints)?.Wire,
    };

    /// <summary>The word for what a key is good for at a moment, by what weighs most.</summary>
    public static string StateAt(this ApiKey row, DateTimeOffset now, Account owner) =>
        row.Status == Statuses.Deleted ? "revoked"
        : row.Kind == ApiKeyKinds.Honeytoken ? "honeytoken"
        : row.ExpiresAt <= now ? "expired"
        : owner.Status != Statuses.Published ? "account_disabled"
        : row.DisabledAt is not null ? "disabled"
        : row.RotatedTo is not null ? "rotating"
        : "active";

    public static AcceptedRequestResponse ToResponse(this AcceptedRequest last) => new()
    {
        At = last.At,
        RequestId = last.RequestId,
        Address = last.Address,
        Route = last.Route,
    };

    /// <summary>What the audit log keeps of a key: everything but its digest.</summary>
    public static object ToAudit(this ApiKey row) => new
    {
        row.Name,
        row.DisplayId,
        row.AccountId,
        row.EnvironmentId,
        row.Roles,
        row.Permissions,
        Constraints = ConstraintSet.FromJson(row.Constraints)?.Wire,
        row.ExpiresAt,
        row.Status,
        row.Kind,
        row.Imported,
        row.DisabledAt,
        row.RotatedFrom,
        row.RotatedTo,
        row.DeletedReason,
        row.LeakedAt,
        row.LeakedWhere,
    };

    /// <summary>The keys that the caller may know of: those of its environment, and unless it is an administrator only its own account's.</summary>
    public static IQueryable<ApiKey> VisibleTo(this IQueryable<ApiKey> keys, Caller caller)
    {
        var (tenant, environment, account, all) = (caller.TenantId, caller.EnvironmentId, caller.AccountId, caller.IsAdministrator);
        // Whoever stole a key of the account must not read from the list which of the others are traps.
        return keys.Where(key => key.TenantId == tenant
            && key.EnvironmentId == environment
            && (all || (key.AccountId == account && key.Kind != ApiKeyKinds.Honeytoken)));
    }

    /// <summary>The key with this id and its account.</summary>
    /// <exception cref="ProblemException">404: the caller can't know of one.</exception>
    public static async Task<(ApiKey Key, Account Owner)> ApiKeyAsync(
        this ControlDb db, Caller caller, string id, CancellationToken cancellationToken)
    {
        var key = await db.ApiKeys.VisibleTo(caller).SingleOrDefaultAsync(row => row.Id == id, cancellationToken)
            ?? throw new ProblemException(Problem.NotFound("API key"));
        return (key, await db.Accounts.AsNoTracking().Include(row => row.Roles).SingleAsync(row => row.Id == key.AccountId, cancellationToken));
    }
}
