using Microsoft.AspNetCore.Http.Features;

namespace Tollgate.Server.Hosting;

/// <summary>
/// The last segment of a request's path, decoded once from what the client sent. Routing leaves <c>%2F</c> as it is and decodes
/// <c>%25</c>, so that ids of clients with a slash or a percent sign could not be told apart.
/// </summary>
internal static class PathSegment
{
    public static string LastOf(HttpContext context)
    {
        var path = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        var end = path.IndexOf('?', StringComparison.Ordinal);
        path = (end < 0 ? path : path[..end]).TrimEnd('/');
        return Uri.UnescapeDataString(path[(path.LastIndexOf('/') + 1)..]);
    }

    /// <summary>Whether a decoded segment could be an id at all.</summary>
    public static bool IsPossible(string text, int maxLength) =>
        text.Length is > 0 && text.Length <= maxLength && !text.Contains('\0', StringComparison.Ordinal);
}
