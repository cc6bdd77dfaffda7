using Microsoft.EntityFrameworkCore;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Roles;

/// <summary>Who holds a role, and what can't be done to it because of them.</summary>
internal static class RolesInUse
{
    /// <summary>The 409 of a role that comes with the server; null for any other.</summary>
    public static Problem? BuiltIn(string id) => Role.BuiltInOnes.Any(role => role.Id == id)
        ? new Problem(409, ErrorCodes.Conflict, $"The role {id} comes with the server and can't be changed.")
        {
            Detail = "Create a role of your own with the permissions you want.",
        }
        : null;

    public static Task<List<Account>> HoldersAsync(ControlDb db, string tenantId, string id, CancellationToken cancellationToken) =>
        db.Accounts.AsNoTracking().Include(account => account.Roles)
            .Where(account => account.TenantId == tenantId
                && account.Status != Statuses.Deleted
                && account.Roles.Any(role => role.RoleId == id))
            .OrderBy(account => account.Id)
            .ToListAsync(cancellationToken);

    /// <summary>The 409 that lists the holders.</summary>
    public static Problem Refusal(string id, IReadOnlyList<Account> holders) =>
        new(409, ErrorCodes.Conflict, $"The role {id} is held by {holders.Count} account(s).")
        {
            Detail = "Give them other roles first; details.holders lists them.",
            Details = new
            {
                holders = holders.Select(holder => new
                {
                    holder.Id,
                    holder.Type,
                    holder.Name,
                    holder.Email,
                    holder.Status,
                    // What a person recognises it by, whatever it has.
                    display = holder.Name ?? holder.Email ?? holder.Id,
                }),
            },
        };
}
