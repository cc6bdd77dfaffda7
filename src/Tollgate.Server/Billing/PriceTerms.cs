using System.Globalization;
using Tollgate.Contracts;
using Tollgate.Server.Hosting;
using Tollgate.Server.Usage;
using Tollgate.Storage.Events;

namespace Tollgate.Server.Billing;

/// <summary>How a quantity becomes an amount. Nothing is rounded here (decision 0027).</summary>
internal sealed record PriceTerms
{
    public required string BillingModel { get; init; }

    public required string? Amount { get; init; }

    public required string? TierMode { get; init; }

    public required IReadOnlyList<PriceTier>? Tiers { get; init; }

    public required PriceTransformQuantity? TransformQuantity { get; init; }

    /// <summary>The terms that were asked for; adds what is wrong with them.</summary>
    public static PriceTerms Of(
        string model, string? amount, string? mode, IReadOnlyList<PriceTier>? tiers, PriceTransformQuantity? packages, FieldErrors errors)
    {
        var tiered = model == BillingModels.Tiered;
        if (tiered)
        {
            errors.Demand(string.IsNullOrEmpty(amount), "amount", "must be absent: the tiers of TIERED have the amounts.");
            CheckTiers(tiers ?? [], errors);
        }
        else
        {
            CheckAmount(amount, "amount", errors);
            errors.Demand(tiers is null or { Count: 0 }, "tiers", "must be absent: only TIERED has them.");
        }

        errors.Demand((mode is not null) == tiered, "tier_mode", tiered ? "is required for TIERED." : "must be absent: only TIERED has it.");
        var packaged = model == BillingModels.Package;
        errors.Demand(
            (packages is not null) == packaged,
            "transform_quantity",
            packaged ? "is required for PACKAGE." : "must be absent: only PACKAGE has it.");
        return new PriceTerms
        {
            BillingModel = model,
            Amount = tiered ? null : amount,
            TierMode = mode,
            Tiers = tiered ? [.. (tiers ?? []).Select(tier => tier with { FlatAmount = string.IsNullOrEmpty(tier.FlatAmount) ? null : tier.FlatAmount })] : null,
            TransformQuantity = packages is null ? null : packages with { Round = packages.Round ?? PackageRounding.Up },
        };
    }

    /// <summary>The exact amount of a quantity. None and less than none costs nothing.</summary>
    public ExactDecimal AmountOf(ExactDecimal quantity) => quantity.Unscaled.Sign <= 0
        ? ExactDecimals.Zero
        : (BillingModel, TierMode) switch
        {
            (BillingModels.FlatFee, _) => quantity.Times(ExactDecimals.Stored(Amount!)),
            (BillingModels.Package, _) => quantity.Packages(TransformQuantity!.DivideBy, TransformQuantity.Round == PackageRounding.Up)
                .Times(ExactDecimals.Stored(Amount!)),
            (BillingModels.Tiered, TierModes.Slab) => SlabAmountOf(quantity),
            (BillingModels.Tiered, TierModes.Volume) => VolumeAmountOf(quantity),
            _ => throw new InvalidDataException($"A price has the billing model {BillingModel} {TierMode}, which does not exist."),
        };

    private ExactDecimal SlabAmountOf(ExactDecimal quantity)
    {
        var (amount, below) = (ExactDecimals.Zero, ExactDecimals.Zero);
        foreach (var tier in Tiers!)
        {
            if (quantity.ComparedTo(below) <= 0)
            {
                break;
            }

            var above = tier.UpTo is { } upTo && quantity.ComparedTo(ExactDecimals.Of(upTo)) > 0 ? ExactDecimals.Of(upTo) : quantity;
            amount = amount.Plus(AmountIn(tier, above.Minus(below)));
            below = above;
        }

        return amount;
    }

    // The last tier has no end, so one of them holds every quantity.
    private ExactDecimal VolumeAmountOf(ExactDecimal quantity) =>
        AmountIn(Tiers!.First(tier => tier.UpTo is not { } upTo || quantity.ComparedTo(ExactDecimals.Of(upTo)) <= 0), quantity);

    private static ExactDecimal AmountIn(PriceTier tier, ExactDecimal units)
    {
        var amount = units.Times(ExactDecimals.Stored(tier.UnitAmount));
        return tier.FlatAmount is { } flat ? amount.Plus(ExactDecimals.Stored(flat)) : amount;
    }

    private static void CheckTiers(IReadOnlyList<PriceTier> tiers, FieldErrors errors)
    {
        errors.Demand(tiers.Count > 0, "tiers", "is required for TIERED.");
        long below = 0;
        for (var index = 0; index < tiers.Count; index++)
        {
            var (tier, field) = (tiers[index], string.Create(CultureInfo.InvariantCulture, $"tiers[{index}]"));
            CheckAmount(tier.UnitAmount, $"{field}.unit_amount", errors);
            if (tier.FlatAmount is { Length: > 0 })
            {
                CheckAmount(tier.FlatAmount, $"{field}.flat_amount", errors);
            }

            var last = index == tiers.Count - 1;
            errors.Demand(
                last == (tier.UpTo is null),
                $"{field}.up_to",
                last ? "must be absent: the last tier has no end." : "is required but for the last tier.");
            errors.Demand(tier.UpTo is not { } upTo || upTo > below, $"{field}.up_to", "must be greater than that of the tier before.");
            below = tier.UpTo ?? below;
        }
    }

    private static void CheckAmount(string? text, string field, FieldErrors errors) => errors.Demand(
        ExactDecimals.Parse(text) is { Unscaled.Sign: >= 0, Scale: <= Limits.MaxDecimalPlaces },
        field,
        $"must be a decimal of at least zero with at most {Limits.MaxDecimalPlaces} digits behind the point, as text, for example \"0.05\".");
}
