using System.Globalization;
using Tollgate.Contracts;

namespace Tollgate.Dashboard;

/// <summary>Aggregations, windows, prices and their like in words for people.</summary>
internal static class UsageWords
{
    /// <summary>The aggregations in the order of their use.</summary>
    public static IReadOnlyList<(string Type, string Word)> Aggregations { get; } =
    [
        (AggregationTypes.Count, "Number of events"),
        (AggregationTypes.Sum, "Sum"),
        (AggregationTypes.CountUnique, "Different values"),
        (AggregationTypes.Max, "Largest value"),
        (AggregationTypes.Average, "Average"),
        (AggregationTypes.Latest, "Latest value"),
        (AggregationTypes.SumWithMultiplier, "Sum times a number"),
        (AggregationTypes.WeightedSum, "Sum weighted by time"),
    ];

    /// <summary>The windows from the shortest to the longest.</summary>
    public static IReadOnlyList<(string Size, string Word)> Windows { get; } =
    [
        (WindowSizes.Minute, "Minute"),
        (WindowSizes.FifteenMinutes, "15 minutes"),
        (WindowSizes.ThirtyMinutes, "30 minutes"),
        (WindowSizes.Hour, "Hour"),
        (WindowSizes.ThreeHours, "3 hours"),
        (WindowSizes.SixHours, "6 hours"),
        (WindowSizes.TwelveHours, "12 hours"),
        (WindowSizes.Day, "Day"),
        (WindowSizes.Week, "Week"),
        (WindowSizes.Month, "Month"),
    ];

    /// <summary>How prices reckon.</summary>
    public static IReadOnlyList<(string Model, string Word)> BillingModels { get; } =
    [
        (Contracts.BillingModels.FlatFee, "Each unit costs the same"),
        (Contracts.BillingModels.Package, "By whole packages"),
        (Contracts.BillingModels.Tiered, "By tiers"),
    ];

    /// <summary>Whether the aggregation is about a property.</summary>
    public static bool NeedsField(string? type) => type != AggregationTypes.Count;

    /// <summary>Whether it has a multiplier.</summary>
    public static bool NeedsMultiplier(string? type) => type == AggregationTypes.SumWithMultiplier;

    /// <summary>Whether the values of windows and groups add up to the whole: then bars may stand on one another.</summary>
    public static bool AddsUp(string type) => type is AggregationTypes.Count or AggregationTypes.Sum or AggregationTypes.SumWithMultiplier;

    /// <summary>Like <c>Sum of tokens × 2</c>.</summary>
    public static string Of(MeterAggregation aggregation) => Of(aggregation.Type, aggregation.Field, aggregation.Multiplier);

    /// <summary>Like <c>Sum of tokens × 2</c>.</summary>
    public static string Of(string type, string? field, string? multiplier) => type switch
    {
        AggregationTypes.Count => "Number of events",
        AggregationTypes.Sum => $"Sum of {field}",
        AggregationTypes.CountUnique => $"Different values of {field}",
        AggregationTypes.Max => $"Largest {field}",
        AggregationTypes.Average => $"Average of {field}",
        AggregationTypes.Latest => $"Latest {field}",
        AggregationTypes.SumWithMultiplier => $"Sum of {field} × {multiplier}",
        AggregationTypes.WeightedSum => $"Sum of {field} weighted by time",
        _ => $"{type} of {field}",
    };

    /// <summary>Like <c>model is large or huge</c>.</summary>
    public static string Of(MeterFilter filter) => $"{filter.Key} is {string.Join(" or ", filter.Values)}";

    /// <summary>From when on a meter counts.</summary>
    public static string OfReset(string reset) => reset == MeterResets.Never ? "from the first event ever" : "the period asked for";

    /// <summary>The state of a customer, meter or price.</summary>
    public static (string Word, string Kind) OfState(string status) => status switch
    {
        Statuses.Published => ("in use", "good"),
        Statuses.Archived => ("archived", "warn"),
        _ => (status, "bad"),
    };

    /// <summary>What an invoice is.</summary>
    public static (string Word, string Kind) OfInvoice(string? status) => status switch
    {
        InvoiceStatuses.Finalized => ("final", "good"),
        InvoiceStatuses.Voided => ("void", "bad"),
        _ => ("preview", "still"),
    };

    /// <summary>Like <c>12.50 EUR</c>.</summary>
    public static string Money(string? amount, string currency) => $"{amount} {currency.ToUpperInvariant()}";

    /// <summary>What a price comes to, in a line or, of tiers, several.</summary>
    public static IReadOnlyList<string> Of(PriceResponse price) => price.BillingModel switch
    {
        Contracts.BillingModels.FlatFee => [$"{Money(price.Amount, price.Currency)} each"],
        Contracts.BillingModels.Package when price.TransformQuantity is { } package =>
        [
            string.Create(
                CultureInfo.InvariantCulture,
                $"{Money(price.Amount, price.Currency)} per {package.DivideBy}, {(package.Round == PackageRounding.Down ? "full packages alone" : "begun ones too")}"),
        ],
        Contracts.BillingModels.Tiered when price.Tiers is { } tiers =>
        [
            price.TierMode == TierModes.Volume ? "One tier prices all of it:" : "Each tier prices its part:",
            .. tiers.Select(tier => string.Create(
                CultureInfo.InvariantCulture,
                $"{(tier.UpTo is { } upTo ? $"up to {upTo}" : "above")}: {Money(tier.UnitAmount, price.Currency)} each{Flat(tier, price.Currency)}")),
        ],
        _ => [price.BillingModel],
    };

    private static string Flat(PriceTier tier, string currency) =>
        string.IsNullOrEmpty(tier.FlatAmount) ? "" : $" and {Money(tier.FlatAmount, currency)} once";
}
