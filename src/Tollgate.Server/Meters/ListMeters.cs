using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Meters;

/// <summary><c>GET /v1/meters</c></summary>
internal static class ListMeters
{
    public static void MapListMeters(this Api v1) => v1.Get("/meters", RouteRule.Requires(Permissions.MeterRead), HandleAsync);

    private static async Task<Results<Ok<ListResponse<MeterResponse>>, Problem>> HandleAsync(
        Query<ListMetersQuery> query, Caller caller, ControlDb db, CancellationToken cancellationToken)
    {
        var asked = query.Value;
        var status = asked.Status ?? Statuses.Published;
        var rows = db.Meters.AsNoTracking().Of(caller).Where(row => row.Status == status);
        if (asked.EventName is { } eventName)
        {
            rows = rows.Where(row => row.EventName == eventName);
        }

        if (asked.Name is { } name)
        {
            rows = rows.Where(row => row.Name == name);
        }

        return TypedResults.Ok(await rows.OrderByDescending(row => row.CreatedAt).ThenByDescending(row => row.Id)
            .PageAsync(asked.Limit, asked.Offset, row => row.ToResponse(), cancellationToken));
    }
}
