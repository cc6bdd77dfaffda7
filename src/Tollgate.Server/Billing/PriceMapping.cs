using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Billing;

internal static class PriceMapping
{
    public const string UsageType = "USAGE";
    public const string PlanEntity = "PLAN";
    public const string RecurringCadence = "RECURRING";
    public const string ArrearCadence = "ARREAR";
    public const string FiatUnit = "FIAT";
    public const string DefaultPeriod = "MONTHLY";

    public static PriceResponse ToResponse(this Price row)
    {
        var terms = row.TermsOf();
        return new PriceResponse
        {
            Id = row.Id,
            MeterId = row.MeterId,
            Currency = row.Currency,
            BillingModel = terms.BillingModel,
            Amount = terms.Amount,
            TierMode = terms.TierMode,
            Tiers = terms.Tiers,
            TransformQuantity = terms.TransformQuantity,
            Type = UsageType,
            EntityType = PlanEntity,
            EntityId = row.EnvironmentId,
            BillingCadence = RecurringCadence,
            BillingPeriod = row.BillingPeriod,
            BillingPeriodCount = 1,
            InvoiceCadence = ArrearCadence,
            PriceUnitType = FiatUnit,
            DisplayName = row.DisplayName,
            Description = row.Description,
            Metadata = row.Metadata,
            Status = row.Status,
            TenantId = row.TenantId,
            EnvironmentId = row.EnvironmentId,
            CreatedAt = row.CreatedAt,
            UpdatedAt = row.UpdatedAt,
            CreatedBy = row.CreatedBy,
            UpdatedBy = row.UpdatedBy,
        };
    }

    public static PriceTerms TermsOf(this Price row) => JsonSerializer.Deserialize<PriceTerms>(row.Terms, WireJson.Options)!;

    /// <summary>The prices of the caller's environment. A key that is limited to some of the data never comes here.</summary>
    public static IQueryable<Price> Of(this IQueryable<Price> prices, Caller caller)
    {
        var (tenant, environment) = (caller.TenantId, caller.EnvironmentId);
        return prices.Where(row => row.TenantId == tenant && row.EnvironmentId == environment);
    }

    /// <summary>The price with this id; deleted ones are gone.</summary>
    /// <exception cref="ProblemException">404: there is none.</exception>
    public static async Task<Price> PriceAsync(this ControlDb db, Caller caller, string id, CancellationToken cancellationToken) =>
        await db.Prices.Of(caller).SingleOrDefaultAsync(row => row.Id == id && row.Status == Statuses.Published, cancellationToken)
        ?? throw new ProblemException(Problem.NotFound("price"));

    public static string? Present(string? text) => text is { Length: > 0 } ? text : null;
}
