using System.Globalization;
using System.Reflection;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.OpenApi;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Events;

namespace Tollgate.Server.Hosting;

/// <summary>What the framework can't see of a route: its rule, its query, the ids in its path and the problems it may answer.</summary>
internal static partial class OpenApiOperations
{
    public const string ApiKeyScheme = "apiKey";
    public const string BearerScheme = "bearer";
    public const string SessionScheme = "session";

    public static async Task ApplyAsync(
        OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        var metadata = context.Description.ActionDescriptor.EndpointMetadata;
        var rule = metadata.OfType<RouteRule>().Single();
        var path = context.Description.RelativePath!;
        var forms = metadata.OfType<EventFormsMetadata>().SingleOrDefault();
        if (forms is not null)
        {
            await EventFormsDocument.AddBodyAsync(operation, context, forms, cancellationToken);
        }

        var hasBody = operation.RequestBody is not null;
        var query = metadata.OfType<QueryMetadata>().Select(item => item.Type).ToList();

        operation.Summary = Sentence(operation.OperationId!);
        operation.Description = Describe(rule);
        operation.Extensions = new Dictionary<string, IOpenApiExtension> { ["x-access"] = new JsonNodeExtension(JsonValue.Create(rule.AccessName)) };
        if (rule.Permission is not null)
        {
            operation.Extensions["x-required-permission"] = new JsonNodeExtension(JsonValue.Create(rule.Permission));
        }

        var document = context.Document!;
        operation.Tags = new HashSet<OpenApiTagReference> { Tag(metadata.OfType<MethodInfo>().Single(), document) };
        operation.Security = SecurityOf(rule, document);
        operation.Parameters = [.. PathParameters(path)];
        foreach (var type in query)
        {
            await AddQueryAsync(operation, context, type, cancellationToken);
        }

        if (forms is not null)
        {
            EventFormsDocument.AddHeaders(operation);
        }

        if (MayBeRepeated(rule, context.Description.HttpMethod!))
        {
            operation.Parameters.Add(new OpenApiParameter
            {
                Name = "Idempotency-Key",
                In = ParameterLocation.Header,
                Description = "A text of your own. The same request with the same text gets the first answer for 24 hours and does nothing again.",
                Schema = new OpenApiSchema { Type = JsonSchemaType.String, MinLength = 1, MaxLength = 255 },
            });
        }

        var problems = ProblemStatuses(rule, context.Description.HttpMethod!, path, hasBody, query.Count > 0);
        if (query.Any(type => WireShape.Of(type).Members.ContainsKey("id")))
        {
            problems.Add(404);
        }

        await AddProblemsAsync(operation, context, problems, cancellationToken);
    }

    /// <summary>The errors that a caller of such a route must expect; those of the connection (408, 414, 431) can come from any.</summary>
    private static SortedSet<int> ProblemStatuses(RouteRule rule, string method, string path, bool hasBody, bool hasQuery)
    {
        SortedSet<int> statuses = [500, 503];
        if (hasBody || hasQuery)
        {
            statuses.Add(400);
        }

        if (hasBody)
        {
            statuses.UnionWith([413, 415]);
        }

        if (path.Contains('{', StringComparison.Ordinal))
        {
            statuses.Add(404);
        }

        if (rule.Access != RouteAccess.Public)
        {
            // 403 without a permission: another environment than the key's, a constraint of the key, a password to be changed first, a page
            // of another origin. 429: a rate limit.
            statuses.UnionWith([401, 403, 429]);
        }
        else if (hasBody)
        {
            // Who sends a body without a credential wants one: a login.
            statuses.Add(401);
        }

        var reads = method == HttpMethods.Get || rule.Permission?.EndsWith(":" + Permissions.Read, StringComparison.Ordinal) == true;
        if (!reads && rule.Access != RouteAccess.Public)
        {
            statuses.Add(409);
        }

        if (!reads && hasBody)
        {
            statuses.Add(429);
        }

        return statuses;
    }

    /// <summary>Whether a client that got no answer may send the request again under its key; events have their ids for that.</summary>
    private static bool MayBeRepeated(RouteRule rule, string method) =>
        method == HttpMethods.Post
        && rule.Access != RouteAccess.Public
        && rule.Permission != Permissions.EventWrite
        && rule.Permission?.EndsWith(":" + Permissions.Read, StringComparison.Ordinal) != true;

    private static async Task AddProblemsAsync(
        OpenApiOperation operation, OpenApiOperationTransformerContext context, SortedSet<int> statuses, CancellationToken cancellationToken)
    {
        const string SchemaName = nameof(ProblemResponse);
        var document = context.Document!;
        if (document.Components?.Schemas?.ContainsKey(SchemaName) != true)
        {
            document.AddComponent(SchemaName, await context.GetOrCreateSchemaAsync(typeof(ProblemResponse), null, cancellationToken));
        }

        operation.Responses ??= [];
        foreach (var status in statuses)
        {
            operation.Responses[status.ToString(CultureInfo.InvariantCulture)] = new OpenApiResponse
            {
                Description = ReasonPhrases.GetReasonPhrase(status),
                Headers = status == 429 ? LimitHeaders() : null,
                Content = new Dictionary<string, OpenApiMediaType>
                {
                    [Problem.ContentType] = new() { Schema = new OpenApiSchemaReference(SchemaName, document) },
                },
            };
        }
    }

    private static Dictionary<string, IOpenApiHeader> LimitHeaders()
    {
        return new Dictionary<string, IOpenApiHeader>
        {
            ["Retry-After"] = Header(JsonSchemaType.Integer, "After how many seconds to come back."),
            ["RateLimit"] = Header(JsonSchemaType.String, "What is left; on every answer to a credential that is limited."),
            ["RateLimit-Policy"] = Header(JsonSchemaType.String, "The limits; on every answer to a credential that is limited."),
        };

        static OpenApiHeader Header(JsonSchemaType type, string description) =>
            new() { Description = description, Schema = new OpenApiSchema { Type = type } };
    }

    private static async Task AddQueryAsync(
        OpenApiOperation operation, OpenApiOperationTransformerContext context, Type type, CancellationToken cancellationToken)
    {
        var shape = WireShape.Of(type);
        var schema = await context.GetOrCreateSchemaAsync(type, null, cancellationToken);
        foreach (var (name, member) in schema.Properties ?? throw new InvalidOperationException($"{type} has no members."))
        {
            var own = (OpenApiSchema)member;
            var description = own.Description;
            own.Description = null;
            // A query has no null: a parameter is there or it is not.
            own.Type &= ~JsonSchemaType.Null;
            operation.Parameters!.Add(new OpenApiParameter
            {
                Name = name,
                In = ParameterLocation.Query,
                Required = shape.Members.TryGetValue(name, out var read) && read.Required,
                Description = description,
                Schema = own,
            });
        }
    }

    private static IEnumerable<IOpenApiParameter> PathParameters(string path) => ParameterInPath().Matches(path).Select(match => new OpenApiParameter
    {
        Name = match.Groups[1].Value,
        In = ParameterLocation.Path,
        Required = true,
        Schema = new OpenApiSchema { Type = JsonSchemaType.String },
    });

    /// <summary>The feature, which is the folder the route is written in.</summary>
    private static OpenApiTagReference Tag(MethodInfo handler, OpenApiDocument document)
    {
        var feature = handler.DeclaringType!.Namespace!.Split('.')[^1];
        // A reference that leads nowhere is written as null.
        document.Tags ??= new HashSet<OpenApiTag>();
        if (document.Tags.All(tag => tag.Name != feature))
        {
            document.Tags.Add(new OpenApiTag { Name = feature });
        }

        return new OpenApiTagReference(feature, document);
    }

    private static List<OpenApiSecurityRequirement> SecurityOf(RouteRule rule, OpenApiDocument document)
    {
        string[] schemes = rule.Access switch
        {
            RouteAccess.Public => [],
            RouteAccess.Session => [SessionScheme],
            _ => [ApiKeyScheme, BearerScheme, SessionScheme],
        };
        return [.. schemes.Select(scheme => new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(scheme, document)] = [] })];
    }

    private static string Describe(RouteRule rule) => rule.Access switch
    {
        RouteAccess.Public => $"Needs no credential. {rule.Reason}",
        RouteAccess.AnyPrincipal => $"Needs a credential and no permission. {rule.Reason}",
        RouteAccess.Session => $"Needs a person's session; a key is refused. {rule.Reason}",
        RouteAccess.Administrator => $"Needs the permission {rule.Permission}, and an administrator: a person who holds super_admin.",
        RouteAccess.KeyItself => $"Needs the permission {rule.Permission}, or is called with the very key that it names.",
        _ => $"Needs the permission {rule.Permission}.",
    };

    /// <summary><c>CreateApiKey</c> as <c>Create api key</c>.</summary>
    private static string Sentence(string name)
    {
        var words = WordStart().Replace(name, " $0").TrimStart().ToLowerInvariant();
        return char.ToUpperInvariant(words[0]) + words[1..];
    }

    [GeneratedRegex(@"\{\**([A-Za-z_]+)[^}]*\}")]
    private static partial Regex ParameterInPath();

    [GeneratedRegex("[A-Z]")]
    private static partial Regex WordStart();
}
