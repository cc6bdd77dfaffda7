using Microsoft.EntityFrameworkCore;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Access;

/// <summary>The recorded use of a tenant's accounts, as calls that were let in, added up over the days.</summary>
internal sealed class RecordedUse(AccessUse use, RouteTable routes, TimeProvider time)
{
    public const int DefaultDays = 30;

    /// <summary>The first of so many days, today among them.</summary>
    public DateTimeOffset Since(int days) => new(time.GetUtcNow().UtcDateTime.Date.AddDays(1 - days), TimeSpan.Zero);

    /// <summary>For each account its calls, this moment included.</summary>
    /// <param name="db">Where they are read.</param>
    /// <param name="tenantId">Whose accounts.</param>
    /// <param name="accountId">One account, or null for all.</param>
    /// <param name="days">So many days, today among them.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async Task<ILookup<string, UsedCalls>> CallsAsync(
        ControlDb db, string tenantId, string? accountId, int days, CancellationToken cancellationToken)
    {
        await use.WriteAsync(cancellationToken);
        var first = AccountUse.Day(Since(days));
        var rows = await db.UsedRoutes.AsNoTracking()
            .Where(row => row.TenantId == tenantId && row.Day >= first && row.Accepted > 0 && (accountId == null || row.AccountId == accountId))
            .GroupBy(row => new { row.AccountId, row.ApiKeyId, row.Route, row.Permission, row.Administrator })
            .Select(group => new { group.Key, Calls = group.Sum(row => row.Accepted), LastAt = group.Max(row => row.LastAt) })
            .ToListAsync(cancellationToken);
        return rows.ToLookup(
            row => row.Key.AccountId,
            row => new UsedCalls(
                row.Key.ApiKeyId.Length == 0 ? null : row.Key.ApiKeyId,
                row.Key.Route,
                // A route that an update has taken away still asked for what was recorded.
                routes.Find(row.Key.Route) ?? RuleOf(row.Key.Permission, row.Key.Administrator),
                row.Calls,
                row.LastAt),
            StringComparer.Ordinal);
    }

    private static RouteRule RuleOf(string permission, bool administrator) =>
        permission.Length == 0 || !Contracts.Permissions.All.Contains(permission) ? RouteRule.AnyPrincipal("The route is gone.")
        : administrator ? RouteRule.Administrator(permission)
        : RouteRule.Requires(permission);
}
