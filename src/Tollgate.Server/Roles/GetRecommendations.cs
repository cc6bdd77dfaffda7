using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Accounts;
using Tollgate.Server.ApiKeys;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Roles;

/// <summary>
/// <c>GET /v1/rbac/recommendations</c>: the accounts that may do more than they did, by id, with the smallest set of roles for what they
/// did. Who is not an administrator sees only themselves.
/// </summary>
internal static class GetRecommendations
{
    public static void MapGetRecommendations(this Api v1) =>
        v1.Get("/rbac/recommendations", RouteRule.Requires(Permissions.RoleRead), HandleAsync);

    private static async Task<Results<Ok<ListResponse<RecommendationResponse>>, Problem>> HandleAsync(
        Query<RecommendationsQuery> query,
        Caller caller,
        AccessDirectory directory,
        RecordedUse use,
        ControlDb db,
        CancellationToken cancellationToken)
    {
        var asked = query.Value;
        var days = asked.Days ?? RecordedUse.DefaultDays;
        var since = use.Since(days);
        var only = caller.IsAdministrator ? null : caller.AccountId;
        var calls = await use.CallsAsync(db, caller.TenantId, only, days, cancellationToken);
        var accounts = await db.Accounts.AsNoTracking()
            .Where(row => row.TenantId == caller.TenantId && row.Status == Statuses.Published && (only == null || row.Id == only))
            .OrderBy(row => row.Id)
            .ToListAsync(cancellationToken);
        var roles = directory.RolesOf(caller.TenantId);
        var found = new List<(Account Account, PrivilegeAdvice Advice)>();
        foreach (var account in accounts)
        {
            var held = directory.FindAccount(account.Id)!.Rights.Permissions;
            var used = calls[account.Id].Aggregate(PermissionSet.Empty, (all, call) => all | call.Needed(held.IsAdministrator));
            var advice = PrivilegeAdvice.For(roles, account.Type, held, used);
            // Whoever came during these days had no time to show what they need.
            if (advice is not null && (advice.Finding != PrivilegeFinding.NoUse || account.CreatedAt < since))
            {
                found.Add((account, advice));
            }
        }

        var size = asked.Limit ?? Limits.DefaultPageSize;
        var page = found.Skip(asked.Offset ?? 0).Take(size).ToList();
        var keys = await KeysAsync(page.Select(item => item.Account.Id).ToList(), caller, db, cancellationToken);
        return TypedResults.Ok(new ListResponse<RecommendationResponse>
        {
            Items = [.. page.Select(item => Describe(item.Account, item.Advice, [.. calls[item.Account.Id]], keys[item.Account.Id], days, directory))],
            Pagination = new PaginationResponse { Total = found.Count, Limit = size, Offset = (asked.Offset ?? 0) + page.Count },
        });
    }

    private static async Task<ILookup<string, ApiKey>> KeysAsync(
        List<string> accountIds, Caller caller, ControlDb db, CancellationToken cancellationToken) => (await db.ApiKeys.AsNoTracking()
            .VisibleTo(caller)
            .Where(key => accountIds.Contains(key.AccountId) && key.Status == Statuses.Published)
            .OrderBy(key => key.Id)
            .ToListAsync(cancellationToken)).ToLookup(key => key.AccountId, StringComparer.Ordinal);

    private static RecommendationResponse Describe(
        Account account, PrivilegeAdvice advice, IReadOnlyList<UsedCalls> calls, IEnumerable<ApiKey> keys, int days, AccessDirectory directory)
    {
        var rights = directory.FindAccount(account.Id)!.Rights;
        var cover = advice.Cover;
        return new RecommendationResponse
        {
            Account = account.ToExplained(),
            Finding = advice.Finding switch
            {
                PrivilegeFinding.NoUse => "no_use",
                PrivilegeFinding.NarrowerRoles => "narrower_roles",
                PrivilegeFinding.CustomRole => "custom_role",
                _ => throw new InvalidOperationException($"{advice.Finding} has no word."),
            },
            Reason = Reason(advice, rights.Permissions, calls.Sum(call => call.Calls), days),
            Days = days,
            Calls = calls.Sum(call => call.Calls),
            LastUsedAt = LastOf(calls),
            HeldRoles = rights.Roles,
            UsedPermissions = advice.Used.Names,
            UnusedPermissions = rights.Permissions.Except(advice.Used).Names,
            SuggestedRoles = cover?.Roles,
            ExcessPermissions = cover?.Permissions.Except(advice.Used).Names,
            Smallest = cover?.Smallest,
            ExactPermissions = advice.Used.Names is { Count: > 0 } names ? names : null,
            ApiKeys =
            [
                .. keys.Select(key => DescribeKey(key, [.. calls.Where(call => call.ApiKeyId == key.Id)], rights.Permissions, directory))
                    .Where(key => key.UnusedPermissions.Count > 0),
            ],
        };
    }

    private static KeyUseResponse DescribeKey(ApiKey key, IReadOnlyList<UsedCalls> calls, PermissionSet held, AccessDirectory directory)
    {
        var has = directory.SnapshotOf(key) & held;
        var used = has & calls.Aggregate(PermissionSet.Empty, (all, call) => all | call.Needed(has.IsAdministrator));
        return new KeyUseResponse
        {
            Id = key.Id,
            Name = key.Name,
            DisplayId = key.DisplayId,
            Calls = calls.Sum(call => call.Calls),
            LastUsedAt = LastOf(calls),
            UsedPermissions = used.Names,
            UnusedPermissions = has.Except(used).Names,
        };
    }

    private static DateTimeOffset? LastOf(IReadOnlyList<UsedCalls> calls) => calls.Count == 0 ? null : calls.Max(call => call.LastAt);

    private static string Reason(PrivilegeAdvice advice, PermissionSet held, long calls, int days)
    {
        var used = string.Create(CultureInfo.InvariantCulture, $"It used {advice.Used.Names.Count} of {held.Names.Count} permissions in {days} days.");
        return advice.Finding switch
        {
            PrivilegeFinding.NoUse when calls == 0 =>
                string.Create(CultureInfo.InvariantCulture, $"It did nothing in {days} days. Disable it if nobody needs it."),
            PrivilegeFinding.NoUse =>
                string.Create(CultureInfo.InvariantCulture, $"It only called routes that ask for no permission in {days} days. Give it less, or disable it."),
            PrivilegeFinding.NarrowerRoles => $"{used} {string.Join(" and ", advice.Cover!.Roles)} would be enough.",
            _ => $"{used} No existing roles are tighter; a role of exact_permissions would be.",
        };
    }
}
