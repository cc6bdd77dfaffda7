using System.Reflection;
using System.Text.Json;
using Microsoft.AspNetCore.Http.Metadata;
using Tollgate.Contracts;
using Tollgate.Server.Access;

namespace Tollgate.Server.Hosting;

/// <summary>The body of a control-plane request, strictly read: a handler with a parameter of this type gets a value that keeps every rule of its type.</summary>
internal sealed class Body<T>(T value) : IEndpointParameterMetadataProvider
    where T : class
{
    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = Limits.MaxJsonDepth };

    public T Value => value;

    public static void PopulateMetadata(ParameterInfo parameter, EndpointBuilder builder) =>
        builder.Metadata.Add(new AcceptsMetadata(["application/json"], typeof(T)));

    /// <summary>As <see cref="BindAsync"/>; null for a request without a body.</summary>
    public static async ValueTask<T?> ReadOptionalAsync(HttpContext context) =>
        context.Request is { ContentLength: null or 0, Headers.TransferEncoding.Count: 0 } ? null : (await BindAsync(context))!.Value;

    public static async ValueTask<Body<T>?> BindAsync(HttpContext context)
    {
        // Whoever has no credential yet has little to say.
        var rule = context.GetEndpoint()?.Metadata.GetMetadata<RouteRule>();
        var limit = rule?.Access == RouteAccess.Public ? Limits.MaxPublicBodyBytes : Limits.MaxBodyBytes;
        var text = await RequestText.ReadAsync(context.Request, limit, context.RequestAborted);
        return new Body<T>(Read(text));
    }

    private static T Read(ReadOnlyMemory<byte> text)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(text, Strict);
        }
        catch (JsonException exception)
        {
            throw new ProblemException(Problem.Invalid(
                "body", $"is not valid JSON (line {exception.LineNumber + 1}, byte {exception.BytePositionInLine + 1})."));
        }

        using (document)
        {
            var errors = new FieldErrors();
            try
            {
                WireShape.Of(typeof(T)).Check(document.RootElement, "", errors);
                errors.ThrowIfAny();
                return Deserialize(document.RootElement);
            }
            catch (InvalidOperationException)
            {
                // The reader lets an escape like \ud800 stand until its text is asked for: half a character is no text.
                throw new ProblemException(Problem.Invalid("body", "holds an escape of half a character (\\ud800 to \\udfff), which is no text."));
            }
        }
    }

    private static T Deserialize(JsonElement root)
    {
        var shape = WireShape.Of(typeof(T));
        // Members that are accepted without effect are no members of the type; the serializer would refuse them.
        var known = new System.Text.Json.Nodes.JsonObject();
        foreach (var property in root.EnumerateObject().Where(property => shape.Members.ContainsKey(property.Name)))
        {
            known[property.Name] = System.Text.Json.Nodes.JsonNode.Parse(property.Value.GetRawText());
        }

        return known.Deserialize<T>(WireJson.Options)!;
    }
}

/// <summary>A body that may be left out.</summary>
internal sealed class OptionalBody<T>(T? value) : IEndpointParameterMetadataProvider
    where T : class
{
    /// <summary>The body; null when there is none.</summary>
    public T? Value => value;

    public static void PopulateMetadata(ParameterInfo parameter, EndpointBuilder builder) =>
        builder.Metadata.Add(new AcceptsMetadata(["application/json"], typeof(T), isOptional: true));

    public static async ValueTask<OptionalBody<T>?> BindAsync(HttpContext context) => new(await Body<T>.ReadOptionalAsync(context));
}
