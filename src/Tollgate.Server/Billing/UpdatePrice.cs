using Microsoft.AspNetCore.Http.HttpResults;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Server.Meters;

namespace Tollgate.Server.Billing;

/// <summary><c>PUT /v1/prices/{id}</c>: invoices that exist keep the price they were made with.</summary>
internal static class UpdatePrice
{
    public static void MapUpdatePrice(this Api v1) =>
        v1.Put("/prices/{id}", RouteRule.Requires(Permissions.InvoiceWrite).NotForConstrainedKeys(), HandleAsync);

    private static async Task<Results<Ok<PriceResponse>, Problem>> HandleAsync(
        string id, Body<UpdatePriceRequest> body, HttpContext context, ControlChanges changes, CancellationToken cancellationToken)
    {
        var request = body.Value;
        var errors = new FieldErrors();
        Metadata.Check(request.Metadata, "metadata", errors);
        if (errors.ToProblem() is { } problem)
        {
            return problem;
        }

        await using var change = await changes.BeginAsync(context, cancellationToken);
        var price = await change.Db.PriceAsync(change.Caller, id, cancellationToken);
        var before = price.ToResponse();
        var terms = Changed(price.TermsOf(), request, errors);
        if (errors.ToProblem() is { } wrong)
        {
            return wrong;
        }

        price.Terms = MeterMapping.Json(terms);
        price.DisplayName = request.DisplayName is { } name ? PriceMapping.Present(name) : price.DisplayName;
        price.Description = request.Description is { } text ? PriceMapping.Present(text) : price.Description;
        price.Metadata = request.Metadata ?? price.Metadata;
        price.UpdatedAt = change.Now;
        price.UpdatedBy = change.Caller.AccountId;
        change.Record("price.update", "price", price.Id, before, price.ToResponse());
        await change.SaveAsync(cancellationToken);
        return TypedResults.Ok(price.ToResponse());
    }

    /// <summary>With a billing model what is asked for and nothing else; without one what is there, as far as it is not asked for.</summary>
    private static PriceTerms Changed(PriceTerms there, UpdatePriceRequest request, FieldErrors errors) => request.BillingModel is { } model
        ? PriceTerms.Of(model, request.Amount, request.TierMode, request.Tiers, request.TransformQuantity, errors)
        : PriceTerms.Of(
            there.BillingModel,
            request.Amount ?? there.Amount,
            request.TierMode ?? there.TierMode,
            request.Tiers ?? there.Tiers,
            request.TransformQuantity ?? there.TransformQuantity,
            errors);
}
