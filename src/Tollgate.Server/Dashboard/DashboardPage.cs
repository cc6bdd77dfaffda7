using System.Net.Mime;
using Microsoft.Net.Http.Headers;

namespace Tollgate.Server.Dashboard;

/// <summary>
/// The one page of the dashboard, which answers every address that a person's browser asks for and that is no route: which page it shows is
/// decided in the browser. Its files lie beside the server when it was published, as <c>./run</c> does.
/// </summary>
internal sealed class DashboardPage
{
    /// <summary>Where the files lie.</summary>
    public static string Root { get; } = Path.Combine(AppContext.BaseDirectory, "wwwroot");

    // Addresses that programs use: a mistyped one is told so, and not answered with a page.
    private static readonly string[] ForPrograms = ["/v1", "/health", "/healthz", "/openapi", "/errors", "/_framework", "/_content"];

    private readonly string _file = Path.Combine(Root, "index.html");

    /// <summary>Whether this server was published with its dashboard.</summary>
    public static bool IsThere { get; } = File.Exists(Path.Combine(Root, "index.html"));

    /// <summary>Whether a person's browser asks for a page.</summary>
    public static bool IsAskedForBy(HttpRequest request) =>
        IsThere
        && (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method))
        && Array.TrueForAll(ForPrograms, path => !request.Path.StartsWithSegments(path, StringComparison.OrdinalIgnoreCase))
        && MediaTypeHeaderValue.TryParseList(request.Headers.Accept, out var accepted)
        && accepted.Any(each => each.MediaType.Equals(MediaTypeNames.Text.Html, StringComparison.OrdinalIgnoreCase) && each.Quality is not 0);

    public Task SendAsync(HttpContext context)
    {
        context.Response.ContentType = "text/html; charset=utf-8";
        // A newer server has newer files.
        context.Response.Headers.CacheControl = "no-cache";
        return context.Response.SendFileAsync(_file, context.RequestAborted);
    }
}
