using System.Globalization;
using System.Numerics;

namespace Tollgate.Storage.Events;

/// <summary>
/// Exact decimals as whole numbers of 10^-28, the smallest step that <see cref="ExactDecimalText"/> knows: they can be added and
/// compared in any order, and nothing overflows.
/// </summary>
internal static class ExactUnits
{
    private const int Scale = ExactDecimalText.MaxFractionDigits;

    // More digits than these don't fit into a long for certain.
    private const int DigitsOfLong = 18;

    private static readonly BigInteger[] Powers = [.. Enumerable.Range(0, Scale + 1).Select(power => BigInteger.Pow(10, power))];

    public static BigInteger One => Powers[Scale];

    /// <summary>Reads a plain decimal with at most 28 digits behind the point: digits, perhaps a sign and a point.</summary>
    public static BigInteger Parse(string text)
    {
        var point = text.IndexOf('.', StringComparison.Ordinal);
        var fraction = point < 0 ? 0 : text.Length - point - 1;
        var digits = point < 0 ? text : text.Remove(point, 1);
        var unscaled = digits.Length <= DigitsOfLong
            ? long.Parse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture)
            : BigInteger.Parse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        return unscaled * Powers[Scale - fraction];
    }

    /// <summary>The one text of the number: no zeros that say nothing.</summary>
    public static string Text(BigInteger units)
    {
        if (units.IsZero)
        {
            return "0";
        }

        var digits = BigInteger.Abs(units).ToString(CultureInfo.InvariantCulture).PadLeft(Scale + 1, '0');
        var text = string.Concat(digits.AsSpan(0, digits.Length - Scale), ".", digits.AsSpan(digits.Length - Scale)).TrimEnd('0').TrimEnd('.');
        return units.Sign < 0 ? "-" + text : text;
    }

    public static ExactDecimal Exact(BigInteger units)
    {
        var scale = Scale;
        while (scale > 0 && units % 10 == 0)
        {
            units /= 10;
            scale--;
        }

        return new ExactDecimal(units, scale);
    }

    /// <summary>Divides and rounds once: to the nearest whole unit, half of one to the even neighbour.</summary>
    /// <param name="units">What is divided.</param>
    /// <param name="divisor">Above zero.</param>
    public static BigInteger Divide(BigInteger units, BigInteger divisor)
    {
        var quotient = BigInteger.DivRem(BigInteger.Abs(units), divisor, out var remainder);
        var half = (remainder * 2).CompareTo(divisor);
        if (half > 0 || (half == 0 && !quotient.IsEven))
        {
            quotient += 1;
        }

        return units.Sign < 0 ? -quotient : quotient;
    }
}
