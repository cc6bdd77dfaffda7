using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;
using Tollgate.Server.Access;

namespace Tollgate.Server.Hosting;

/// <summary>
/// The OpenAPI document <c>v1</c>, made from the endpoints themselves and therefore the same whoever asks: the build writes it to
/// <c>openapi/v1.json</c>, the server serves it, a test compares the two.
/// </summary>
internal sealed partial class OpenApiDocumentText : IDisposable
{
    private const string Name = "v1";

    // Not made readable for HTML: the document is JSON and has apostrophes in it.
    private static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private readonly IServiceProvider _services;
    private readonly SemaphoreSlim _one = new(1, 1);
    private byte[]? _text;

    public OpenApiDocumentText(IServiceProvider services) => _services = services;

    public static void AddTo(IServiceCollection services)
    {
        services.AddSingleton<OpenApiDocumentText>();
        services.AddOpenApi(Name, options =>
        {
            options.OpenApiVersion = OpenApiSpecVersion.OpenApi3_1;
            options.CreateSchemaReferenceId = OpenApiSchemas.ReferenceId;
            options.AddSchemaTransformer(OpenApiSchemas.Apply);
            options.AddOperationTransformer(OpenApiOperations.ApplyAsync);
            options.AddDocumentTransformer(Apply);
        });
    }

    /// <summary>Writes the document of the server as it is built; needs no storage.</summary>
    public static async Task WriteAsync(string file, ServerOptions options, CancellationToken cancellationToken)
    {
        await using var app = TollgateHost.BuildWithoutStorage(options);
        // The start of a server publishes its routes to the services; this one never starts.
        app.UseEndpoints(static _ => { });
        var text = await app.Services.GetRequiredService<OpenApiDocumentText>().ReadAsync(cancellationToken);
        try
        {
            await File.WriteAllBytesAsync(file, text, cancellationToken);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"The file {file} can't be written: {exception.Message.TrimEnd('.')}.");
        }
    }

    /// <summary>The document as JSON in UTF-8: indented, with sorted paths and schemas, and a newline at the end.</summary>
    public async Task<byte[]> ReadAsync(CancellationToken cancellationToken)
    {
        // Made once: it is costly, and anybody may ask.
        await _one.WaitAsync(cancellationToken);
        try
        {
            return _text ??= await MakeAsync(cancellationToken);
        }
        finally
        {
            _one.Release();
        }
    }

    public void Dispose() => _one.Dispose();

    private async Task<byte[]> MakeAsync(CancellationToken cancellationToken)
    {
        var document = await _services.GetRequiredKeyedService<IOpenApiDocumentProvider>(Name).GetOpenApiDocumentAsync(cancellationToken);
        var json = (JsonObject)JsonNode.Parse(await document.SerializeAsJsonAsync(OpenApiSpecVersion.OpenApi3_1, cancellationToken))!;
        var paths = Sorted((JsonObject)json["paths"]!);
        foreach (var (_, methods) in paths.ToList())
        {
            foreach (var (_, operation) in (JsonObject)methods!)
            {
                operation!["responses"] = Sorted((JsonObject)operation["responses"]!);
            }
        }

        json["paths"] = paths;
        // The framework names the handlers' classes besides the features.
        var used = paths.SelectMany(path => (JsonObject)path.Value!)
            .SelectMany(method => (JsonArray)method.Value!["tags"]!)
            .Select(tag => (string)tag!)
            .ToHashSet(StringComparer.Ordinal);
        json["tags"] = new JsonArray([.. used.Order(StringComparer.Ordinal).Select(tag => new JsonObject { ["name"] = tag })]);
        json["components"]!["schemas"] = Sorted((JsonObject)json["components"]!["schemas"]!);
        Tidy(json);
        return Encoding.UTF8.GetBytes(json.ToJsonString(Indented) + "\n");
    }

    /// <summary>
    /// Two things the framework leaves: in descriptions a reference to a member comes as <c>string? ListEventsQuery.EventName</c>, which on
    /// the wire is <c>event_name</c>; and where null is among the types it has to be among the words as well.
    /// </summary>
    private static void Tidy(JsonNode? node)
    {
        if (node is JsonArray list)
        {
            foreach (var item in list)
            {
                Tidy(item);
            }
        }
        else if (node is JsonObject members)
        {
            if (members["enum"] is JsonArray words && members["type"] is JsonArray types && types.Any(type => (string?)type == "null"))
            {
                words.Add(null);
            }

            foreach (var (name, member) in members.ToList())
            {
                if (name == "description" && member is JsonValue text)
                {
                    members[name] = MemberReference().Replace(
                        (string)text!, match => $"`{JsonNamingPolicy.SnakeCaseLower.ConvertName(match.Groups[1].Value)}`");
                }
                else
                {
                    Tidy(member);
                }
            }
        }
    }

    [GeneratedRegex(@"[\w.<>?\[\]]+ \w+(?:Request|Response|Query)\.(\w+)")]
    private static partial Regex MemberReference();

    private static JsonObject Sorted(JsonObject unsorted) => new(unsorted
        .OrderBy(member => member.Key, StringComparer.Ordinal)
        .Select(member => KeyValuePair.Create(member.Key, member.Value?.DeepClone())));

    private static Task Apply(OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellationToken)
    {
        document.Info = new OpenApiInfo
        {
            Title = "Tollgate",
            Version = Name,
            Description = "A gate in front of usage events: who is calling, what they may do, and an exact count of what was sent. "
                + "Each operation names the permission it asks for in x-required-permission. Every error has one shape, ProblemResponse.",
            License = new OpenApiLicense { Name = "Apache-2.0", Identifier = "Apache-2.0" },
        };
        // Where the server is reached is its operator's to say.
        document.Servers = [new OpenApiServer { Url = "/" }];
        document.Components ??= new OpenApiComponents();
        document.Components.SecuritySchemes = new Dictionary<string, IOpenApiSecurityScheme>
        {
            [OpenApiOperations.ApiKeyScheme] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.ApiKey,
                In = ParameterLocation.Header,
                Name = "x-api-key",
                Description = "An API key.",
            },
            [OpenApiOperations.BearerScheme] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http,
                Scheme = "bearer",
                Description = "The same API key, as a bearer token.",
            },
            [OpenApiOperations.SessionScheme] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.ApiKey,
                In = ParameterLocation.Cookie,
                Name = SessionCookie.Name,
                Description = "The session of a person, from POST /v1/auth/login.",
            },
        };
        return Task.CompletedTask;
    }
}
