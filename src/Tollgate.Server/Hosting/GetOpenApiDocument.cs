using System.Text.Json;
using Tollgate.Server.Access;

namespace Tollgate.Server.Hosting;

/// <summary><c>GET /openapi/v1.json</c>.</summary>
internal static class GetOpenApiDocument
{
    public static void MapGetOpenApiDocument(this Api root) =>
        root.Get("/openapi/v1.json", RouteRule.Public("It describes the wire and nobody's data."), HandleAsync)
            .Produces<JsonElement>(StatusCodes.Status200OK, "application/json");

    private static async Task<IResult> HandleAsync(OpenApiDocumentText document, CancellationToken cancellationToken) =>
        TypedResults.Bytes(await document.ReadAsync(cancellationToken), "application/json");
}
