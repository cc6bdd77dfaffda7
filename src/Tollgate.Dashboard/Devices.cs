namespace Tollgate.Dashboard;

/// <summary>The browser and system of a <c>User-Agent</c> in words: enough to tell one's own devices apart.</summary>
internal static class Devices
{
    // The order matters: each names those before it as well.
    private static readonly (string Mark, string Name)[] Browsers =
        [("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("HeadlessChrome/", "Chrome without a window"), ("Chrome/", "Chrome"), ("Safari/", "Safari"), ("curl/", "curl")];

    private static readonly (string Mark, string Name)[] Systems =
        [("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS X", "macOS"), ("CrOS", "ChromeOS"), ("Linux", "Linux")];

    /// <summary>Like <c>Firefox on Linux</c>; the text itself when it is no browser that is known.</summary>
    public static string Of(string? userAgent)
    {
        if (string.IsNullOrWhiteSpace(userAgent))
        {
            return "unknown program";
        }

        var (browser, system) = (Named(Browsers, userAgent), Named(Systems, userAgent));
        return browser is null ? userAgent : system is null ? browser : $"{browser} on {system}";
    }

    private static string? Named((string Mark, string Name)[] known, string userAgent) =>
        known.Where(each => userAgent.Contains(each.Mark, StringComparison.Ordinal)).Select(each => each.Name).FirstOrDefault();
}
