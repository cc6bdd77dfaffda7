using System.Text;
using System.Text.Json;

namespace Tollgate.Storage.Events;

/// <summary>
/// An event's top-level properties in a form that is compared by value: the exact text of decimals, other strings to the letter,
/// <c>true</c> and <c>false</c> as words. Objects, lists and null have no value to compare.
/// </summary>
public static class PropertyValues
{
    /// <summary>The values of an event's top-level properties by their names, as they are compared; those without one are left out.</summary>
    /// <param name="properties">JSON of one object.</param>
    public static IReadOnlyDictionary<string, string> Of(string properties)
    {
        var (names, values, all) = (new List<string>(), new List<string>(), new Dictionary<string, string>(StringComparer.Ordinal));
        Read(properties, names, values);
        for (var index = 0; index < names.Count; index++)
        {
            all.TryAdd(names[index], values[index]);
        }

        return all;
    }

    // DuckDB's own JSON functions read numbers through binary floating point and lose digits.
    internal static void Read(string properties, List<string> names, List<string> values)
    {
        names.Clear();
        values.Clear();
        var reader = new Utf8JsonReader(Encoding.UTF8.GetBytes(properties));
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            reader.Read();
            var value = reader.TokenType switch
            {
                JsonTokenType.String => Text(ref reader),
                JsonTokenType.Number => Comparable(Encoding.UTF8.GetString(reader.ValueSpan)),
                JsonTokenType.True => "true",
                JsonTokenType.False => "false",
                _ => null,
            };
            reader.Skip();
            if (value is not null)
            {
                names.Add(name);
                values.Add(value);
            }
        }
    }

    /// <summary>Null for an escaped half of a character: no query can ask for it, and it must not stop the events behind it.</summary>
    private static string? Text(ref Utf8JsonReader reader)
    {
        try
        {
            return Comparable(reader.GetString()!);
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>The text that a value is compared by.</summary>
    public static string Comparable(string text) => ExactDecimalText.TryCanonical(text, out var canonical) ? canonical : text;
}
