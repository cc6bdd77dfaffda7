using System.Text.Json;

namespace Tollgate.Dashboard.Parts;

/// <summary>One field of a thing before and after a change.</summary>
/// <param name="Field">Where it is, like <c>constraints.sources</c>.</param>
/// <param name="Before">Its values before; null when it was not there.</param>
/// <param name="After">Its values afterwards; null when it is not there.</param>
internal sealed record Difference(string Field, IReadOnlyList<string>? Before, IReadOnlyList<string>? After)
{
    public bool IsChange => Before is null || After is null || !Before.SequenceEqual(After);

    /// <summary>The fields of two versions, in the order they have there.</summary>
    public static IReadOnlyList<Difference> Between(JsonElement? before, JsonElement? after)
    {
        var (old, current) = (FieldsOf(before), FieldsOf(after));
        return
        [
            .. old.Keys.Union(current.Keys, StringComparer.Ordinal)
                .Select(field => new Difference(field, old.GetValueOrDefault(field), current.GetValueOrDefault(field))),
        ];
    }

    private static Dictionary<string, IReadOnlyList<string>> FieldsOf(JsonElement? thing)
    {
        var fields = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        if (thing is { } value)
        {
            Add("", value);
        }

        return fields;

        void Add(string path, JsonElement element)
        {
            if (element.ValueKind == JsonValueKind.Object && element.EnumerateObject().Any())
            {
                foreach (var member in element.EnumerateObject())
                {
                    Add(path.Length == 0 ? member.Name : $"{path}.{member.Name}", member.Value);
                }
            }
            else if (element.ValueKind == JsonValueKind.Array && element.EnumerateArray().Any(item => item.ValueKind is JsonValueKind.Object or JsonValueKind.Array))
            {
                foreach (var (index, item) in element.EnumerateArray().Index())
                {
                    Add($"{path}[{index}]", item);
                }
            }
            else
            {
                fields[path.Length == 0 ? "value" : path] = element.ValueKind == JsonValueKind.Array
                    ? [.. element.EnumerateArray().Select(TextOf)]
                    : [TextOf(element)];
            }
        }
    }

    private static string TextOf(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.String => element.GetString()!,
        JsonValueKind.Object => "none",
        JsonValueKind.Null => "none",
        JsonValueKind.True => "yes",
        JsonValueKind.False => "no",
        _ => element.GetRawText(),
    };
}
