using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Tollgate.Server.Events;

/// <summary>What the OpenAPI document says of the forms that a route takes events in.</summary>
internal static class EventFormsDocument
{
    /// <summary>The body, in each of its media types.</summary>
    public static async Task AddBodyAsync(
        OpenApiOperation operation, OpenApiOperationTransformerContext context, EventFormsMetadata forms, CancellationToken cancellationToken)
    {
        var content = new Dictionary<string, OpenApiMediaType>();
        foreach (var form in forms.Forms)
        {
            content[form.MediaType] = new OpenApiMediaType { Schema = await SchemaAsync(form.Schema, context, cancellationToken) };
        }

        operation.RequestBody = new OpenApiRequestBody { Required = true, Content = content };
    }

    /// <summary>The headers that a sender may describe the body in.</summary>
    public static void AddHeaders(OpenApiOperation operation)
    {
        Add("Content-Encoding", JsonSchemaType.String, "`gzip`, `br`, or absent.");
        Add("Content-Digest", JsonSchemaType.String, "`sha-256=:BASE64:` or `sha-512=:BASE64:` of the body as it is sent, by RFC 9530. Another body is a 400.");
        Add(EventCount.Header, JsonSchemaType.Integer, "How many events the body has. Another number is a 400.");

        void Add(string name, JsonSchemaType type, string description) => operation.Parameters!.Add(new OpenApiParameter
        {
            Name = name,
            In = ParameterLocation.Header,
            Description = description,
            Schema = new OpenApiSchema { Type = type },
        });
    }

    private static async Task<IOpenApiSchema> SchemaAsync(
        Type type, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        if (type.IsGenericType)
        {
            return new OpenApiSchema
            {
                Type = JsonSchemaType.Array,
                MinItems = 1,
                MaxItems = Hosting.Limits.MaxEventsPerRequest,
                Items = await SchemaAsync(type.GetGenericArguments()[0], context, cancellationToken),
            };
        }

        var document = context.Document!;
        if (document.Components?.Schemas?.ContainsKey(type.Name) != true)
        {
            document.AddComponent(type.Name, await context.GetOrCreateSchemaAsync(type, null, cancellationToken));
        }

        return new OpenApiSchemaReference(type.Name, document);
    }
}
