using Microsoft.AspNetCore.Http.HttpResults;
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

/// <summary><c>GET /v1/environments</c>: the tenant's, oldest first; the first is the default of people.</summary>
internal static class ListEnvironments
{
    public static void MapListEnvironments(this Api v1) =>
        v1.Get("/environments", RouteRule.Requires(Permissions.EnvironmentRead), HandleAsync);

    private static async Task<Results<Ok<EnvironmentsResponse>, Problem>> HandleAsync(
        Query<ListEnvironmentsQuery> query, Caller caller, ControlDb db, CancellationToken cancellationToken)
    {
        var page = await db.Environments.AsNoTracking()
            .Where(row => row.TenantId == caller.TenantId)
            .OrderBy(row => row.Id)
            .PageAsync(query.Value.Limit, query.Value.Offset, row => row.ToResponse(), cancellationToken);
        return TypedResults.Ok(new EnvironmentsResponse
        {
            Environments = page.Items,
            Total = page.Pagination.Total,
            Offset = page.Pagination.Offset,
            Limit = page.Pagination.Limit,
        });
    }
}

/// <summary><c>GET /v1/environments/{id}</c></summary>
internal static class GetEnvironment
{
    public static void MapGetEnvironment(this Api v1) =>
        v1.Get("/environments/{id}", RouteRule.Requires(Permissions.EnvironmentRead), HandleAsync);

    private static async Task<Results<Ok<EnvironmentResponse>, Problem>> HandleAsync(
        string id, Caller caller, ControlDb db, CancellationToken cancellationToken) =>
        TypedResults.Ok((await db.EnvironmentAsync(caller, id, cancellationToken)).ToResponse());
}

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
