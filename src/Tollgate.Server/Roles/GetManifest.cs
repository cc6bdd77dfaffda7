using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.StaticAssets;
using Tollgate.Contracts;
using Tollgate.Server.Access;

namespace Tollgate.Server.Roles;

/// <summary><c>GET /v1/rbac/manifest</c>: every route with what it asks for, read from the routes themselves.</summary>
internal static class GetManifest
{
    public static void MapGetManifest(this Api v1) =>
        v1.Get("/rbac/manifest", RouteRule.AnyPrincipal("What a route asks for is documentation."), HandleAsync);

    private static Ok<ManifestResponse> HandleAsync(EndpointDataSource endpoints) => TypedResults.Ok(new ManifestResponse
    {
        Permissions = Permissions.All,
        Routes =
        [
            // The dashboard's files are no routes of the API.
            .. endpoints.Endpoints.OfType<RouteEndpoint>().Where(endpoint => endpoint.Metadata.GetMetadata<StaticAssetDescriptor>() is null)
                .SelectMany(RoutesOf)
                .OrderBy(route => route.Path, StringComparer.Ordinal)
                .ThenBy(route => route.Method, StringComparer.Ordinal),
        ],
    });

    private static IEnumerable<ManifestRouteResponse> RoutesOf(RouteEndpoint endpoint)
    {
        var rule = endpoint.Metadata.GetRequiredMetadata<RouteRule>();
        return endpoint.Metadata.GetRequiredMetadata<HttpMethodMetadata>().HttpMethods.Select(method => new ManifestRouteResponse
        {
            Method = method,
            Path = endpoint.RoutePattern.RawText!,
            Access = rule.AccessName,
            Permission = rule.Permission,
            KeyPermission = rule.KeyPermission,
        });
    }
}
