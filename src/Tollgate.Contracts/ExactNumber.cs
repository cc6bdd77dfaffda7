using System.Globalization;
using System.Numerics;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Tollgate.Contracts;

/// <summary>
/// A decimal number of any size, in plain notation without needless zeros, so that equal numbers have equal text. On the wire it is
/// a JSON number: clients that read it into binary floating point lose digits, clients that read the text lose none.
/// </summary>
[JsonConverter(typeof(ExactNumberConverter))]
public readonly record struct ExactNumber
{
    private readonly string? _text;

    private ExactNumber(string text) => _text = text;

    /// <summary>The number <paramref name="unscaled"/> × 10^-<paramref name="scale"/>.</summary>
    public static ExactNumber FromUnscaled(BigInteger unscaled, int scale)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(scale);
        var digits = BigInteger.Abs(unscaled).ToString(CultureInfo.InvariantCulture).PadLeft(scale + 1, '0');
        return Normalized(unscaled.Sign < 0, digits[..^scale], digits[^scale..]);
    }

    /// <summary>Reads plain notation: an optional minus, digits, and perhaps a point with digits behind it.</summary>
    public static bool TryParse(string? text, out ExactNumber number)
    {
        number = default;
        if (text is null)
        {
            return false;
        }

        var negative = text.StartsWith('-');
        var unsigned = negative ? text[1..] : text;
        var point = unsigned.IndexOf('.', StringComparison.Ordinal);
        var whole = point < 0 ? unsigned : unsigned[..point];
        var fraction = point < 0 ? "" : unsigned[(point + 1)..];
        if (!IsDigits(whole) || (point >= 0 && !IsDigits(fraction)))
        {
            return false;
        }

        number = Normalized(negative, whole, fraction);
        return true;
    }

    /// <summary>Reads a JSON number, or a JSON string with one, in plain notation.</summary>
    public static bool TryRead(JsonElement value, out ExactNumber number)
    {
        number = default;
        return value.ValueKind switch
        {
            JsonValueKind.Number => TryParse(value.GetRawText(), out number),
            JsonValueKind.String => TryParse(value.GetString(), out number),
            _ => false,
        };
    }

    /// <summary>The exact product.</summary>
    public static ExactNumber operator *(ExactNumber left, ExactNumber right) => Multiply(left, right);

    /// <summary>The exact product.</summary>
    public static ExactNumber Multiply(ExactNumber left, ExactNumber right)
    {
        var (one, scale) = left.ToUnscaled();
        var (other, otherScale) = right.ToUnscaled();
        return FromUnscaled(one * other, scale + otherScale);
    }

    /// <summary>The number in plain notation.</summary>
    public override string ToString() => _text ?? "0";

    private (BigInteger Unscaled, int Scale) ToUnscaled()
    {
        var text = ToString();
        var point = text.IndexOf('.', StringComparison.Ordinal);
        return (
            BigInteger.Parse(text.Replace(".", "", StringComparison.Ordinal), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture),
            point < 0 ? 0 : text.Length - point - 1);
    }

    private static bool IsDigits(string text) => text.Length > 0 && text.All(char.IsAsciiDigit);

    private static ExactNumber Normalized(bool negative, string whole, string fraction)
    {
        whole = whole.TrimStart('0');
        fraction = fraction.TrimEnd('0');
        if (whole.Length == 0 && fraction.Length == 0)
        {
            // Zero is the default value; keeping its text absent keeps the two equal, and no zero is negative.
            return default;
        }

        var text = $"{(negative ? "-" : "")}{(whole.Length == 0 ? "0" : whole)}{(fraction.Length == 0 ? "" : ".")}{fraction}";
        return new ExactNumber(text);
    }

    // The serializer creates it, from the attribute above.
#pragma warning disable CA1812
    private sealed class ExactNumberConverter : JsonConverter<ExactNumber>
#pragma warning restore CA1812
    {
        public override ExactNumber Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            using var document = JsonDocument.ParseValue(ref reader);
            if (TryRead(document.RootElement, out var number))
            {
                return number;
            }

            throw new JsonException("Not a number in plain decimal notation.");
        }

        public override void Write(Utf8JsonWriter writer, ExactNumber value, JsonSerializerOptions options) =>
            writer.WriteRawValue(value.ToString());
    }
}
