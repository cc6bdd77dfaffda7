using System.Globalization;
using CsCheck;
using Tollgate.Contracts;
using Tollgate.Server.Billing;
using Tollgate.Server.Hosting;
using Tollgate.Server.Usage;
using Tollgate.Storage.Events;
using Xunit;

namespace Tollgate.UnitTests.Billing;

/// <summary>Amounts against a model that counts tenths of units one by one, in 128-bit decimals that have room for them.</summary>
public sealed class PriceTermsTests
{
    private const int Cases = 3000;
    private const int TenthsPerUnit = 10;

    private static readonly string?[] Roundings = [null, "up", "down"];

    private static readonly Gen<decimal> Cents = Gen.Int[0, 500].Select(cents => cents / 100m);
    private static readonly Gen<int> Tenths = Gen.Frequency((1, Gen.Const(0)), (2, Gen.Int[-50, 0]), (10, Gen.Int[1, 400]), (4, Gen.Int[0, 40].Select(units => units * TenthsPerUnit)));

    private static readonly Gen<List<Tier>> Tiers =
        from ends in Gen.Int[1, 12].Array[0, 4]
        from prices in Gen.Select(Cents, Gen.Frequency((1, Cents.Select(cents => (decimal?)cents)), (1, Gen.Const((decimal?)null)))).Array[5]
        select TiersOf(ends, prices);

    [Fact]
    public void Graduated_tiers_price_each_part_by_the_tier_that_it_lies_in() => Gen.Select(Tiers, Tenths).Sample(
        (tiers, tenths) =>
        {
            var expected = 0m;
            var reached = new HashSet<Tier>();
            for (var tenth = 1; tenth <= tenths; tenth++)
            {
                // The tenth that ends at a tier's end is still in it.
                var tier = tiers.First(each => each.UpTo is not { } upTo || tenth <= upTo * TenthsPerUnit);
                expected += tier.Unit / TenthsPerUnit;
                expected += reached.Add(tier) ? tier.Flat ?? 0 : 0;
            }

            Same(expected, Terms(BillingModels.Tiered, mode: TierModes.Slab, tiers: tiers), tenths);
        },
        iter: Cases);

    [Fact]
    public void Volume_tiers_price_all_by_the_tier_that_the_whole_lies_in() => Gen.Select(Tiers, Tenths).Sample(
        (tiers, tenths) =>
        {
            var tier = tiers.First(each => each.UpTo is not { } upTo || tenths <= upTo * TenthsPerUnit);
            var expected = tenths <= 0 ? 0 : (tenths * tier.Unit / TenthsPerUnit) + (tier.Flat ?? 0);

            Same(expected, Terms(BillingModels.Tiered, mode: TierModes.Volume, tiers: tiers), tenths);
        },
        iter: Cases);

    [Fact]
    public void Packages_are_whole_and_rounded_as_the_price_says() => Gen.Select(Cents, Gen.Int[1, 7], Gen.Int[0, 2].Select(index => Roundings[index]), Tenths).Sample(
        (amount, size, round, tenths) =>
        {
            var (packages, rest) = (0, Math.Max(tenths, 0));
            for (; rest >= size * TenthsPerUnit; rest -= size * TenthsPerUnit)
            {
                packages++;
            }

            packages += rest > 0 && round != "down" ? 1 : 0;
            Same(packages * amount, Terms(BillingModels.Package, amount, packages: new PriceTransformQuantity { DivideBy = size, Round = round }), tenths);
        },
        iter: Cases);

    [Fact]
    public void A_flat_fee_is_the_quantity_times_the_amount_and_nothing_costs_nothing() => Gen.Select(Cents, Tenths).Sample(
        (amount, tenths) => Same(Math.Max(tenths, 0) * amount / TenthsPerUnit, Terms(BillingModels.FlatFee, amount), tenths), iter: Cases);

    [Fact]
    public void Amounts_are_rounded_half_up_to_the_minor_unit() => Gen.Select(Gen.Int[-100_000, 100_000], Gen.Int[0, 3]).Sample(
        (thousandths, digits) => Assert.Equal(
            Math.Round(thousandths / 10_000m, digits, MidpointRounding.AwayFromZero),
            decimal.Parse(new ExactDecimal(thousandths, 4).RoundedHalfUp(digits).ToFixedText(), CultureInfo.InvariantCulture)),
        iter: Cases);

    [Theory]
    [InlineData(0, 2, "0.00")]
    [InlineData(-5, 2, "-0.05")]
    [InlineData(12345, 3, "12.345")]
    [InlineData(7, 0, "7")]
    public void Fixed_text_keeps_the_digits_of_the_minor_unit(int unscaled, int scale, string expected) =>
        Assert.Equal(expected, new ExactDecimal(unscaled, scale).ToFixedText());

    [Fact]
    public void Digits_beyond_every_built_in_number_are_kept()
    {
        var terms = Terms(BillingModels.FlatFee, 0.000000000000000001m);
        var quantity = ExactDecimals.Stored("12345678901234567890123456789.0123456789");

        Assert.Equal("12345678901.2345678901234567890123456789", terms.AmountOf(quantity).ToNumber().ToString());
    }

    [Theory]
    [InlineData("usd", 2)]
    [InlineData("JPY", 0)]
    [InlineData("Kwd", 3)]
    public void Currencies_have_the_digits_of_ISO_4217(string code, int digits) =>
        Assert.Equal(digits, Currencies.DigitsOf(Currencies.Find(code)!));

    [Theory]
    [InlineData("xxx")]
    [InlineData("us")]
    [InlineData("")]
    [InlineData("ιqd")]
    [InlineData("KSH")]
    public void What_is_no_currency_is_none(string code) => Assert.Null(Currencies.Find(code));

    private static void Same(decimal expected, PriceTerms terms, int tenths) => Assert.Equal(
        expected, decimal.Parse(terms.AmountOf(new ExactDecimal(tenths, 1)).ToNumber().ToString(), CultureInfo.InvariantCulture));

    private static PriceTerms Terms(
        string model, decimal? amount = null, string? mode = null, List<Tier>? tiers = null, PriceTransformQuantity? packages = null)
    {
        var errors = new FieldErrors();
        var terms = PriceTerms.Of(
            model,
            amount?.ToString(CultureInfo.InvariantCulture),
            mode,
            tiers is null ? null : [.. tiers.Select(tier => new PriceTier
            {
                UpTo = tier.UpTo,
                UnitAmount = tier.Unit.ToString(CultureInfo.InvariantCulture),
                FlatAmount = tier.Flat?.ToString(CultureInfo.InvariantCulture),
            })],
            packages,
            errors);
        Assert.Null(errors.ToProblem());
        return terms;
    }

    private static List<Tier> TiersOf(int[] sizes, (decimal Unit, decimal? Flat)[] prices)
    {
        var (tiers, end) = (new List<Tier>(), 0L);
        for (var index = 0; index <= sizes.Length; index++)
        {
            end += index < sizes.Length ? sizes[index] : 0;
            tiers.Add(new Tier(index < sizes.Length ? end : null, prices[index].Unit, prices[index].Flat));
        }

        return tiers;
    }

    private sealed record Tier(long? UpTo, decimal Unit, decimal? Flat);
}
