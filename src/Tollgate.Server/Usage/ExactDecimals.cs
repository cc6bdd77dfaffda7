using System.Globalization;
using System.Numerics;
using Tollgate.Contracts;
using Tollgate.Storage.Events;

namespace Tollgate.Server.Usage;

/// <summary>Reckoning with decimals of any size. Nothing is rounded but by <see cref="RoundedHalfUp"/>.</summary>
internal static class ExactDecimals
{
    public static ExactDecimal Zero { get; } = new(BigInteger.Zero, 0);

    public static ExactDecimal Of(long number) => new(number, 0);

    /// <summary>Reads plain notation; null when it is something else.</summary>
    public static ExactDecimal? Parse(string? text)
    {
        if (!ExactNumber.TryParse(text, out var number))
        {
            return null;
        }

        var plain = number.ToString();
        var point = plain.IndexOf('.', StringComparison.Ordinal);
        return new ExactDecimal(
            BigInteger.Parse(plain.Replace(".", "", StringComparison.Ordinal), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture),
            point < 0 ? 0 : plain.Length - point - 1);
    }

    /// <summary>A stored text that was checked when it came.</summary>
    public static ExactDecimal Stored(string text) => Parse(text) ?? throw new InvalidDataException($"'{text}' is no decimal.");

    public static ExactNumber ToNumber(this ExactDecimal value) => ExactNumber.FromUnscaled(value.Unscaled, value.Scale);

    public static ExactDecimal Plus(this ExactDecimal left, ExactDecimal right)
    {
        var scale = Math.Max(left.Scale, right.Scale);
        return new ExactDecimal(left.At(scale) + right.At(scale), scale);
    }

    public static ExactDecimal Minus(this ExactDecimal left, ExactDecimal right) => left.Plus(new ExactDecimal(-right.Unscaled, right.Scale));

    public static ExactDecimal Times(this ExactDecimal left, ExactDecimal right) =>
        new(left.Unscaled * right.Unscaled, left.Scale + right.Scale);

    /// <summary>Below zero, zero, or above it: as <paramref name="left"/> is to <paramref name="right"/>.</summary>
    public static int ComparedTo(this ExactDecimal left, ExactDecimal right)
    {
        var scale = Math.Max(left.Scale, right.Scale);
        return left.At(scale).CompareTo(right.At(scale));
    }

    /// <summary>How often <paramref name="size"/>, above zero, goes into a number that is not below zero; what is left over counts as one when it is rounded up.</summary>
    public static ExactDecimal Packages(this ExactDecimal value, long size, bool up)
    {
        var (packages, rest) = BigInteger.DivRem(value.Unscaled, size * BigInteger.Pow(10, value.Scale));
        return new ExactDecimal(packages + (up && !rest.IsZero ? 1 : 0), 0);
    }

    /// <summary>With so many digits behind the point; a half goes away from zero.</summary>
    public static ExactDecimal RoundedHalfUp(this ExactDecimal value, int digits)
    {
        if (value.Scale <= digits)
        {
            return new ExactDecimal(value.At(digits), digits);
        }

        var unit = BigInteger.Pow(10, value.Scale - digits);
        var (whole, rest) = BigInteger.DivRem(BigInteger.Abs(value.Unscaled), unit);
        return new ExactDecimal(value.Unscaled.Sign * (whole + (rest * 2 >= unit ? 1 : 0)), digits);
    }

    /// <summary>Plain notation with all digits of the scale, needless zeros too: 12.50.</summary>
    public static string ToFixedText(this ExactDecimal value)
    {
        var digits = BigInteger.Abs(value.Unscaled).ToString(CultureInfo.InvariantCulture).PadLeft(value.Scale + 1, '0');
        return $"{(value.Unscaled.Sign < 0 ? "-" : "")}{digits[..^value.Scale]}{(value.Scale > 0 ? "." : "")}{digits[^value.Scale..]}";
    }

    private static BigInteger At(this ExactDecimal value, int scale) => value.Unscaled * BigInteger.Pow(10, scale - value.Scale);
}
