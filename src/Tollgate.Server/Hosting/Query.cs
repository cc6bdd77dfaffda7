using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http.Metadata;
using Tollgate.Contracts;

namespace Tollgate.Server.Hosting;

/// <summary>The query of a request, as strictly read as a body: unknown, repeated and malformed parameters are a 400.</summary>
internal sealed class Query<T>(T value) : IEndpointParameterMetadataProvider
    where T : class
{
    public T Value => value;

    public static void PopulateMetadata(ParameterInfo parameter, EndpointBuilder builder) =>
        builder.Metadata.Add(new QueryMetadata(typeof(T)));

    public static ValueTask<Query<T>?> BindAsync(HttpContext context)
    {
        var shape = WireShape.Of(typeof(T));
        var errors = new FieldErrors();
        var values = new JsonObject();
        foreach (var (name, texts) in context.Request.Query)
        {
            if (!shape.Members.TryGetValue(name, out var member))
            {
                errors.Demand(shape.Ignored.Contains(name), name, "is not a known parameter.");
            }
            else if (texts.Count != 1)
            {
                errors.Add(name, "is there twice.");
            }
            else if (texts[0] is { Length: > 0 } text)
            {
                // An empty parameter counts as absent, as in the forms that browsers send.
                values[name] = ToJson(member.Type, text);
            }
        }

        // Through a document, so that a query is judged by the same rules as a body.
        using var document = JsonDocument.Parse(values.ToJsonString());
        shape.Check(document.RootElement, "", errors);
        errors.ThrowIfAny();
        return ValueTask.FromResult<Query<T>?>(new Query<T>(document.RootElement.Deserialize<T>(WireJson.Options)!));
    }

    /// <summary>The text as JSON of the member's type; a text that does not fit stays a string, which the check then names.</summary>
    private static JsonValue? ToJson(Type type, string text)
    {
        if (type == typeof(bool) && text is "true" or "false")
        {
            return JsonValue.Create(text == "true");
        }

        return (type == typeof(int) || type == typeof(long))
            && long.TryParse(text, System.Globalization.NumberStyles.AllowLeadingSign, System.Globalization.CultureInfo.InvariantCulture, out var number)
                ? JsonValue.Create(number)
                : JsonValue.Create(text);
    }
}

/// <summary>The type that a route's query is read into, for the OpenAPI document.</summary>
internal sealed record QueryMetadata(Type Type);
