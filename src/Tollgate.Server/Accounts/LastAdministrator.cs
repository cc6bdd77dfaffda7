using Microsoft.EntityFrameworkCore;
using Tollgate.Contracts;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Accounts;

/// <summary>A tenant always keeps one active person who holds <c>super_admin</c>. Asked inside a change, so two can't demote each other.</summary>
internal static class LastAdministrator
{
    public static Problem Problem { get; } = new(409, ErrorCodes.LastAdmin, "The tenant's last administrator can't be taken away.")
    {
        Detail = "Make another person super_admin first.",
    };

    /// <summary>Whether the account is the only active administrator.</summary>
    public static async Task<bool> IsAsync(ControlDb db, Account account, CancellationToken cancellationToken) =>
        account.Type == AccountTypes.User
        && account.Status == Statuses.Published
        && account.RoleIds().Contains(BuiltInRoles.SuperAdmin)
        && !await db.Accounts.AnyAsync(
            row => row.TenantId == account.TenantId
                && row.Id != account.Id
                && row.Type == AccountTypes.User
                && row.Status == Statuses.Published
                && row.Roles.Any(role => role.RoleId == BuiltInRoles.SuperAdmin),
            cancellationToken);
}
