using Microsoft.AspNetCore.HttpOverrides;
using Tollgate.Server.Dashboard;
using Tollgate.Server.Events;
using Tollgate.Server.Hosting;

namespace Tollgate.Server.Access;

/// <summary>
/// The only door through which a route comes into the server: each is mapped with its <see cref="RouteRule"/>, which has no default.
/// The framework's own ways to map a route or put in a middleware do not compile outside this file (<c>BannedSymbols.txt</c>, decision 8).
/// </summary>
internal sealed class Api(IEndpointRouteBuilder routes, string prefix)
{
    /// <summary>The same routes under a longer path.</summary>
    public Api Under(string path) => new(routes, prefix + path);

    public RouteHandlerBuilder Get(string path, RouteRule rule, Delegate handler) => Map("GET", path, rule, handler);

    public RouteHandlerBuilder Post(string path, RouteRule rule, Delegate handler) => Map("POST", path, rule, handler);

    public RouteHandlerBuilder Put(string path, RouteRule rule, Delegate handler) => Map("PUT", path, rule, handler);

    public RouteHandlerBuilder Delete(string path, RouteRule rule, Delegate handler) => Map("DELETE", path, rule, handler);

    // RS0030: this file is the one door that the bans lead to.
#pragma warning disable RS0030
    /// <summary>The pipeline, in order. Nothing else runs before or after a handler.</summary>
    public static void UsePipeline(WebApplication app)
    {
        var ids = app.Services.GetRequiredService<Ids>();
        var errors = app.Services.GetRequiredService<ErrorAnswers>();
        var hosts = app.Services.GetRequiredService<HostCheck>();
        var gate = app.Services.GetRequiredService<AccessGate>();
        if (app.Services.GetRequiredService<ServerOptions>().TrustedProxies is { Count: > 0 } proxies)
        {
            app.UseForwardedHeaders(ForwardedBy(proxies));
        }

        app.Use((context, next) => RequestIds.AssignAsync(context, next, ids));
        app.Use(PageHeaders.AddAsync);
        app.Use(errors.InvokeAsync);
        app.Use(hosts.InvokeAsync);
        app.UseRouting();
        app.Use(gate.InvokeAsync);
    }

    /// <summary>
    /// Of the addresses in X-Forwarded-For, from the last one on, the first that is no trusted proxy's is where the request comes from. Other
    /// headers of the kind count for nothing.
    /// </summary>
    private static ForwardedHeadersOptions ForwardedBy(IReadOnlyList<System.Net.IPNetwork> proxies)
    {
        var options = new ForwardedHeadersOptions { ForwardedHeaders = ForwardedHeaders.XForwardedFor, ForwardLimit = null };
        options.KnownProxies.Clear();
        options.KnownIPNetworks.Clear();
        foreach (var proxy in proxies)
        {
            options.KnownIPNetworks.Add(proxy);
        }

        return options;
    }

    /// <summary>The dashboard's files, where the server was published with them: anybody may have them, and what they show is asked of the routes.</summary>
    public void MapDashboardFiles()
    {
        if (DashboardPage.IsThere)
        {
            routes.MapStaticAssets().WithMetadata(RouteRule.Public("The dashboard's program holds nothing that is not public.").For("GET /*", isJudgedAgain: false));
        }
    }

    private RouteHandlerBuilder Map(string method, string path, RouteRule rule, Delegate handler) =>
        routes.MapMethods(prefix + path, [method], handler)
            .WithName(NameOf(handler))
            .WithMetadata(rule.For($"{method} {prefix}{path}", IsJudgedAgain(handler)));
#pragma warning restore RS0030

    /// <summary>Changes and events are stored through one of these, and each judges the caller for the last time.</summary>
    private static bool IsJudgedAgain(Delegate handler) => handler.Method.GetParameters()
        .Any(parameter => parameter.ParameterType == typeof(ControlChanges) || parameter.ParameterType == typeof(EventArrivals));

    /// <summary>A handler is the method <c>HandleAsync</c> of the class that is named after what it does.</summary>
    private static string NameOf(Delegate handler) => handler.Method.DeclaringType!.Name;
}
