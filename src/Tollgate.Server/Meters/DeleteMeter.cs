using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;

namespace Tollgate.Server.Meters;

/// <summary><c>DELETE /v1/meters/{id}</c>: it is archived. Its events, and the invoices made with it, stay.</summary>
internal static class DeleteMeter
{
    public static void MapDeleteMeter(this Api v1) => v1.Delete("/meters/{id}", RouteRule.Requires(Permissions.MeterWrite), HandleAsync);

    private static async Task<Results<NoContent, Problem>> HandleAsync(
        string id, HttpContext context, ControlChanges changes, CancellationToken cancellationToken)
    {
        await using var change = await changes.BeginAsync(context, cancellationToken);
        var meter = await change.Db.LivingMeterAsync(change.Caller, id, cancellationToken);
        var priced = await change.Db.Prices.AnyAsync(row => row.MeterId == id && row.Status == Statuses.Published, cancellationToken);
        if (priced)
        {
            // Who may change meters may not change what is invoiced.
            return new Problem(409, ErrorCodes.Conflict, "The meter has prices.")
            {
                Error = "Conflict",
                Detail = "Delete its prices first: without the meter, what they price would silently be missing from invoices.",
            };
        }

        var before = meter.ToResponse();
        meter.Status = Statuses.Archived;
        meter.UpdatedAt = change.Now;
        meter.UpdatedBy = change.Caller.AccountId;
        change.Record("meter.delete", "meter", meter.Id, before, meter.ToResponse());
        await change.SaveAsync(cancellationToken);
        return TypedResults.NoContent();
    }
}
