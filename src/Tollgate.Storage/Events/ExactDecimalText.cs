namespace Tollgate.Storage.Events;

/// <summary>
/// The one text of a decimal number, so that equal numbers are equal text: 1.50, 1.5, 15e-1 and "1.5" are all <c>1.5</c>. The text has
/// the shape <c>-?(0|[1-9][0-9]{0,37})([.][0-9]{0,27}[1-9])?</c>; what doesn't fit into it is no decimal here.
/// </summary>
public static class ExactDecimalText
{
    /// <summary>Digits ahead of the point.</summary>
    public const int MaxWholeDigits = 38;

    /// <summary>Digits behind the point.</summary>
    public const int MaxFractionDigits = 28;

    /// <summary>Reads a number in the grammar of JSON and writes it in its one form; false for any other text and for numbers out of range.</summary>
    public static bool TryCanonical(string text, out string canonical)
    {
        canonical = "";
        var rest = text.AsSpan();
        var negative = rest is ['-', ..];
        rest = negative ? rest[1..] : rest;
        var whole = TakeDigits(ref rest);
        if (whole.Length == 0 || (whole.Length > 1 && whole[0] == '0'))
        {
            return false;
        }

        var fraction = ReadOnlySpan<char>.Empty;
        if (rest is ['.', ..])
        {
            rest = rest[1..];
            fraction = TakeDigits(ref rest);
            if (fraction.Length == 0)
            {
                return false;
            }
        }

        if (!TryTakeExponent(rest, out var exponent))
        {
            return false;
        }

        return TryWrite(negative, string.Concat(whole, fraction), whole.Length + exponent, out canonical);
    }

    /// <summary>Whether a text is a decimal in its one form.</summary>
    public static bool IsCanonical(string text)
    {
        var rest = text.AsSpan();
        rest = rest is ['-', ..] ? rest[1..] : rest;
        var whole = TakeDigits(ref rest);
        if (whole.Length is 0 or > MaxWholeDigits || (whole.Length > 1 && whole[0] == '0'))
        {
            return false;
        }

        if (rest is not ['.', ..])
        {
            return rest.Length == 0;
        }

        rest = rest[1..];
        var fraction = TakeDigits(ref rest);
        return rest.Length == 0 && fraction is { Length: > 0 and <= MaxFractionDigits } && fraction[^1] != '0';
    }

    private static ReadOnlySpan<char> TakeDigits(scoped ref ReadOnlySpan<char> rest)
    {
        var end = rest.IndexOfAnyExceptInRange('0', '9');
        var digits = end < 0 ? rest : rest[..end];
        rest = rest[digits.Length..];
        return digits;
    }

    private static bool TryTakeExponent(ReadOnlySpan<char> rest, out long exponent)
    {
        exponent = 0;
        if (rest.Length == 0)
        {
            return true;
        }

        if (rest[0] is not ('e' or 'E'))
        {
            return false;
        }

        rest = rest[1..];
        var negative = rest is ['-', ..];
        rest = rest is ['+' or '-', ..] ? rest[1..] : rest;
        var digits = TakeDigits(ref rest);
        if (digits.Length == 0 || rest.Length > 0)
        {
            return false;
        }

        // An exponent of many digits moves any other number than zero out of range, whatever it is.
        digits = digits.TrimStart('0');
        var size = digits.Length > 9 ? int.MaxValue : digits.Length == 0 ? 0 : int.Parse(digits, System.Globalization.CultureInfo.InvariantCulture);
        exponent = negative ? -size : size;
        return true;
    }

    /// <summary>Writes the digits with the point behind the first <paramref name="point"/> of them.</summary>
    private static bool TryWrite(bool negative, string digits, long point, out string canonical)
    {
        var significant = digits.TrimStart('0');
        point -= digits.Length - significant.Length;
        significant = significant.TrimEnd('0');
        if (significant.Length == 0)
        {
            canonical = "0";
            return true;
        }

        canonical = "";
        if (point > MaxWholeDigits || significant.Length - point > MaxFractionDigits)
        {
            return false;
        }

        var sign = negative ? "-" : "";
        if (point <= 0)
        {
            canonical = $"{sign}0.{new string('0', (int)-point)}{significant}";
        }
        else
        {
            var places = (int)point;
            canonical = places >= significant.Length
                ? $"{sign}{significant.PadRight(places, '0')}"
                : $"{sign}{significant[..places]}.{significant[places..]}";
        }

        return true;
    }
}
