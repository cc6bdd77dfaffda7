using System.Collections.Frozen;
using System.Text;
using Microsoft.AspNetCore.Http.HttpResults;
using Tollgate.Server.Access;

namespace Tollgate.Server.Hosting;

/// <summary>
/// The page about each error code, where a problem's <c>type</c> points: that code's section of <c>docs/reference/errors.md</c>, which is
/// embedded so that the server explains itself without a network.
/// </summary>
internal static class ErrorPages
{
    private const string Resource = "errors.md";

    /// <summary>By code; each page is Markdown that begins with the code as its heading.</summary>
    public static FrozenDictionary<string, string> ByCode { get; } = Read();

    private static FrozenDictionary<string, string> Read()
    {
        using var stream = typeof(ErrorPages).Assembly.GetManifestResourceStream(Resource)
            ?? throw new InvalidOperationException($"{Resource} is not embedded.");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        const string Heading = "\n## ";
        return reader.ReadToEnd()
            .Split(Heading)
            .Skip(1)
            .Select(section => section.Split('\n', 2))
            .ToFrozenDictionary(
                section => section[0].Trim().Trim('`'),
                section => $"# {section[0].Trim()}\n{section[1].TrimEnd()}\n",
                StringComparer.Ordinal);
    }
}

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
