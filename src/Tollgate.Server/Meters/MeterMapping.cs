using System.Globalization;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Server.Usage;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Meters;

internal static class MeterMapping
{
    public static MeterResponse ToResponse(this Meter row) => new()
    {
        Id = row.Id,
        Name = row.Name,
        EventName = row.EventName,
        Aggregation = row.AggregationOf(),
        Filters = JsonSerializer.Deserialize<List<MeterFilter>>(row.Filters, WireJson.Options)!,
        ResetUsage = row.ResetUsage,
        Status = row.Status,
        TenantId = row.TenantId,
        EnvironmentId = row.EnvironmentId,
        CreatedAt = row.CreatedAt,
        UpdatedAt = row.UpdatedAt,
        CreatedBy = row.CreatedBy,
        UpdatedBy = row.UpdatedBy,
    };

    public static MeterAggregation AggregationOf(this Meter row) =>
        JsonSerializer.Deserialize<MeterAggregation>(row.Aggregation, WireJson.Options)!;

    /// <summary>
    /// The meters that the caller can reach: those of its environment, and for a key that is limited to certain events, those of these events.
    /// </summary>
    public static IQueryable<Meter> Of(this IQueryable<Meter> meters, Caller caller)
    {
        var (tenant, environment) = (caller.TenantId, caller.EnvironmentId);
        return meters.Where(row => row.TenantId == tenant && row.EnvironmentId == environment)
            .Within(caller.Constraints?.EventNames, row => row.EventName);
    }

    /// <summary>The meter with this id, archived ones too.</summary>
    /// <exception cref="ProblemException">404: there is none.</exception>
    public static async Task<Meter> MeterAsync(this ControlDb db, Caller caller, string id, CancellationToken cancellationToken) =>
        await db.Meters.Of(caller).SingleOrDefaultAsync(row => row.Id == id, cancellationToken)
        ?? throw new ProblemException(Problem.NotFound("meter"));

    /// <summary>As <see cref="MeterAsync"/>, only meters in use.</summary>
    /// <exception cref="ProblemException">404: there is none.</exception>
    public static async Task<Meter> LivingMeterAsync(this ControlDb db, Caller caller, string id, CancellationToken cancellationToken) =>
        await db.MeterAsync(caller, id, cancellationToken) is { Status: Statuses.Published } meter
            ? meter
            : throw new ProblemException(Problem.NotFound("meter"));

    /// <summary>What a wire type can't say of an aggregation.</summary>
    public static void Check(MeterAggregation aggregation, string? reset, FieldErrors errors)
    {
        var counts = aggregation.Type == AggregationTypes.Count;
        errors.Demand(
            counts == string.IsNullOrEmpty(aggregation.Field),
            "aggregation.field",
            counts ? "must be absent: COUNT looks at no property." : $"is required for {aggregation.Type}.");
        var multiplies = aggregation.Type == AggregationTypes.SumWithMultiplier;
        if (multiplies)
        {
            errors.Demand(
                ExactDecimals.Parse(aggregation.Multiplier) is { Unscaled.Sign: > 0, Scale: <= Limits.MaxDecimalPlaces },
                "aggregation.multiplier",
                $"must be a decimal above zero with at most {Limits.MaxDecimalPlaces} digits behind the point, as text, for example \"0.001\".");
        }
        else
        {
            errors.Demand(
                string.IsNullOrEmpty(aggregation.Multiplier), "aggregation.multiplier", "must be absent: only SUM_WITH_MULTIPLIER has one.");
        }

        errors.Demand(
            reset != MeterResets.Never || aggregation.Type != AggregationTypes.WeightedSum,
            "reset_usage",
            "must be BILLING_PERIOD for WEIGHTED_SUM, whose weights are parts of a period.");
    }

    /// <summary>What a wire type can't say of filters.</summary>
    public static void Check(IReadOnlyList<MeterFilter>? filters, FieldErrors errors)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var index = 0; index < (filters?.Count ?? 0); index++)
        {
            errors.Demand(
                names.Add(filters![index].Key), string.Create(CultureInfo.InvariantCulture, $"filters[{index}].key"), "is there twice.");
        }
    }

    /// <summary>The 409 of a second meter with one name.</summary>
    public static Problem Exists(string name) => new(409, ErrorCodes.AlreadyExists, $"There is a meter with the name {name} already.")
    {
        Error = "Conflict",
        Detail = "Choose another name. Any number of meters may count the same events.",
    };

    public static string Json<T>(T value) => JsonSerializer.Serialize(value, WireJson.Options);
}
