using System.Reflection;
using System.Text.Json;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.WebUtilities;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Audit;

namespace Tollgate.Server.Hosting;

/// <summary>Every answer that is an error, in the one shape of the contract's section 2.</summary>
internal sealed record Problem(int Status, string Code, string Message) : IResult, IStatusCodeHttpResult, IEndpointMetadataProvider
{
    public const string ContentType = "application/problem+json";

    /// <summary>Where Flexprice clients look for the reason; the same as <see cref="Message"/> unless the contract fixes another.</summary>
    public string Error { get; init; } = Message;

    /// <summary>What to do about it.</summary>
    public string Detail { get; init; } = Message;

    /// <summary>Facts for programs.</summary>
    public object? Details { get; init; }

    /// <summary>Who was refused, for a 403 that is given before the caller is known to the request; the audit log has each.</summary>
    public Denial? Denial { get; init; }

    /// <summary>Headers of the answer.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; init; } = new Dictionary<string, string>();

    int? IStatusCodeHttpResult.StatusCode => Status;

    /// <summary>One body for every missing, unknown, malformed, expired and revoked credential, so that nobody learns which it was.</summary>
    public static Problem Unauthenticated { get; } = new(401, ErrorCodes.Unauthenticated, "A valid API key or session is required.")
    {
        Error = "Unauthorized",
        Detail = "Send exactly one credential: x-api-key: KEY, or Authorization: Bearer KEY, or the session cookie.",
        Headers = new Dictionary<string, string> { ["WWW-Authenticate"] = "Bearer" },
    };

    public static Problem NotFound(string what) => new(404, ErrorCodes.NotFound, $"No such {what}.")
    {
        Error = "Not Found",
        Detail = $"There is no {what} with this id that you can reach in this environment.",
    };

    public static Problem Unavailable(string message) => new(503, ErrorCodes.ServiceUnavailable, message)
    {
        Detail = "Nothing of the request was stored. Send it again later.",
        Headers = new Dictionary<string, string> { ["Retry-After"] = "1" },
    };

    /// <summary>One field is wrong.</summary>
    public static Problem Invalid(string field, string text) => Invalid(new Dictionary<string, List<string>> { [field] = [text] });

    /// <summary>Fields are wrong; a body or query as a whole is named <c>body</c> or <c>query</c>.</summary>
    public static Problem Invalid(IReadOnlyDictionary<string, List<string>> errors)
    {
        var (field, texts) = errors.First();
        var first = $"{field}: {texts[0]}";
        var count = errors.Sum(error => error.Value.Count);
        return new Problem(400, ErrorCodes.ValidationError, count == 1 ? first : $"{first} ({count - 1} more)")
        {
            Detail = "details.errors names each field that is wrong. Nothing of the request was stored.",
            Details = new { errors },
        };
    }

    public static void PopulateMetadata(MethodInfo method, EndpointBuilder builder)
    {
        // The OpenAPI document lists problems by the route's rule; see OpenApiOperations.
    }

    /// <summary>Answers. Every refusal of a known caller comes through here, once, and is in the audit log before it is answered.</summary>
    public async Task ExecuteAsync(HttpContext httpContext)
    {
        string? decision = null;
        var refused = Status == StatusCodes.Status403Forbidden ? Denial ?? DenialOf(httpContext) : null;
        if (refused is { } denial)
        {
            var services = httpContext.RequestServices;
            decision = denial.Id ?? DecisionInDetails() ?? services.GetRequiredService<Ids>().Decision();
            await services.GetRequiredService<DecisionLog>().RecordAsync(denial, decision, Code, httpContext);
        }

        var response = httpContext.Response;
        response.StatusCode = Status;
        if (refused?.Permission is { } permission)
        {
            response.Headers["X-Accepted-Permissions"] = permission;
        }

        foreach (var (name, value) in Headers)
        {
            response.Headers[name] = value;
        }

        response.Headers.CacheControl = "no-store";
        response.ContentType = ContentType;
        var bytes = ToJson(httpContext.Request.Path, RequestIds.Of(httpContext), decision, refused);
        response.ContentLength = bytes.Length;
        if (!HttpMethods.IsHead(httpContext.Request.Method))
        {
            await response.Body.WriteAsync(bytes, httpContext.RequestAborted);
        }
    }

    /// <summary>The body; a refusal's details name its decision, what the route asks for and what the caller holds.</summary>
    public byte[] ToJson(string path, string requestId, string? decisionId = null, Denial? denial = null) => JsonSerializer.SerializeToUtf8Bytes(
        new ProblemResponse
        {
            Type = $"/errors/{Code}",
            Title = ReasonPhrases.GetReasonPhrase(Status),
            Status = Status,
            Error = Error,
            Message = Message,
            Detail = Detail,
            Code = Code,
            HttpStatusCode = Status,
            Instance = path,
            RequestId = requestId,
            Details = DetailsWith(decisionId, denial),
        },
        WireJson.Options);

    private static Denial? DenialOf(HttpContext context) =>
        context.Features.Get<Caller>() is { } caller && context.GetEndpoint()?.Metadata.GetMetadata<RouteRule>() is { } rule
            ? new Denial(caller, rule.Permission, rule.Access == RouteAccess.Administrator)
            : null;

    /// <summary>The id of a decision that was made, and logged, where the refusal was.</summary>
    private string? DecisionInDetails() =>
        Details is not null
        && JsonSerializer.SerializeToElement(Details, WireJson.Options).TryGetProperty("decision_id", out var id)
        && id.ValueKind == JsonValueKind.String
            ? id.GetString()
            : null;

    private JsonElement? DetailsWith(string? decisionId, Denial? denial)
    {
        if (decisionId is null)
        {
            return Details is null ? null : JsonSerializer.SerializeToElement(Details, WireJson.Options);
        }

        var details = Details is null ? [] : JsonSerializer.SerializeToNode(Details, WireJson.Options)!.AsObject();
        details["decision_id"] = decisionId;
        details.TryAdd("required_permission", denial?.Permission);
        details.TryAdd("held_roles", JsonSerializer.SerializeToNode(denial?.Caller.Rights.Roles, WireJson.Options));
        return JsonSerializer.SerializeToElement(details, WireJson.Options);
    }
}

/// <summary>Ends a request with a problem from code that has no answer of its own to give.</summary>
internal sealed class ProblemException(Problem problem) : Exception(problem.Message)
{
    public Problem Problem { get; } = problem;
}
