using System.Collections.Frozen;

namespace Tollgate.Server.Access;

/// <summary>The rule of every route by its name, like <c>PUT /v1/users/{id}/roles</c>, read from the routes themselves.</summary>
internal sealed class RouteTable(EndpointDataSource endpoints)
{
    private readonly Lazy<FrozenDictionary<string, RouteRule>> _rules = new(() => endpoints.Endpoints.OfType<RouteEndpoint>()
        .SelectMany(endpoint => endpoint.Metadata.GetRequiredMetadata<HttpMethodMetadata>().HttpMethods.Select(method =>
            KeyValuePair.Create($"{method} {endpoint.RoutePattern.RawText}", endpoint.Metadata.GetRequiredMetadata<RouteRule>())))
        .ToFrozenDictionary(StringComparer.Ordinal));

    public RouteRule? Find(string name) => _rules.Value.GetValueOrDefault(name);
}
