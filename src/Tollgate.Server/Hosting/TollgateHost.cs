using System.Net;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Audit;
using Tollgate.Server.Sessions;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Hosting;

/// <summary>Puts the server together: storage, services, Kestrel, the pipeline and the routes.</summary>
internal sealed class TollgateHost : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ServerStorage _storage;
    private readonly ServerOptions _options;

    private TollgateHost(WebApplication app, ServerStorage storage, ServerOptions options) =>
        (_app, _storage, _options) = (app, storage, options);

    public IServiceProvider Services => _app.Services;

    /// <summary>The address the server listens at, with the port it was given.</summary>
    public string Url => _app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();

    /// <summary>Opens the folder and starts to listen. On a new folder, creates what the first start creates and tells it.</summary>
    public static async Task<TollgateHost> StartAsync(
        ServerOptions options, TimeProvider time, Func<FirstStartSecrets, Task> tell, CancellationToken cancellationToken)
    {
        // CA2000: the host owns it from here on and disposes it.
#pragma warning disable CA2000
        var storage = await ServerStorage.OpenAsync(options, time, cancellationToken);
#pragma warning restore CA2000
        var app = Build(options, time, () => storage);
        var host = new TollgateHost(app, storage, options);
        try
        {
            await using (var db = storage.Control.CreateContext())
            {
                await app.Services.GetRequiredService<AccessDirectory>().LoadAsync(db, time, cancellationToken);
            }

            await app.StartAsync(cancellationToken);
            var first = app.Services.GetRequiredService<FirstStart>();
            if (await first.IsDueAsync(cancellationToken))
            {
                await first.CreateAsync(options, "My organisation", host.Url, tell, cancellationToken);
            }

            app.Services.GetRequiredService<Readiness>().Started();
            return host;
        }
        catch
        {
            await app.StopAsync(CancellationToken.None);
            await host.DisposeAsync();
            throw;
        }
    }

    /// <summary>The application without storage, for the OpenAPI document. It can't be started.</summary>
    public static WebApplication BuildWithoutStorage(ServerOptions options) =>
        Build(options, TimeProvider.System, () => throw new InvalidOperationException("There is no storage."));

    public Task WaitForShutdownAsync() => _app.WaitForShutdownAsync();

    public Task StopAsync(CancellationToken cancellationToken) => _app.StopAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        await _storage.DisposeAsync();
    }

    private static WebApplication Build(ServerOptions options, TimeProvider time, Func<ServerStorage> storage)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "tollgate-server" });
        builder.Logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.UseUtcTimestamp = true;
            console.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z' ";
            console.ColorBehavior = Microsoft.Extensions.Logging.Console.LoggerColorBehavior.Disabled;
        });
        builder.Logging.SetMinimumLevel(options.LogLevel);
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);
        builder.WebHost.UseKestrelCore().UseSockets().ConfigureKestrel(kestrel => Configure(kestrel, options));
        AddServices(builder.Services, options, time, storage);
        var app = builder.Build();
        Api.UsePipeline(app);
        Program.MapRoutes(app);
        return app;
    }

    private static void Configure(KestrelServerOptions kestrel, ServerOptions options)
    {
        kestrel.AddServerHeader = false;
        kestrel.AllowSynchronousIO = false;
        kestrel.Limits.MaxRequestBodySize = Math.Max(Limits.MaxBodyBytes, options.MaxIngestBodyBytes);
        kestrel.Limits.MaxRequestLineSize = Limits.MaxRequestLineBytes;
        kestrel.Limits.MaxRequestHeadersTotalSize = Limits.MaxHeaderBytes;
        kestrel.Limits.MaxRequestHeaderCount = Limits.MaxHeaders;
        kestrel.Limits.MaxConcurrentConnections = Limits.MaxConnections;
        kestrel.Limits.RequestHeadersTimeout = Limits.HeaderTimeout;
        kestrel.Limits.KeepAliveTimeout = Limits.KeepAlive;
        var ids = kestrel.ApplicationServices.GetRequiredService<Ids>();
        foreach (var url in options.Urls)
        {
            var addresses = url.Host == "localhost" ? [IPAddress.Loopback] : new[] { IPAddress.Parse(url.Host.Trim('[', ']')) };
            foreach (var address in addresses)
            {
                kestrel.Listen(address, url.Port, listen =>
                {
                    listen.Protocols = HttpProtocols.Http1;
                    listen.Use(next => BareErrors.Wrap(next, ids));
                });
            }
        }
    }

    private static void AddServices(IServiceCollection services, ServerOptions options, TimeProvider time, Func<ServerStorage> storage)
    {
        services.AddRoutingCore();
        services.Configure<HostOptions>(host => host.ShutdownTimeout = Limits.Drain);
        services.ConfigureHttpJsonOptions(json => WireJson.Apply(json.SerializerOptions));
        services.AddSingleton(options);
        services.AddSingleton(time);
        services.AddSingleton<Ids>();
        services.AddSingleton<ErrorAnswers>();
        services.AddSingleton<HostCheck>();
        services.AddSingleton(_ => storage().Folder);
        services.AddSingleton(_ => storage().Control);
        services.AddScoped(provider => provider.GetRequiredService<ControlStore>().CreateContext());
        services.AddSingleton<AccessDirectory>();
        services.AddSingleton<AccessGate>();
        services.AddSingleton<AuditTrail>();
        services.AddSingleton<ControlChanges>();
        services.AddSingleton<Passwords>();
        services.AddSingleton<LoginThrottle>();
        services.AddSingleton<FirstStart>();
        services.AddSingleton<Readiness>();
        services.AddHostedService<SessionUse>();
        OpenApiDocumentText.AddTo(services);
    }
}
