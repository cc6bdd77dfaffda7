namespace Tollgate.Server.Access;

/// <summary>The cookie that holds a session's secret and nothing else (decision 10). The <c>__Host-</c> prefix ties it to this origin.</summary>
internal static class SessionCookie
{
    public const string Name = "__Host-sid";

    private static readonly CookieOptions Attributes = new()
    {
        HttpOnly = true,
        Secure = true,
        SameSite = SameSiteMode.Strict,
        Path = "/",
        IsEssential = true,
    };

    public static bool TryRead(HttpRequest request, out string secret)
    {
        var found = request.Cookies.TryGetValue(Name, out var text);
        secret = text ?? "";
        return found;
    }

    public static void Set(HttpResponse response, string secret) => response.Cookies.Append(Name, secret, Attributes);

    public static void Clear(HttpResponse response) => response.Cookies.Delete(Name, Attributes);
}
