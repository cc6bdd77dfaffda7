using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Environments;

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
