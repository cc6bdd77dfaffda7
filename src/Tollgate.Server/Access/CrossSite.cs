using Tollgate.Contracts;
using Tollgate.Server.Hosting;

namespace Tollgate.Server.Access;

/// <summary>Whether a browser sent the request from a page of another origin. A cookie comes along then; a key never does.</summary>
internal static class CrossSite
{
    /// <summary>The refusal of a request with a session that could change something and does not come from our own pages; else null.</summary>
    public static Problem? Refusal(HttpRequest request)
    {
        if (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method))
        {
            return null;
        }

        // Fetch metadata is what browsers say of themselves and pages can't forge; the origin is the fall-back for older ones.
        var site = request.Headers["Sec-Fetch-Site"].ToString();
        var own = site.Length > 0 ? site is "same-origin" or "none" : OwnOrigin(request);
        return own ? null : Foreign;
    }

    /// <summary>The refusal of a login that a page of another origin started; programs without a browser's headers may log in.</summary>
    public static Problem? LoginRefusal(HttpRequest request)
    {
        var said = request.Headers["Sec-Fetch-Site"].Count > 0 || request.Headers.Origin.Count > 0;
        return said ? Refusal(request) : null;
    }

    private static Problem Foreign { get; } = new(403, ErrorCodes.CrossOrigin, "A request with a session must come from the server's own pages.")
    {
        Error = "Forbidden",
        Detail = "Programs use an API key, or send the header Origin with the server's own address.",
    };

    private static bool OwnOrigin(HttpRequest request) =>
        request.Headers.Origin.ToString() == $"{request.Scheme}://{request.Host.Value}";
}
