using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Tollgate.ServerTests.Access;

/// <summary>The routes that the running server has, from its endpoints.</summary>
internal static class ServedRoutes
{
    /// <summary>Like <c>GET /v1/users/{id}</c>, without constraints and catch-all marks.</summary>
    public static IReadOnlySet<string> Of(TollgateServer server) => Endpoints(server)
        .SelectMany(endpoint => Methods(endpoint).Select(method => $"{method} {PathOf(endpoint)}"))
        .ToHashSet();

    public static IEnumerable<RouteEndpoint> Endpoints(TollgateServer server) =>
        server.Host.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>();

    public static string PathOf(RouteEndpoint endpoint)
    {
        var path = "/" + string.Join('/', endpoint.RoutePattern.PathSegments.Select(segment => string.Concat(segment.Parts.Select(part => part switch
        {
            Microsoft.AspNetCore.Routing.Patterns.RoutePatternLiteralPart literal => literal.Content,
            Microsoft.AspNetCore.Routing.Patterns.RoutePatternSeparatorPart separator => separator.Content,
            Microsoft.AspNetCore.Routing.Patterns.RoutePatternParameterPart parameter => $"{{{parameter.Name}}}",
            _ => throw new InvalidOperationException($"{part} is of no known kind."),
        }))));
        return path;
    }

    public static IReadOnlyList<string> Methods(RouteEndpoint endpoint) =>
        endpoint.Metadata.GetMetadata<HttpMethodMetadata>()?.HttpMethods ?? ["ANY"];
}
