using Microsoft.EntityFrameworkCore;
using Tollgate.Contracts;
using Tollgate.Server.Environments;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Accounts;

internal static class AccountMapping
{
    public static UserResponse ToResponse(this Account row, Tenant tenant) => new()
    {
        Id = row.Id,
        Type = row.Type,
        Email = row.Email,
        Name = row.Name,
        Roles = row.RoleIds(),
        Status = row.Status,
        Tenant = tenant.ToResponse(),
        PasswordSet = row.PasswordHash is not null && !row.MustChangePassword,
        SecondFactor = row.SecondFactor?.ConfirmedAt is not null,
        Metadata = row.Metadata,
        CreatedAt = row.CreatedAt,
        UpdatedAt = row.UpdatedAt,
        CreatedBy = row.CreatedBy,
    };

    /// <summary>The account as answers about access name it.</summary>
    public static ExplainedPrincipalResponse ToExplained(this Account row) => new()
    {
        Id = row.Id,
        Type = row.Type,
        Name = row.Name,
        Email = row.Email,
        Status = row.Status,
    };

    public static IReadOnlyList<string> RoleIds(this Account row) => [.. row.Roles.Select(role => role.RoleId).Order(StringComparer.Ordinal)];

    /// <summary>What the audit log keeps of an account: everything but its password.</summary>
    public static object ToAudit(this Account row) => new { row.Type, row.Email, row.Name, row.Status, Roles = row.RoleIds(), row.Metadata };

    /// <summary>The tenant's account with this id and its roles; deleted ones are found too.</summary>
    /// <exception cref="ProblemException">404: the tenant has none.</exception>
    public static async Task<Account> AccountAsync(this ControlDb db, string tenantId, string id, CancellationToken cancellationToken) =>
        await db.Accounts.Include(row => row.Roles)
            .SingleOrDefaultAsync(row => row.Id == id && row.TenantId == tenantId, cancellationToken)
        ?? throw new ProblemException(Problem.NotFound("account"));

    /// <summary>As <see cref="AccountAsync"/>, but a deleted account can't be changed any more and is not found.</summary>
    public static async Task<Account> LiveAccountAsync(this ControlDb db, string tenantId, string id, CancellationToken cancellationToken)
    {
        var account = await db.AccountAsync(tenantId, id, cancellationToken);
        return account.Status == Statuses.Deleted ? throw new ProblemException(Problem.NotFound("account")) : account;
    }

    public static Task<Tenant> TenantAsync(this ControlDb db, string tenantId, CancellationToken cancellationToken) =>
        db.Tenants.SingleAsync(row => row.Id == tenantId, cancellationToken);
}
