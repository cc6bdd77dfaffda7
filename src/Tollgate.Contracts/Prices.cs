namespace Tollgate.Contracts;

/// <summary>How a quantity becomes an amount.</summary>
public static class BillingModels
{
    /// <summary>The quantity times the amount.</summary>
    public const string FlatFee = "FLAT_FEE";

    /// <summary>By tiers of the quantity.</summary>
    public const string Tiered = "TIERED";

    /// <summary>Whole packages of the quantity times the amount.</summary>
    public const string Package = "PACKAGE";
}

/// <summary>How tiers are applied.</summary>
public static class TierModes
{
    /// <summary>Each tier prices the part of the quantity that lies in it (graduated).</summary>
    public const string Slab = "SLAB";

    /// <summary>The tier that the whole quantity lies in prices all of it.</summary>
    public const string Volume = "VOLUME";
}

/// <summary>How a quantity becomes whole packages.</summary>
public static class PackageRounding
{
    /// <summary>A package that was begun counts.</summary>
    public const string Up = "up";

    /// <summary>A package counts once it is full.</summary>
    public const string Down = "down";
}

/// <summary>One tier of a price.</summary>
public sealed record PriceTier
{
    /// <summary>The greatest quantity of this tier, which is still in it; null for the last tier alone.</summary>
    [Bounds(1, 1_000_000_000_000_000)]
    public long? UpTo { get; init; }

    /// <summary>What one unit costs: an exact decimal, as text.</summary>
    [LengthLimit(1, 40)]
    public required string UnitAmount { get; init; }

    /// <summary>What reaching the tier costs, once; absent: nothing.</summary>
    [LengthLimit(0, 40)]
    public string? FlatAmount { get; init; }
}

/// <summary>How a quantity becomes whole packages.</summary>
public sealed record PriceTransformQuantity
{
    /// <summary>How many units a package has.</summary>
    [Bounds(1, 1_000_000_000_000)]
    public required long DivideBy { get; init; }

    /// <summary><c>up</c> or <c>down</c>; default <c>up</c>.</summary>
    [OneOf(PackageRounding.Up, PackageRounding.Down)]
    public string? Round { get; init; }
}

/// <summary><c>POST /v1/prices</c>: what a meter costs in a currency.</summary>
[Refuses("min_quantity", "Tollgate has no minimum quantities.")]
[Refuses("trial_period", "Tollgate has no trials.")]
[Refuses("filter_values", "A price holds for all that its meter counts; put the filters into the meter.")]
[Refuses("group_id", "Tollgate has no groups of prices.")]
[Refuses("price_unit_config", "Tollgate has no units of its own beside currencies.")]
[Refuses("start_date", "A price holds from when it is created until it is changed or deleted.")]
[Refuses("end_date", "A price holds until it is changed or deleted.")]
[Refuses("lookup_key", "Prices are found by their meter; keep the key in metadata.")]
public sealed record CreatePriceRequest
{
    /// <summary>The meter whose quantity is priced. It has one price in each currency.</summary>
    [LengthLimit(1, 64)]
    public required string MeterId { get; init; }

    /// <summary>ISO 4217, in upper or lower case.</summary>
    [LengthLimit(3, 3)]
    public required string Currency { get; init; }

    /// <summary>How the quantity becomes an amount.</summary>
    [OneOf(BillingModels.FlatFee, BillingModels.Tiered, BillingModels.Package)]
    public required string BillingModel { get; init; }

    /// <summary>What one unit or package costs: an exact decimal, as text. Required but for <c>TIERED</c>, which has none.</summary>
    [LengthLimit(0, 40)]
    public string? Amount { get; init; }

    /// <summary>How tiers are applied; required for <c>TIERED</c> alone.</summary>
    [OneOf(TierModes.Slab, TierModes.Volume)]
    public string? TierMode { get; init; }

    /// <summary>Ascending by <c>up_to</c>, the last without one; required for <c>TIERED</c> alone.</summary>
    [LengthLimit(0, 50)]
    public IReadOnlyList<PriceTier>? Tiers { get; init; }

    /// <summary>How many units a package has; required for <c>PACKAGE</c> alone.</summary>
    public PriceTransformQuantity? TransformQuantity { get; init; }

    /// <summary><c>USAGE</c>, which is the default: there are no fixed prices.</summary>
    [LengthLimit(1, 20)]
    public string? Type { get; init; }

    /// <summary><c>PLAN</c>, which is the default: there is one plan, the environment.</summary>
    [LengthLimit(1, 20)]
    public string? EntityType { get; init; }

    /// <summary>The environment's id, which is the default: a price holds for all of its customers.</summary>
    [LengthLimit(1, 64)]
    public string? EntityId { get; init; }

    /// <summary><c>RECURRING</c>, which is the default: each invoice prices the usage of its own period.</summary>
    [LengthLimit(1, 20)]
    public string? BillingCadence { get; init; }

    /// <summary>A note of how often you mean to invoice; the period is the invoice's own. Default <c>MONTHLY</c>.</summary>
    [OneOf("MONTHLY", "ANNUAL", "WEEKLY", "DAILY", "QUARTERLY", "HALF_YEARLY")]
    public string? BillingPeriod { get; init; }

    /// <summary>1, which is the default.</summary>
    [Bounds(1, 1)]
    public int? BillingPeriodCount { get; init; }

    /// <summary><c>ARREAR</c>, which is the default: usage is known when its period is over.</summary>
    [LengthLimit(1, 20)]
    public string? InvoiceCadence { get; init; }

    /// <summary><c>FIAT</c>, which is the default.</summary>
    [LengthLimit(1, 20)]
    public string? PriceUnitType { get; init; }

    /// <summary>What an invoice's line is called; default: the meter's name.</summary>
    [LengthLimit(0, 255)]
    public string? DisplayName { get; init; }

    /// <summary>A note.</summary>
    [LengthLimit(0, 1000)]
    public string? Description { get; init; }

    /// <summary>Notes of the client's own.</summary>
    [LengthLimit(0, 50)]
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }
}

/// <summary>
/// <c>PUT /v1/prices/{id}</c>: absent members stay as they are. With <c>billing_model</c> the whole way to reckon is replaced. Invoices
/// that exist keep the price they were made with.
/// </summary>
[Refuses("effective_from", "A change holds for every invoice that is made from now on.")]
[Refuses("group_id", "Tollgate has no groups of prices.")]
[Refuses("price_unit_amount", "Tollgate has no units of its own beside currencies.")]
[Refuses("price_unit_tiers", "Tollgate has no units of its own beside currencies.")]
[Refuses("lookup_key", "Prices are found by their meter; keep the key in metadata.")]
public sealed record UpdatePriceRequest
{
    /// <summary>How the quantity becomes an amount.</summary>
    [OneOf(BillingModels.FlatFee, BillingModels.Tiered, BillingModels.Package)]
    public string? BillingModel { get; init; }

    /// <summary>What one unit or package costs: an exact decimal, as text.</summary>
    [LengthLimit(0, 40)]
    public string? Amount { get; init; }

    /// <summary>How tiers are applied.</summary>
    [OneOf(TierModes.Slab, TierModes.Volume)]
    public string? TierMode { get; init; }

    /// <summary>Ascending by <c>up_to</c>, the last without one.</summary>
    [LengthLimit(0, 50)]
    public IReadOnlyList<PriceTier>? Tiers { get; init; }

    /// <summary>How many units a package has.</summary>
    public PriceTransformQuantity? TransformQuantity { get; init; }

    /// <summary>What an invoice's line is called.</summary>
    [LengthLimit(0, 255)]
    public string? DisplayName { get; init; }

    /// <summary>A note.</summary>
    [LengthLimit(0, 1000)]
    public string? Description { get; init; }

    /// <summary>Notes of the client's own; replaces what is there.</summary>
    [LengthLimit(0, 50)]
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }
}

/// <summary><c>DELETE /v1/prices/{id}</c>; the body may be left out.</summary>
[Refuses("end_date", "A price ends at once.")]
public sealed record DeletePriceRequest;

/// <summary>The query of <c>GET /v1/prices</c>.</summary>
public sealed record ListPricesQuery
{
    /// <summary>Only prices of this meter.</summary>
    [LengthLimit(1, 64)]
    public string? MeterId { get; init; }

    /// <summary>1 … 1,000; default 50.</summary>
    [Bounds(1, 1000)]
    public int? Limit { get; init; }

    /// <summary>How many to pass over.</summary>
    [Bounds(0, int.MaxValue)]
    public int? Offset { get; init; }
}

/// <summary><c>POST /v1/prices/search</c>. An empty object lists all, newest first.</summary>
[Ignores("expand", "allow_expired_prices")]
[Refuses("filters", "Tollgate finds prices by price_ids and meter_ids.")]
[Refuses("sort", "Prices are listed newest first.")]
[Refuses("entity_ids", "Every price is the environment's.")]
[Refuses("plan_ids", "Every price is the environment's.")]
[Refuses("parent_price_id", "Tollgate has no prices within prices.")]
[Refuses("subscription_id", "Tollgate has no subscriptions.")]
[Refuses("entity_type", "Every price is the environment's.")]
[Refuses("start_date_lt", "Prices have no start but their creation.")]
[Refuses("start_time", "Tollgate finds prices by price_ids and meter_ids.")]
[Refuses("end_time", "Tollgate finds prices by price_ids and meter_ids.")]
public sealed record SearchPricesRequest
{
    /// <summary>Only these prices.</summary>
    [LengthLimit(0, 1000)]
    public IReadOnlyList<string>? PriceIds { get; init; }

    /// <summary>Only prices of these meters.</summary>
    [LengthLimit(0, 1000)]
    public IReadOnlyList<string>? MeterIds { get; init; }

    /// <summary>Only prices in this state; default <c>published</c>.</summary>
    [OneOf(Statuses.Published, Statuses.Deleted)]
    public string? Status { get; init; }

    /// <summary>1 … 1,000; default 50.</summary>
    [Bounds(1, 1000)]
    public int? Limit { get; init; }

    /// <summary>How many to pass over.</summary>
    [Bounds(0, int.MaxValue)]
    public int? Offset { get; init; }

    /// <summary><c>asc</c> or <c>desc</c> by creation; default <c>desc</c>.</summary>
    [OneOf("asc", "desc")]
    public string? Order { get; init; }
}

/// <summary>What a meter costs in a currency.</summary>
[Lacks(
    "addon", "conversion_rate", "display_amount", "display_price_unit_amount", "end_date", "group", "group_id", "lookup_key",
    "meter", "parent_price_id", "plan", "price_unit", "price_unit_amount", "price_unit_id", "price_unit_tiers", "pricing_unit",
    "start_date", "trial_period")]
public sealed record PriceResponse
{
    /// <summary><c>price_…</c></summary>
    public required string Id { get; init; }

    /// <summary>The meter whose quantity is priced.</summary>
    public required string MeterId { get; init; }

    /// <summary>ISO 4217, in lower case.</summary>
    public required string Currency { get; init; }

    /// <summary><c>FLAT_FEE</c>, <c>TIERED</c> or <c>PACKAGE</c>.</summary>
    public required string BillingModel { get; init; }

    /// <summary>What one unit or package costs; null for <c>TIERED</c>.</summary>
    public required string? Amount { get; init; }

    /// <summary><c>SLAB</c> or <c>VOLUME</c>; null but for <c>TIERED</c>.</summary>
    public required string? TierMode { get; init; }

    /// <summary>Null but for <c>TIERED</c>.</summary>
    public required IReadOnlyList<PriceTier>? Tiers { get; init; }

    /// <summary>Null but for <c>PACKAGE</c>.</summary>
    public required PriceTransformQuantity? TransformQuantity { get; init; }

    /// <summary>Always <c>USAGE</c>.</summary>
    public required string Type { get; init; }

    /// <summary>Always <c>PLAN</c>.</summary>
    public required string EntityType { get; init; }

    /// <summary>The environment's id.</summary>
    public required string EntityId { get; init; }

    /// <summary>Always <c>RECURRING</c>.</summary>
    public required string BillingCadence { get; init; }

    /// <summary>The note of how often you mean to invoice.</summary>
    public required string BillingPeriod { get; init; }

    /// <summary>Always 1.</summary>
    public required int BillingPeriodCount { get; init; }

    /// <summary>Always <c>ARREAR</c>.</summary>
    public required string InvoiceCadence { get; init; }

    /// <summary>Always <c>FIAT</c>.</summary>
    public required string PriceUnitType { get; init; }

    /// <summary>What an invoice's line is called; null: as the meter.</summary>
    public required string? DisplayName { get; init; }

    /// <summary>A note.</summary>
    public required string? Description { get; init; }

    /// <summary>Notes of the client's own.</summary>
    public required IReadOnlyDictionary<string, string> Metadata { get; init; }

    /// <summary><c>published</c> or <c>deleted</c>.</summary>
    public required string Status { get; init; }

    /// <summary>The tenant it belongs to.</summary>
    public required string TenantId { get; init; }

    /// <summary>The environment it belongs to.</summary>
    public required string EnvironmentId { get; init; }

    /// <summary>When it was created.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it was last changed.</summary>
    public required DateTimeOffset UpdatedAt { get; init; }

    /// <summary>The account that created it.</summary>
    public required string CreatedBy { get; init; }

    /// <summary>The account that last changed it.</summary>
    public required string UpdatedBy { get; init; }
}

/// <summary>That something was done which has no other answer.</summary>
public sealed record SuccessResponse
{
    /// <summary>What was done.</summary>
    public required string Message { get; init; }
}
