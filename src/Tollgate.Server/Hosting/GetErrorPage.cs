using System.Text;
using Microsoft.AspNetCore.Http.HttpResults;
using Tollgate.Server.Access;

namespace Tollgate.Server.Hosting;

/// <summary><c>GET /errors/{code}</c>.</summary>
internal static class GetErrorPage
{
    public static void MapGetErrorPage(this Api root) =>
        root.Get("/errors/{code}", RouteRule.Public("Who was refused must be able to read why."), HandleAsync)
            .Produces<string>(StatusCodes.Status200OK, "text/markdown");

    private static Results<ContentHttpResult, Problem> HandleAsync(HttpContext context) =>
        ErrorPages.ByCode.TryGetValue(PathSegment.LastOf(context), out var page)
            ? TypedResults.Text(page, "text/markdown", Encoding.UTF8)
            : Problem.NotFound("error code") with { Detail = "The codes are those that answers have in code." };
}
