using System.Collections.Concurrent;
using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Tollgate.Contracts;

namespace Tollgate.Server.Hosting;

/// <summary>
/// Checks JSON against a wire type before it is read into one, so that one answer names every field that is wrong. What passes here
/// deserializes.
/// </summary>
internal sealed class WireShape
{
    private static readonly ConcurrentDictionary<Type, WireShape> Shapes = new();
    private static readonly NullabilityInfoContext Nullability = new();
    private static readonly Lock NullabilityLock = new();

    private readonly Dictionary<string, WireMember> _members;
    private readonly HashSet<string> _ignored;
    private readonly Dictionary<string, string> _refused;

    private WireShape(Type type)
    {
        _members = type.GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .Where(property => property.SetMethod is not null)
            .Select(MemberOf)
            .ToDictionary(member => member.Name, StringComparer.Ordinal);
        _ignored = [.. type.GetCustomAttributes<IgnoresAttribute>().SelectMany(attribute => attribute.Members)];
        _refused = type.GetCustomAttributes<RefusesAttribute>().ToDictionary(attribute => attribute.Member, attribute => attribute.Reason);
    }

    /// <summary>The members of a query or body, by their names on the wire.</summary>
    public IReadOnlyDictionary<string, WireMember> Members => _members;

    /// <summary>Members that are accepted and have no effect.</summary>
    public IReadOnlySet<string> Ignored => _ignored;

    public static WireShape Of(Type type) => Shapes.GetOrAdd(type, static type => new WireShape(type));

    /// <summary>Everything that is wrong with an object; empty when nothing is.</summary>
    public void Check(JsonElement value, string path, FieldErrors errors)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            errors.Add(path.Length == 0 ? "body" : path, "must be an object.");
            return;
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var property in value.EnumerateObject())
        {
            var name = path.Length == 0 ? property.Name : $"{path}.{property.Name}";
            if (!seen.Add(property.Name))
            {
                errors.Add(name, "is there twice.");
            }
            else if (_members.TryGetValue(property.Name, out var member))
            {
                member.Check(property.Value, name, errors);
            }
            else if (_refused.TryGetValue(property.Name, out var reason))
            {
                if (!IsEmpty(property.Value))
                {
                    errors.Add(name, reason);
                }
            }
            else if (!_ignored.Contains(property.Name))
            {
                errors.Add(name, "is not a known field.");
            }
        }

        foreach (var member in _members.Values.Where(member => member.Required && !seen.Contains(member.Name)))
        {
            errors.Add(path.Length == 0 ? member.Name : $"{path}.{member.Name}", "is required.");
        }
    }

    private static bool IsEmpty(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => true,
        JsonValueKind.Array => value.GetArrayLength() == 0,
        JsonValueKind.Object => !value.EnumerateObject().Any(),
        JsonValueKind.String => value.GetString()!.Length == 0,
        _ => false,
    };

    private static WireMember MemberOf(PropertyInfo property)
    {
        bool nullable;
        lock (NullabilityLock)
        {
            nullable = Nullability.Create(property).WriteState == NullabilityState.Nullable;
        }

        return new WireMember(
            JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name),
            property,
            Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType,
            property.GetCustomAttribute<RequiredMemberAttribute>() is not null,
            nullable);
    }
}

/// <summary>One member of a wire type.</summary>
internal sealed record WireMember(string Name, PropertyInfo Property, Type Type, bool Required, bool Nullable)
{
    private readonly LengthLimitAttribute? _length = Property.GetCustomAttribute<LengthLimitAttribute>();
    private readonly WordsAttribute? _oneOf = Property.GetCustomAttribute<WordsAttribute>();
    private readonly BoundsAttribute? _bounds = Property.GetCustomAttribute<BoundsAttribute>();

    public void Check(JsonElement value, string path, FieldErrors errors)
    {
        if (value.ValueKind == JsonValueKind.Null)
        {
            if (!Nullable)
            {
                errors.Add(path, "must not be null.");
            }

            return;
        }

        CheckType(Type, value, path, errors);
    }

    private void CheckType(Type type, JsonElement value, string path, FieldErrors errors)
    {
        if (type == typeof(string))
        {
            CheckText(value, path, errors);
        }
        else if (type == typeof(int) || type == typeof(long))
        {
            CheckNumber(type, value, path, errors);
        }
        else if (type == typeof(bool))
        {
            errors.Demand(value.ValueKind is JsonValueKind.True or JsonValueKind.False, path, "must be true or false.");
        }
        else if (type == typeof(DateTimeOffset))
        {
            errors.Demand(
                value.ValueKind == JsonValueKind.String && Rfc3339.TryParse(value.GetString(), out _),
                path,
                "must be an RFC 3339 time with a zone, for example 2026-01-31T08:00:00Z.");
        }
        else if (type == typeof(decimal))
        {
            errors.Demand(value.ValueKind == JsonValueKind.Number && IsExact(value.GetRawText()), path,
                "must be a number with at most 28 digits.");
        }
        else if (type == typeof(ExactNumber))
        {
            errors.Demand(ExactNumber.TryRead(value, out _), path, "must be a number in plain decimal notation.");
        }
        else if (ItemTypeOf(type, typeof(IReadOnlyDictionary<,>)) is { } memberType)
        {
            CheckMap(memberType, value, path, errors);
        }
        else if (ItemTypeOf(type, typeof(IReadOnlyList<>)) is { } itemType)
        {
            CheckList(itemType, value, path, errors);
        }
        else if (type != typeof(JsonElement))
        {
            WireShape.Of(type).Check(value, path, errors);
        }
    }

    private void CheckText(JsonElement value, string path, FieldErrors errors)
    {
        if (value.ValueKind != JsonValueKind.String)
        {
            errors.Add(path, "must be a string.");
            return;
        }

        var text = value.GetString()!;
        if (text.Contains('\0', StringComparison.Ordinal))
        {
            errors.Add(path, "must not contain a NUL character.");
        }
        else if (_oneOf is not null)
        {
            errors.Demand(_oneOf.Words.Contains(text), path, $"must be one of: {string.Join(", ", _oneOf.Words)}.");
        }
        else if (_length is not null && ItemTypeOf(Type, typeof(IReadOnlyList<>)) is null)
        {
            CheckLength(text.Length, "characters", path, errors);
        }
    }

    private void CheckNumber(Type type, JsonElement value, string path, FieldErrors errors)
    {
        long number = 0;
        var whole = value.ValueKind == JsonValueKind.Number
            && value.TryGetInt64(out number)
            && (type == typeof(long) || number is >= int.MinValue and <= int.MaxValue);
        if (!whole)
        {
            errors.Add(path, "must be a whole number.");
        }
        else if (_bounds is not null && (number < _bounds.Min || number > _bounds.Max))
        {
            errors.Add(path, _bounds.Max == int.MaxValue
                ? $"must be at least {_bounds.Min}."
                : $"must be between {_bounds.Min} and {_bounds.Max}.");
        }
    }

    private void CheckList(Type itemType, JsonElement value, string path, FieldErrors errors)
    {
        if (value.ValueKind != JsonValueKind.Array)
        {
            errors.Add(path, "must be a list.");
            return;
        }

        CheckLength(value.GetArrayLength(), "items", path, errors);
        var index = 0;
        foreach (var item in value.EnumerateArray())
        {
            CheckItem(itemType, item, $"{path}[{index++}]", errors);
        }
    }

    private void CheckMap(Type itemType, JsonElement value, string path, FieldErrors errors)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            errors.Add(path, "must be an object.");
            return;
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var property in value.EnumerateObject())
        {
            var name = $"{path}.{property.Name}";
            if (!seen.Add(property.Name))
            {
                errors.Add(name, "is there twice.");
            }
            else if (property.Name.Contains('\0', StringComparison.Ordinal))
            {
                errors.Add(path, "must not contain a NUL character.");
            }
            else
            {
                CheckItem(itemType, property.Value, name, errors);
            }
        }

        CheckLength(seen.Count, "members", path, errors);
    }

    private void CheckItem(Type itemType, JsonElement item, string path, FieldErrors errors)
    {
        if (item.ValueKind == JsonValueKind.Null)
        {
            errors.Add(path, "must not be null.");
        }
        else if (itemType == typeof(string))
        {
            errors.Demand(item.ValueKind == JsonValueKind.String, path, "must be a string.");
            errors.Demand(
                item.ValueKind != JsonValueKind.String || !item.GetString()!.Contains('\0', StringComparison.Ordinal),
                path,
                "must not contain a NUL character.");
        }
        else if (ItemTypeOf(itemType, typeof(IReadOnlyList<>)) is not null)
        {
            new WireMember(Name, Property, itemType, Required: true, Nullable: false).CheckInner(item, path, errors);
        }
        else
        {
            CheckType(itemType, item, path, errors);
        }
    }

    private void CheckInner(JsonElement value, string path, FieldErrors errors)
    {
        if (value.ValueKind != JsonValueKind.Array)
        {
            errors.Add(path, "must be a list.");
            return;
        }

        var index = 0;
        foreach (var item in value.EnumerateArray())
        {
            CheckItem(ItemTypeOf(Type, typeof(IReadOnlyList<>))!, item, $"{path}[{index++}]", errors);
        }
    }

    private void CheckLength(int length, string unit, string path, FieldErrors errors)
    {
        if (_length is null || (length >= _length.Min && length <= _length.Max))
        {
            return;
        }

        errors.Add(path, length < _length.Min
            ? length == 0 ? "must not be empty." : $"must have at least {_length.Min} {unit}."
            : $"must have at most {_length.Max} {unit}.");
    }

    private static bool IsExact(string text) =>
        text.Count(char.IsAsciiDigit) <= 28
        && decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out _);

    private static Type? ItemTypeOf(Type type, Type generic) =>
        type.IsGenericType && type.GetGenericTypeDefinition() == generic ? type.GetGenericArguments()[^1] : null;
}

/// <summary>What is wrong, by field.</summary>
internal sealed class FieldErrors
{
    // Enough to mend a request by; a hostile one must not make a large answer.
    private const int MaxErrors = 100;

    private readonly Dictionary<string, List<string>> _errors = new(StringComparer.Ordinal);
    private int _count;

    public bool Any => _count > 0;

    public void Add(string field, string text)
    {
        if (_count++ >= MaxErrors)
        {
            return;
        }

        const int LongestShown = 200;
        var name = field.Length <= LongestShown ? field : field[..LongestShown] + "…";
        if (!_errors.TryGetValue(name, out var texts))
        {
            _errors[name] = texts = [];
        }

        texts.Add(text);
    }

    public void Demand(bool condition, string field, string text)
    {
        if (!condition)
        {
            Add(field, text);
        }
    }

    /// <summary>The 400, when anything is wrong.</summary>
    public Problem? ToProblem() => Any ? Problem.Invalid(_errors) : null;

    /// <exception cref="ProblemException">Something is wrong.</exception>
    public void ThrowIfAny()
    {
        if (ToProblem() is { } problem)
        {
            throw new ProblemException(problem);
        }
    }
}
