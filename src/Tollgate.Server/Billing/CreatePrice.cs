using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Server.Meters;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Billing;

/// <summary><c>POST /v1/prices</c></summary>
internal static class CreatePrice
{
    public static void MapCreatePrice(this Api v1) =>
        v1.Post("/prices", RouteRule.Requires(Permissions.InvoiceWrite).NotForConstrainedKeys(), HandleAsync);

    private static async Task<Results<Created<PriceResponse>, Problem>> HandleAsync(
        Body<CreatePriceRequest> body, HttpContext context, ControlChanges changes, Ids ids, CancellationToken cancellationToken)
    {
        var request = body.Value;
        var errors = new FieldErrors();
        var currency = Currencies.Find(request.Currency);
        errors.Demand(currency is not null, "currency", Currencies.Unknown);
        CheckWords(request, errors);
        Metadata.Check(request.Metadata, "metadata", errors);
        var terms = PriceTerms.Of(
            request.BillingModel, request.Amount, request.TierMode, request.Tiers, request.TransformQuantity, errors);
        if (errors.ToProblem() is { } problem)
        {
            return problem;
        }

        await using var change = await changes.BeginAsync(context, cancellationToken);
        if (request.EntityId is { } entity && entity != change.Caller.EnvironmentId)
        {
            return Problem.Invalid("entity_id", "must be the id of this environment, or absent: a price holds for all of its customers.");
        }

        var meter = await change.Db.LivingMeterAsync(change.Caller, request.MeterId, cancellationToken);
        var price = new Price
        {
            Id = ids.Price(),
            TenantId = change.Caller.TenantId,
            EnvironmentId = change.Caller.EnvironmentId,
            MeterId = meter.Id,
            Currency = currency!,
            Terms = MeterMapping.Json(terms),
            BillingPeriod = request.BillingPeriod ?? PriceMapping.DefaultPeriod,
            DisplayName = PriceMapping.Present(request.DisplayName),
            Description = PriceMapping.Present(request.Description),
            Metadata = request.Metadata ?? new Dictionary<string, string>(),
            Status = Statuses.Published,
            CreatedAt = change.Now,
            UpdatedAt = change.Now,
            CreatedBy = change.Caller.AccountId,
            UpdatedBy = change.Caller.AccountId,
        };
        change.Db.Prices.Add(price);
        change.Record("price.create", "price", price.Id, after: price.ToResponse());
        try
        {
            return await change.SaveAsync(TypedResults.Created($"/v1/prices/{price.Id}", price.ToResponse()), cancellationToken);
        }
        catch (DbUpdateException exception) when (ControlStore.IsUniqueViolation(exception))
        {
            return new Problem(409, ErrorCodes.AlreadyExists, $"The meter has a price in {currency} already.")
            {
                Error = "Conflict",
                Detail = "Change that one, or delete it first. A meter costs one thing in a currency, or it would be invoiced twice.",
            };
        }
    }

    /// <summary>What Flexprice has besides and cannot be reckoned honestly here.</summary>
    private static void CheckWords(CreatePriceRequest request, FieldErrors errors)
    {
        Only(PriceMapping.UsageType, request.Type, "type", "Tollgate has no fixed prices: it knows what was used, and no more.");
        Only(PriceMapping.PlanEntity, request.EntityType, "entity_type", "Tollgate has one plan, the environment.");
        Only(PriceMapping.RecurringCadence, request.BillingCadence, "billing_cadence", "Tollgate has no prices that are paid once.");
        Only(PriceMapping.ArrearCadence, request.InvoiceCadence, "invoice_cadence", "usage is known when its period is over.");
        Only(PriceMapping.FiatUnit, request.PriceUnitType, "price_unit_type", "Tollgate has no units of its own beside currencies.");

        void Only(string word, string? asked, string field, string why) =>
            errors.Demand(asked is null || asked == word, field, $"must be {word} or absent: {why}");
    }
}
