using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.ApiKeys;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Roles;

/// <summary>
/// <c>GET /v1/rbac/who-can</c>: the accounts, and the keys of this environment that the caller may see, that may do it now. Accounts by
/// id come first, then keys by id.
/// </summary>
internal static class WhoCan
{
    public static void MapWhoCan(this Api v1) => v1.Get("/rbac/who-can", RouteRule.Requires(Permissions.RoleRead), HandleAsync);

    private static async Task<Results<Ok<ListResponse<WhoCanResponse>>, Problem>> HandleAsync(
        Query<WhoCanQuery> query, Caller caller, AccessDirectory directory, AccessGate gate, ControlDb db, CancellationToken cancellationToken)
    {
        var asked = query.Value;
        var errors = new FieldErrors();
        AccessQuestion.CheckPermission(asked.Permission, "permission", errors);
        if (errors.ToProblem() is { } problem)
        {
            return problem;
        }

        var rule = AccessQuestion.About(asked.Permission, asked.Administrator);
        var found = directory.AccountsOf(caller.TenantId)
            .Where(account => AccessDecision.Judge(AccessSubject.Of(account), rule) == AccessVerdict.Allowed)
            .OrderBy(account => account.Id, StringComparer.Ordinal)
            .Select(account => (Account: account, KeyId: (string?)null))
            .ToList();
        var keys = db.ApiKeys.AsNoTracking().VisibleTo(caller)
            .Where(key => key.Status == Statuses.Published)
            .OrderBy(key => key.Id)
            .Select(key => new { key.Id, key.AccountId, key.Digest });
        await foreach (var key in keys.AsAsyncEnumerable().WithCancellation(cancellationToken))
        {
            var account = directory.FindAccount(key.AccountId)!;
            if (AccessDecision.Judge(gate.SubjectOf(key.Digest, account.Rights), rule) == AccessVerdict.Allowed)
            {
                found.Add((account, key.Id));
            }
        }

        var size = asked.Limit ?? Limits.DefaultPageSize;
        var page = found.Skip(asked.Offset ?? 0).Take(size).ToList();
        return TypedResults.Ok(new ListResponse<WhoCanResponse>
        {
            Items = await DescribeAsync(page, rule, directory, db, cancellationToken),
            Pagination = new PaginationResponse { Total = found.Count, Limit = size, Offset = (asked.Offset ?? 0) + page.Count },
        });
    }

    private static async Task<IReadOnlyList<WhoCanResponse>> DescribeAsync(
        List<(AccountState Account, string? KeyId)> page, RouteRule rule, AccessDirectory directory, ControlDb db, CancellationToken cancellationToken)
    {
        var accountIds = page.Select(item => item.Account.Id).Distinct().ToList();
        var keyIds = page.Where(item => item.KeyId is not null).Select(item => item.KeyId!).ToList();
        var names = await db.Accounts.AsNoTracking().Where(row => accountIds.Contains(row.Id))
            .ToDictionaryAsync(row => row.Id, row => row.Name, cancellationToken);
        var keys = await db.ApiKeys.AsNoTracking().Where(row => keyIds.Contains(row.Id))
            .ToDictionaryAsync(row => row.Id, cancellationToken);
        return
        [
            .. page.Select(item =>
            {
                var key = item.KeyId is null ? null : keys[item.KeyId];
                return new WhoCanResponse
                {
                    Kind = key is null ? "account" : "api_key",
                    AccountId = item.Account.Id,
                    AccountType = item.Account.Type,
                    AccountName = names[item.Account.Id],
                    ApiKeyId = key?.Id,
                    ApiKeyName = key?.Name,
                    DisplayId = key?.DisplayId,
                    GrantedBy = AccessQuestion.GrantedBy(directory, item.Account, rule.Needed),
                };
            }),
        ];
    }
}
