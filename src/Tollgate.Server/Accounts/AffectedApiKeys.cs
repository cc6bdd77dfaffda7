using Microsoft.EntityFrameworkCore;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Accounts;

/// <summary>What a change of what accounts hold does to their keys. A key of a disabled account is told as if the account were enabled.</summary>
internal static class AffectedApiKeys
{
    /// <param name="keys">The keys to look at; revoked ones are passed over.</param>
    /// <param name="directory">Where snapshots are read.</param>
    /// <param name="held">For each account what it held before and holds after.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public static async Task<IReadOnlyList<AffectedApiKeyResponse>> OfAsync(
        IQueryable<ApiKey> keys,
        AccessDirectory directory,
        IReadOnlyDictionary<string, (PermissionSet Before, PermissionSet After)> held,
        CancellationToken cancellationToken)
    {
        var rows = await keys.AsNoTracking()
            .Where(key => key.Status == Statuses.Published)
            .OrderBy(key => key.Id)
            .ToListAsync(cancellationToken);
        return
        [
            .. rows.Where(key => held.ContainsKey(key.AccountId))
                .Select(key => Of(key, directory.SnapshotOf(key), held[key.AccountId].Before, held[key.AccountId].After))
                .Where(key => key.Lost.Count + key.Regained.Count + key.NotGained.Count > 0),
        ];
    }

    private static AffectedApiKeyResponse Of(ApiKey key, PermissionSet snapshot, PermissionSet before, PermissionSet after) => new()
    {
        Id = key.Id,
        Name = key.Name,
        DisplayId = key.DisplayId,
        UserId = key.AccountId,
        EnvironmentId = key.EnvironmentId,
        Lost = (snapshot & before).Except(after).Names,
        Regained = (snapshot & after).Except(before).Names,
        NotGained = after.Except(before).Except(snapshot).Names,
    };
}
