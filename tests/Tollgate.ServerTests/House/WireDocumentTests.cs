using System.Text.Json;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Xunit;

namespace Tollgate.ServerTests.House;

/// <summary>The routes, the manifest and the OpenAPI document say the same, and the committed document is the served one.</summary>
public sealed class WireDocumentTests(TollgateServer server) : IClassFixture<TollgateServer>
{
    [Fact]
    public async Task The_committed_document_is_what_the_server_serves()
    {
        var committed = await File.ReadAllTextAsync(Path.Combine(Clone.Root, "openapi", "v1.json"), TestContext.Current.CancellationToken);

        using var response = await server.AnonymousClient.GetPathAsync("/openapi/v1.json");
        await response.ShouldBeAsync(200);

        Assert.Equal(committed, await response.TextAsync());
        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
    }

    [Fact]
    public async Task The_manifest_has_every_route_with_its_rule_and_nothing_else()
    {
        using var response = await server.AdminClient.GetPathAsync("/v1/rbac/manifest");
        var manifest = await response.ReadAsync<ManifestResponse>(200);

        Assert.Equal(Permissions.All, manifest.Permissions);
        Assert.Equal(Routes(), manifest.Routes.Select(route => Line(route.Method, route.Path, route.Access, route.Permission)));
    }

    [Fact]
    public async Task The_document_has_every_route_with_its_rule_and_nothing_else()
    {
        var document = await DocumentAsync();
        var operations = document.GetProperty("paths").EnumerateObject()
            .SelectMany(path => path.Value.EnumerateObject().Select(operation => Line(
                operation.Name.ToUpperInvariant(),
                path.Name,
                operation.Value.GetProperty("x-access").GetString(),
                operation.Value.TryGetProperty("x-required-permission", out var permission) ? permission.GetString() : null)));

        Assert.Equal(Routes(), operations.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Every_operation_has_a_name_of_its_own_and_a_success_with_a_shape()
    {
        var operations = await OperationsAsync();

        Assert.Equal(operations.Count, operations.Select(operation => operation.GetProperty("operationId").GetString()).Distinct().Count());
        Assert.All(operations, operation =>
        {
            var successes = operation.GetProperty("responses").EnumerateObject().Where(response => response.Name.StartsWith('2')).ToList();
            Assert.NotEmpty(successes);
            Assert.All(successes, success => Assert.True(
                success.Name == "204" || success.Value.TryGetProperty("content", out _),
                $"{operation.GetProperty("operationId")} answers {success.Name} without a shape"));
        });
    }

    [Fact]
    public async Task Every_error_of_the_document_has_the_one_shape()
    {
        foreach (var operation in await OperationsAsync())
        {
            var errors = operation.GetProperty("responses").EnumerateObject().Where(response => response.Name[0] is '4' or '5').ToList();

            Assert.NotEmpty(errors);
            Assert.All(errors, error => Assert.Equal(
                "#/components/schemas/ProblemResponse",
                error.Value.GetProperty("content").GetProperty("application/problem+json").GetProperty("schema").GetProperty("$ref").GetString()));
        }
    }

    [Fact]
    public async Task Every_operation_that_needs_a_credential_says_which_and_may_refuse_it()
    {
        foreach (var operation in await OperationsAsync())
        {
            var schemes = operation.GetProperty("security").EnumerateArray()
                .SelectMany(requirement => requirement.EnumerateObject().Select(scheme => scheme.Name));
            var responses = operation.GetProperty("responses");
            string[] expected = operation.GetProperty("x-access").GetString() switch
            {
                "public" => [],
                "session" => ["session"],
                _ => ["apiKey", "bearer", "session"],
            };

            Assert.Equal(expected, schemes);
            Assert.True(expected.Length == 0 || (responses.TryGetProperty("401", out _) && responses.TryGetProperty("403", out _)));
        }
    }

    [Fact]
    public async Task Every_parameter_of_a_path_is_declared()
    {
        var document = await DocumentAsync();
        foreach (var path in document.GetProperty("paths").EnumerateObject())
        {
            var named = path.Name.Split('{').Skip(1).Select(part => part.Split('}')[0]).ToList();
            foreach (var operation in path.Value.EnumerateObject())
            {
                var declared = operation.Value.TryGetProperty("parameters", out var parameters)
                    ? parameters.EnumerateArray().Where(parameter => parameter.GetProperty("in").GetString() == "path").Select(parameter => parameter.GetProperty("name").GetString())
                    : [];

                Assert.Equal(named, declared);
            }
        }
    }

    [Fact]
    public async Task Limits_of_members_are_in_the_document()
    {
        var schemas = (await DocumentAsync()).GetProperty("components").GetProperty("schemas");
        var user = schemas.GetProperty(nameof(CreateUserRequest)).GetProperty("properties");
        var search = schemas.GetProperty(nameof(SearchUsersRequest)).GetProperty("properties");
        var key = schemas.GetProperty(nameof(CreatedApiKeyResponse)).GetProperty("properties");

        Assert.Equal(255, user.GetProperty("name").GetProperty("maxLength").GetInt32());
        Assert.Equal(["user", "service_account"], user.GetProperty("type").GetProperty("enum").EnumerateArray().Select(word => word.GetString()));
        Assert.Equal(1000, search.GetProperty("limit").GetProperty("maximum").GetInt32());
        Assert.Equal(1000, search.GetProperty("user_ids").GetProperty("maxItems").GetInt32());
        Assert.Equal("date-time", key.GetProperty("created_at").GetProperty("format").GetString());
    }

    [Fact]
    public async Task A_page_about_each_error_is_where_its_type_points()
    {
        using var refused = await server.AnonymousClient.GetPathAsync("/v1/users/me");
        var problem = await refused.ShouldBeProblemAsync(401, ErrorCodes.Unauthenticated);

        using var page = await server.AnonymousClient.GetPathAsync(problem.GetProperty("type").GetString() ?? "");
        await page.ShouldBeAsync(200);

        Assert.Equal("text/markdown", page.Content.Headers.ContentType?.MediaType);
        Assert.StartsWith("# unauthenticated\n", await page.TextAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/errors/no_such_code")]
    [InlineData("/errors/UNAUTHENTICATED")]
    [InlineData("/errors/..%2Flimits")]
    public async Task An_unknown_error_code_has_no_page(string path)
    {
        using var response = await server.AnonymousClient.GetPathAsync(path);

        await response.ShouldBeProblemAsync(404, ErrorCodes.NotFound);
    }

    private static string Line(string method, string path, string? access, string? permission) => $"{path} {method} {access} {permission}";

    private List<string> Routes() => [.. server.Host.Services.GetRequiredService<EndpointDataSource>().Endpoints
        .OfType<RouteEndpoint>()
        .SelectMany(endpoint =>
        {
            var rule = endpoint.Metadata.GetRequiredMetadata<RouteRule>();
            return endpoint.Metadata.GetRequiredMetadata<HttpMethodMetadata>().HttpMethods
                .Select(method => Line(method, endpoint.RoutePattern.RawText ?? "", rule.AccessName, rule.Permission));
        })
        .Order(StringComparer.Ordinal)];

    private async Task<JsonElement> DocumentAsync()
    {
        using var response = await server.AnonymousClient.GetPathAsync("/openapi/v1.json");
        return await response.JsonAsync(200);
    }

    private async Task<List<JsonElement>> OperationsAsync() =>
        [.. (await DocumentAsync()).GetProperty("paths").EnumerateObject().SelectMany(path => path.Value.EnumerateObject().Select(operation => operation.Value))];
}
