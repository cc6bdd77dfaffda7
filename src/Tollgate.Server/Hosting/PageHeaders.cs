namespace Tollgate.Server.Hosting;

/// <summary>What browsers are told about every answer, and what a page may do.</summary>
internal static class PageHeaders
{
    // Mud's components style themselves, so styles may stand in the page. Scripts may not: they come from files of our own, and WebAssembly.
    private const string Policy =
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; "
        + "connect-src 'self'; manifest-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'";

    public static Task AddAsync(HttpContext context, RequestDelegate next)
    {
        context.Response.OnStarting(
            static state =>
            {
                var response = (HttpResponse)state;
                response.Headers.XContentTypeOptions = "nosniff";
                if (response.HttpContext.Request.Path.StartsWithSegments("/v1", StringComparison.OrdinalIgnoreCase) && response.Headers.CacheControl.Count == 0)
                {
                    // Keys that are shown once, and what people may see today and not tomorrow.
                    response.Headers.CacheControl = "no-store";
                }

                if (response.ContentType?.StartsWith("text/html", StringComparison.OrdinalIgnoreCase) == true)
                {
                    response.Headers.ContentSecurityPolicy = Policy;
                    response.Headers.XFrameOptions = "DENY";
                    response.Headers["Referrer-Policy"] = "no-referrer";
                    response.Headers["Cross-Origin-Opener-Policy"] = "same-origin";
                    response.Headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()";
                }

                return Task.CompletedTask;
            },
            context.Response);
        return next(context);
    }
}
