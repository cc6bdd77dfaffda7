using System.Globalization;
using Tollgate.Server.Hosting;

namespace Tollgate.Server.Events;

/// <summary>Filters by property: for each name the values of which one must match.</summary>
internal static class EventFilters
{
    /// <summary>Adds what is wrong with filters that came as JSON and have passed the checks of their type.</summary>
    public static void Check(string field, IReadOnlyDictionary<string, IReadOnlyList<string>>? filters, FieldErrors errors)
    {
        foreach (var (name, values) in filters ?? new Dictionary<string, IReadOnlyList<string>>())
        {
            // No value at all would select nothing, or everything: neither can be meant.
            errors.Demand(values.Count > 0, $"{field}.{name}", "must not be empty.");
            errors.Demand(
                values.Count <= Limits.MaxFilterValues,
                $"{field}.{name}",
                string.Create(CultureInfo.InvariantCulture, $"must have at most {Limits.MaxFilterValues} items."));
        }
    }

    /// <summary>Reads <c>key:v1,v2;key2:v3</c>. The first colon ends the name; names and values have no comma or semicolon in them.</summary>
    public static IReadOnlyDictionary<string, IReadOnlyList<string>> Parse(string field, string? text, FieldErrors errors)
    {
        var filters = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        foreach (var part in text?.Split(';') ?? [])
        {
            var colon = part.IndexOf(':', StringComparison.Ordinal);
            if (colon < 1)
            {
                errors.Add(field, "must have the form key:v1,v2;key2:v3.");
                return filters;
            }

            errors.Demand(filters.TryAdd(part[..colon], part[(colon + 1)..].Split(',')), field, $"names {part[..colon]} twice.");
        }

        errors.Demand(
            filters.Count <= Limits.MaxFilterProperties,
            field,
            string.Create(CultureInfo.InvariantCulture, $"must have at most {Limits.MaxFilterProperties} members."));
        Check(field, filters, errors);
        return filters;
    }
}
