using System.Collections.Frozen;

namespace Tollgate.Server.Access;

/// <summary>The rule of every route by its name, like <c>PUT /v1/users/{id}/roles</c>, read from the routes themselves.</summary>
internal sealed class RouteTable(EndpointDataSource endpoints)
{
    private readonly Lazy<FrozenDictionary<string, RouteRule>> _rules = new(() => endpoints.Endpoints
        .Select(endpoint => endpoint.Metadata.GetMetadata<RouteRule>())
        .OfType<RouteRule>()
        // The files of the dashboard are many endpoints under one rule.
        .Distinct()
        .ToFrozenDictionary(rule => rule.Route, StringComparer.Ordinal));

    public RouteRule? Find(string name) => _rules.Value.GetValueOrDefault(name);
}
