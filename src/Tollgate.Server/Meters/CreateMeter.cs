using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Meters;

/// <summary><c>POST /v1/meters</c></summary>
internal static class CreateMeter
{
    public static void MapCreateMeter(this Api v1) => v1.Post("/meters", RouteRule.Requires(Permissions.MeterWrite), HandleAsync);

    private static async Task<Results<Created<MeterResponse>, Problem>> HandleAsync(
        Body<CreateMeterRequest> body, HttpContext context, ControlChanges changes, Ids ids, CancellationToken cancellationToken)
    {
        var request = body.Value;
        var errors = new FieldErrors();
        MeterMapping.Check(request.Aggregation, request.ResetUsage, errors);
        MeterMapping.Check(request.Filters, errors);
        if (errors.ToProblem() is { } problem)
        {
            return problem;
        }

        await using var change = await changes.BeginAsync(context, cancellationToken);
        if (await change.Db.Meters.Of(change.Caller).CountAsync(row => row.Status == Statuses.Published, cancellationToken) >= Limits.MaxMetersPerEnvironment)
        {
            return new Problem(409, ErrorCodes.Conflict, $"An environment has at most {Limits.MaxMetersPerEnvironment} meters in use.") { Error = "Conflict" };
        }

        var meter = new Meter
        {
            Id = ids.Meter(),
            TenantId = change.Caller.TenantId,
            EnvironmentId = change.Caller.EnvironmentId,
            Name = request.Name,
            EventName = request.EventName,
            Aggregation = MeterMapping.Json(request.Aggregation with
            {
                Field = string.IsNullOrEmpty(request.Aggregation.Field) ? null : request.Aggregation.Field,
                Multiplier = string.IsNullOrEmpty(request.Aggregation.Multiplier) ? null : request.Aggregation.Multiplier,
            }),
            Filters = MeterMapping.Json(request.Filters ?? []),
            ResetUsage = request.ResetUsage ?? MeterResets.BillingPeriod,
            Status = Statuses.Published,
            CreatedAt = change.Now,
            UpdatedAt = change.Now,
            CreatedBy = change.Caller.AccountId,
            UpdatedBy = change.Caller.AccountId,
        };
        change.Db.Meters.Add(meter);
        change.Record("meter.create", "meter", meter.Id, after: meter.ToResponse());
        try
        {
            return await change.SaveAsync(TypedResults.Created($"/v1/meters/{meter.Id}", meter.ToResponse()), cancellationToken);
        }
        catch (DbUpdateException exception) when (ControlStore.IsUniqueViolation(exception))
        {
            return MeterMapping.Exists(request.Name);
        }
    }
}
