using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Accounts;

/// <summary><c>POST /v1/users/search</c>: an empty object lists the service accounts, newest first.</summary>
internal static class SearchUsers
{
    public static void MapSearchUsers(this Api v1) => v1.Post("/users/search", RouteRule.Requires(Permissions.UserRead), HandleAsync);

    private static async Task<Results<Ok<ListResponse<UserResponse>>, Problem>> HandleAsync(
        Body<SearchUsersRequest> body, Caller caller, ControlDb db, CancellationToken cancellationToken)
    {
        var request = body.Value;
        var sort = request.Sort is { Count: > 0 } conditions ? conditions[0] : null;
        if (sort?.Field is not (null or "created_at" or "name"))
        {
            return Problem.Invalid("sort[0].field", "must be one of: created_at, name.");
        }

        var type = request.Type ?? AccountTypes.ServiceAccount;
        var rows = db.Accounts.AsNoTracking().Include(row => row.Roles)
            .Where(row => row.TenantId == caller.TenantId && row.Type == type)
            .Where(row => request.Status == null ? row.Status != Statuses.Deleted : row.Status == request.Status);
        if (request.UserIds is { } ids)
        {
            rows = rows.Where(row => ids.Contains(row.Id));
        }

        if (request.Roles is { Count: > 0 } roles)
        {
            rows = rows.Where(row => row.Roles.Any(role => roles.Contains(role.RoleId)));
        }

        if (request.StartTime is { } start)
        {
            rows = rows.Where(row => row.CreatedAt >= start);
        }

        if (request.EndTime is { } end)
        {
            rows = rows.Where(row => row.CreatedAt < end);
        }

        var ascending = (sort?.Direction ?? request.Order) == "asc";
        var tenant = await db.TenantAsync(caller.TenantId, cancellationToken);
        return TypedResults.Ok(await Ordered(rows, sort?.Field == "name", ascending)
            .PageAsync(request.Limit, request.Offset, row => row.ToResponse(tenant), cancellationToken));
    }

    // The id settles ties, so that pages neither skip nor repeat.
    private static IQueryable<Account> Ordered(IQueryable<Account> rows, bool byName, bool ascending) => (byName, ascending) switch
    {
        (true, true) => rows.OrderBy(row => row.Name).ThenBy(row => row.Id),
        (true, false) => rows.OrderByDescending(row => row.Name).ThenByDescending(row => row.Id),
        (false, true) => rows.OrderBy(row => row.CreatedAt).ThenBy(row => row.Id),
        (false, false) => rows.OrderByDescending(row => row.CreatedAt).ThenByDescending(row => row.Id),
    };
}
