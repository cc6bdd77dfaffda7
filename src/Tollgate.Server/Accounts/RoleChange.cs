using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Accounts;

/// <summary>A change of an account's roles that may be made: the change itself and its preview begin with the same checks.</summary>
/// <param name="Account">The account, with its roles as they are.</param>
/// <param name="Roles">The roles it would have.</param>
/// <param name="Before">What it holds.</param>
/// <param name="After">What it would hold.</param>
internal sealed record RoleChange(Account Account, IReadOnlyList<string> Roles, PermissionSet Before, PermissionSet After)
{
    public bool ChangesNothing => Account.RoleIds().SequenceEqual(Roles.Order(StringComparer.Ordinal));

    /// <summary>The change, or why the caller may not make it.</summary>
    /// <exception cref="ProblemException">404: the tenant has no such account.</exception>
    public static async Task<(RoleChange? Change, Problem? Problem)> CheckAsync(
        ControlDb db, AccessDirectory directory, Caller caller, string id, IReadOnlyList<string> asked, CancellationToken cancellationToken)
    {
        var account = await db.LiveAccountAsync(caller.TenantId, id, cancellationToken);
        if (account.Id == caller.AccountId)
        {
            return (null, new Problem(409, ErrorCodes.Conflict, "Nobody changes their own roles.") { Detail = "Ask another administrator." });
        }

        var (roles, refusal) = RoleAssignment.Check(directory, caller, account.Type, asked);
        if (refusal is not null)
        {
            return (null, refusal);
        }

        return !roles.Contains(BuiltInRoles.SuperAdmin) && await LastAdministrator.IsAsync(db, account, cancellationToken)
            ? (null, LastAdministrator.Problem)
            : (new RoleChange(
                account,
                roles,
                directory.Compile(account.TenantId, account.Type, account.RoleIds()),
                directory.Compile(account.TenantId, account.Type, roles)), null);
    }

    /// <summary>What it does to the account's keys.</summary>
    public Task<IReadOnlyList<AffectedApiKeyResponse>> AffectedApiKeysAsync(
        ControlDb db, AccessDirectory directory, CancellationToken cancellationToken) => Accounts.AffectedApiKeys.OfAsync(
            db.ApiKeys.Where(key => key.AccountId == Account.Id),
            directory,
            new Dictionary<string, (PermissionSet Before, PermissionSet After)> { [Account.Id] = (Before, After) },
            cancellationToken);
}
