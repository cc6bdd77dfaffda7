using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Environments;

/// <summary><c>PUT /v1/environments/{id}</c>: absent members stay.</summary>
internal static class UpdateEnvironment
{
    public static void MapUpdateEnvironment(this Api v1) =>
        v1.Put("/environments/{id}", RouteRule.Requires(Permissions.EnvironmentWrite), HandleAsync);

    private static async Task<Results<Ok<EnvironmentResponse>, Problem>> HandleAsync(
        string id, Body<UpdateEnvironmentRequest> body, HttpContext context, ControlChanges changes, CancellationToken cancellationToken)
    {
        await using var change = await changes.BeginAsync(context, cancellationToken);
        var environment = await change.Db.EnvironmentAsync(change.Caller, id, cancellationToken);
        var before = environment.ToResponse();
        environment.Name = body.Value.Name ?? environment.Name;
        environment.Type = body.Value.Type ?? environment.Type;
        environment.UpdatedAt = change.Now;
        change.Record("environment.update", "environment", environment.Id, before, environment.ToResponse());
        try
        {
            await change.SaveAsync(cancellationToken);
        }
        catch (DbUpdateException exception) when (ControlStore.IsUniqueViolation(exception))
        {
            return EnvironmentMapping.Exists(environment.Name);
        }

        return TypedResults.Ok(environment.ToResponse());
    }
}
