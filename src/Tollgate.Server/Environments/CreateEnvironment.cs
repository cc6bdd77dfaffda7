using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Environments;

/// <summary><c>POST /v1/environments</c></summary>
internal static class CreateEnvironment
{
    public static void MapCreateEnvironment(this Api v1) =>
        v1.Post("/environments", RouteRule.Requires(Permissions.EnvironmentWrite), HandleAsync);

    private static async Task<Results<Created<EnvironmentResponse>, Problem>> HandleAsync(
        Body<CreateEnvironmentRequest> body, HttpContext context, ControlChanges changes, Ids ids, CancellationToken cancellationToken)
    {
        await using var change = await changes.BeginAsync(context, cancellationToken);
        var tenantId = change.Caller.TenantId;
        if (await change.Db.Environments.CountAsync(row => row.TenantId == tenantId, cancellationToken) >= Limits.MaxEnvironmentsPerTenant)
        {
            return new Problem(409, ErrorCodes.Conflict, $"The tenant has {Limits.MaxEnvironmentsPerTenant} environments, which is the limit.");
        }

        var environment = new TenantEnvironment
        {
            Id = ids.Environment(),
            TenantId = tenantId,
            Name = body.Value.Name,
            Type = body.Value.Type,
            CreatedAt = change.Now,
            UpdatedAt = change.Now,
        };
        change.Db.Environments.Add(environment);
        change.Record("environment.create", "environment", environment.Id, after: environment.ToResponse());
        change.Publish(access => access.Put(environment));
        try
        {
            return await change.SaveAsync(
                TypedResults.Created($"/v1/environments/{environment.Id}", environment.ToResponse()), cancellationToken);
        }
        catch (DbUpdateException exception) when (ControlStore.IsUniqueViolation(exception))
        {
            return EnvironmentMapping.Exists(environment.Name);
        }
    }
}
