using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Tollgate.Contracts;

namespace Tollgate.Server.Hosting;

/// <summary>What the framework can't see of a wire type: the types with converters of their own, and the limits that its attributes state.</summary>
internal static class OpenApiSchemas
{
    /// <summary>The name of a type among the document's schemas; null writes it out wherever it is used.</summary>
    public static string? ReferenceId(JsonTypeInfo type) =>
        Plain(type.Type) is var plain && (plain == typeof(JsonElement) || plain == typeof(ExactNumber) || plain == typeof(DateTimeOffset))
            ? null
            : OpenApiOptions.CreateDefaultSchemaReferenceId(type);

    public static Task Apply(OpenApiSchema schema, OpenApiSchemaTransformerContext context, CancellationToken cancellationToken)
    {
        var property = context.JsonPropertyInfo;
        var nullable = property is { IsGetNullable: true } || Nullable.GetUnderlyingType(context.JsonTypeInfo.Type) is not null;
        var type = Plain(context.JsonTypeInfo.Type);
        if (type == typeof(ExactNumber))
        {
            Become(schema, JsonSchemaType.Number, nullable);
        }
        else if (type == typeof(DateTimeOffset))
        {
            Become(schema, JsonSchemaType.String, nullable);
            schema.Format = "date-time";
        }
        else if (type == typeof(JsonElement) || type == typeof(object))
        {
            Become(schema, JsonSchemaType.Object, nullable);
        }

        ApplyOpenness(schema, type);
        if (property?.AttributeProvider is PropertyInfo member)
        {
            ApplyMapValues(schema, member);
            ApplyLimits(schema, member);
        }

        return Task.CompletedTask;
    }

    private static Type Plain(Type type) => Nullable.GetUnderlyingType(type) ?? type;

    private static void Become(OpenApiSchema schema, JsonSchemaType type, bool nullable)
    {
        schema.Type = nullable ? type | JsonSchemaType.Null : type;
        schema.Pattern = null;
        schema.Format = null;
    }

    private static void ApplyOpenness(OpenApiSchema schema, Type type)
    {
        if (type.Name.Split('`')[0].EndsWith("Response", StringComparison.Ordinal) || type == typeof(CloudEventRequest))
        {
            // Requests are closed, answers are not: a later version may add members to them. A CloudEvent may have attributes of its sender's.
            schema.AdditionalPropertiesAllowed = true;
        }

        foreach (var name in type.GetCustomAttributes<IgnoresAttribute>().SelectMany(attribute => attribute.Members))
        {
            schema.Properties ??= new Dictionary<string, IOpenApiSchema>();
            schema.Properties[name] = new OpenApiSchema { Description = "Accepted for clients of Flexprice; has no effect.", Deprecated = true };
        }

        foreach (var name in type.GetCustomAttributes<LacksAttribute>().SelectMany(attribute => attribute.Members))
        {
            schema.Properties ??= new Dictionary<string, IOpenApiSchema>();
            schema.Properties[name] = new OpenApiSchema { Type = JsonSchemaType.Null, Description = "There for clients of Flexprice; always null.", Deprecated = true };
        }
    }

    /// <summary>The generator drops that the values of a map may be null.</summary>
    private static void ApplyMapValues(OpenApiSchema schema, PropertyInfo member)
    {
        var arguments = new NullabilityInfoContext().Create(member).GenericTypeArguments;
        if (arguments.Length == 2 && arguments[1].ReadState == NullabilityState.Nullable && schema.AdditionalProperties is OpenApiSchema values)
        {
            values.Type |= JsonSchemaType.Null;
        }
    }

    private static void ApplyLimits(OpenApiSchema schema, PropertyInfo member)
    {
        if (member.GetCustomAttribute<WordsAttribute>() is { } oneOf)
        {
            schema.Enum = [.. oneOf.Words.Select(word => JsonValue.Create(word))];
        }

        if (member.GetCustomAttribute<BoundsAttribute>() is { } bounds)
        {
            schema.Minimum = bounds.Min.ToString(System.Globalization.CultureInfo.InvariantCulture);
            // The largest int says "no limit of ours"; the format int32 says the rest.
            schema.Maximum = bounds.Max == int.MaxValue ? null : bounds.Max.ToString(System.Globalization.CultureInfo.InvariantCulture);
        }

        if (member.GetCustomAttribute<LengthLimitAttribute>() is not { } length)
        {
            return;
        }

        int? min = length.Min == 0 ? null : length.Min;
        switch (schema.Type & ~JsonSchemaType.Null)
        {
            case JsonSchemaType.String:
                (schema.MinLength, schema.MaxLength) = (min, length.Max);
                break;
            case JsonSchemaType.Array:
                (schema.MinItems, schema.MaxItems) = (min, length.Max);
                break;
            case JsonSchemaType.Object:
                (schema.MinProperties, schema.MaxProperties) = (min, length.Max);
                break;
            default:
                throw new InvalidOperationException($"{member.DeclaringType}.{member.Name} has a LengthLimit and no length.");
        }
    }
}
