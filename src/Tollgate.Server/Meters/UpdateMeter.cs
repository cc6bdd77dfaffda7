using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Meters;

/// <summary><c>PUT /v1/meters/{id}</c>: its name and filters. Invoices that exist keep the meter they were made with.</summary>
internal static class UpdateMeter
{
    public static void MapUpdateMeter(this Api v1) => v1.Put("/meters/{id}", RouteRule.Requires(Permissions.MeterWrite), HandleAsync);

    private static async Task<Results<Ok<MeterResponse>, Problem>> HandleAsync(
        string id, Body<UpdateMeterRequest> body, HttpContext context, ControlChanges changes, CancellationToken cancellationToken)
    {
        var request = body.Value;
        var errors = new FieldErrors();
        MeterMapping.Check(request.Filters, errors);
        if (errors.ToProblem() is { } problem)
        {
            return problem;
        }

        await using var change = await changes.BeginAsync(context, cancellationToken);
        var meter = await change.Db.LivingMeterAsync(change.Caller, id, cancellationToken);
        var before = meter.ToResponse();
        meter.Name = request.Name ?? meter.Name;
        meter.Filters = request.Filters is { } filters ? MeterMapping.Json(filters) : meter.Filters;
        meter.UpdatedAt = change.Now;
        meter.UpdatedBy = change.Caller.AccountId;
        change.Record("meter.update", "meter", meter.Id, before, meter.ToResponse());
        try
        {
            await change.SaveAsync(cancellationToken);
        }
        catch (DbUpdateException exception) when (ControlStore.IsUniqueViolation(exception))
        {
            return MeterMapping.Exists(meter.Name);
        }

        return TypedResults.Ok(meter.ToResponse());
    }
}
