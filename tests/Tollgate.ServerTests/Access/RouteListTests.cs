using Tollgate.Contracts;
using Tollgate.Server.Access;
using Xunit;

namespace Tollgate.ServerTests.Access;

/// <summary>A route exists only if somebody has written down who may come: in the code, in the expectation file and in the manifest alike.</summary>
public sealed class RouteListTests(TollgateServer server) : IClassFixture<TollgateServer>
{
    [Fact]
    public void The_server_has_exactly_the_routes_that_are_expected() =>
        Assert.Equal(
            ExpectedRoute.All.Select(route => route.Name).Order(StringComparer.Ordinal),
            ServedRoutes.Of(server).Order(StringComparer.Ordinal));

    [Fact]
    public void Every_route_declares_what_is_expected_of_it()
    {
        var declared = ServedRoutes.Endpoints(server).SelectMany(endpoint =>
        {
            var rule = endpoint.Metadata.GetMetadata<RouteRule>();
            Assert.NotNull(rule);
            return ServedRoutes.Methods(endpoint).Select(method => $"{method} {ServedRoutes.PathOf(endpoint)}: {rule.AccessName} {rule.Permission}");
        });

        Assert.Equal(
            ExpectedRoute.All.Select(route => $"{route.Name}: {route.Access} {route.Permission}").Order(StringComparer.Ordinal),
            declared.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task The_manifest_lists_exactly_what_is_expected()
    {
        using var response = await server.AdminClient.GetPathAsync("/v1/rbac/manifest");
        var manifest = await response.ReadAsync<ManifestResponse>(200);

        Assert.Equal(Permissions.All, manifest.Permissions);
        Assert.Equal(
            ExpectedRoute.All.Select(route => $"{route.Name}: {route.Access} {route.Permission}").Order(StringComparer.Ordinal),
            manifest.Routes.Select(route => $"{route.Method} {route.Path}: {route.Access} {route.Permission}").Order(StringComparer.Ordinal));
    }
}
