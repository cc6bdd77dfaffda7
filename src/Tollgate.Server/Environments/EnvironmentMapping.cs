using Microsoft.EntityFrameworkCore;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Environments;

internal static class EnvironmentMapping
{
    public static EnvironmentResponse ToResponse(this TenantEnvironment row) => new()
    {
        Id = row.Id,
        Name = row.Name,
        Type = row.Type,
        CreatedAt = row.CreatedAt,
        UpdatedAt = row.UpdatedAt,
    };

    /// <exception cref="ProblemException">404: the tenant has none of this id.</exception>
    public static async Task<TenantEnvironment> EnvironmentAsync(
        this ControlDb db, Caller caller, string id, CancellationToken cancellationToken) =>
        await db.Environments.SingleOrDefaultAsync(row => row.Id == id && row.TenantId == caller.TenantId, cancellationToken)
        ?? throw new ProblemException(Problem.NotFound("environment"));

    public static Problem Exists(string name) => new(409, ErrorCodes.AlreadyExists, $"There is an environment called {name} already.")
    {
        Error = "Conflict",
        Detail = "Choose another, or change the one that exists.",
    };
}
