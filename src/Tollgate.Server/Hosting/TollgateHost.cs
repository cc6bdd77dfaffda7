using System.Net;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Audit;
using Tollgate.Server.Corrections;
using Tollgate.Server.Dashboard;
using Tollgate.Server.Events;
using Tollgate.Server.Sessions;
using Tollgate.Storage.Control;
using Tollgate.Storage.Events;
using Tollgate.Storage.Log;

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
        var app = Build(options, time, storage);
        var host = new TollgateHost(app, storage, options);
        try
        {
            await using (var db = storage.Control.CreateContext())
            {
                await app.Services.GetRequiredService<AuditCheckpoints>().CheckAsync(db, cancellationToken);
                await app.Services.GetRequiredService<AccessDirectory>().LoadAsync(db, time, cancellationToken);
            }

            // Before anything is carried into the store or asked of it.
            await app.Services.GetRequiredService<EventCorrector>().BeginAsync(cancellationToken);

            await app.StartAsync(cancellationToken);
            var first = app.Services.GetRequiredService<FirstStart>();
            if (await first.IsDueAsync(cancellationToken))
            {
                await first.CreateAsync(options, "My organisation", host.Url, tell, cancellationToken);
                await app.Services.GetRequiredService<AuditCheckpoints>().TakeAsync(cancellationToken);
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
        Build(options, TimeProvider.System, storage: null);

    public Task WaitForShutdownAsync() => _app.WaitForShutdownAsync();

    public Task StopAsync(CancellationToken cancellationToken) => _app.StopAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync();
        await _storage.DisposeAsync();
    }

    /// <summary>One line an entry, to the console.</summary>
    public static void ConfigureLogging(ILoggingBuilder logging, ServerOptions options)
    {
        logging.AddSimpleConsole(console =>
        {
            console.SingleLine = true;
            console.UseUtcTimestamp = true;
            console.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z' ";
            console.ColorBehavior = Microsoft.Extensions.Logging.Console.LoggerColorBehavior.Disabled;
        });
        logging.SetMinimumLevel(options.LogLevel);
        logging.AddFilter("Microsoft", LogLevel.Warning);
        // A start that fails is told in one sentence by Program, and not by the framework with a stack.
        logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.Critical);
    }

    private static WebApplication Build(ServerOptions options, TimeProvider time, ServerStorage? storage)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions
        {
            ApplicationName = "tollgate-server",
            ContentRootPath = AppContext.BaseDirectory,
            WebRootPath = DashboardPage.Root,
        });
        ConfigureLogging(builder.Logging, options);
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
        // RequestText holds each route to its limit. Kestrel's own lies higher, because it cuts the connection, and a client that is still
        // sending would not get to read its 413.
        kestrel.Limits.MaxRequestBodySize = 4L * Math.Max(Limits.MaxBodyBytes, options.MaxIngestBodyBytes);
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

    private static void AddServices(IServiceCollection services, ServerOptions options, TimeProvider time, ServerStorage? storage)
    {
        services.AddRoutingCore();
        services.Configure<HostOptions>(host => host.ShutdownTimeout = Limits.Drain);
        services.ConfigureHttpJsonOptions(json =>
        {
            WireJson.Apply(json.SerializerOptions);
            // An event's properties may be as deep as a body, and an answer puts them into lists and objects of its own.
            json.SerializerOptions.MaxDepth = 2 * Limits.MaxJsonDepth;
        });
        services.AddSingleton(options);
        services.AddSingleton(time);
        services.AddSingleton<Ids>();
        services.AddSingleton<ErrorAnswers>();
        services.AddSingleton<HostCheck>();
        AddOpened(services, storage, opened => opened.Folder);
        AddOpened(services, storage, opened => opened.Control);
        AddOpened<IEventLog>(services, storage, opened => opened.Log);
        AddOpened(services, storage, opened => opened.EventIds);
        AddOpened(services, storage, opened => opened.Intake);
        AddOpened(services, storage, opened => opened.Events);
        AddOpened<IEventStore>(services, storage, opened => opened.Events);
        AddOpened(services, storage, opened => new EventCursor(opened.CursorSecret));
        AddOpened(services, storage, opened => new StreamPlaces(opened.CursorSecret));
        AddOpened(services, storage, opened => opened.InstanceKey);
        services.AddScoped(provider => provider.GetRequiredService<ControlStore>().CreateContext());
        services.AddSingleton<AccessDirectory>();
        services.AddSingleton<RateLimits>();
        services.AddSingleton<RequestBounds>();
        services.AddSingleton<Traps>();
        services.AddSingleton<DashboardPage>();
        services.AddSingleton<AccessGate>();
        services.AddSingleton<RouteTable>();
        services.AddSingleton<RecordedUse>();
        services.AddSingleton<AuditTrail>();
        services.AddSingleton<ControlChanges>();
        services.AddSingleton<DecisionLog>();
        services.AddSingleton<AuditCheckpoints>();
        services.AddHostedService(provider => provider.GetRequiredService<AuditCheckpoints>());
        services.AddSingleton<Passwords>();
        services.AddSingleton<LoginThrottle>();
        services.AddSingleton<SecondFactors>();
        services.AddSingleton<Reauthentication>();
        services.AddSingleton<TotpProof>();
        services.AddSingleton<FirstStart>();
        services.AddSingleton<ApiKeys.GitHubSignature>();
        services.AddSingleton<Readiness>();
        services.AddSingleton<EventArrivals>();
        services.AddSingleton<IngestRate>();
        services.AddSingleton(new IngestBudget(
            (long)Limits.MaxIngestBodies * options.MaxIngestBodyBytes, (long)Limits.MaxIngestBodiesPerTenant * options.MaxIngestBodyBytes));
        services.AddSingleton(new FairSlots(Limits.MaxQueries, Limits.MaxQueriesPerTenant, Limits.MaxQueriesWaitingPerTenant));
        services.AddSingleton<EventConstraints>();
        services.AddSingleton<EventReader>();
        services.AddSingleton<EventCorrector>();
        services.AddScoped<QuarantineEffects>();
        services.AddSingleton<EventRemovals>();
        services.AddSingleton<EventWriter>();
        services.AddSingleton<EventStreams>();
        services.AddSingleton<EventTail>();
        services.AddSingleton<AccessUse>();
        services.AddHostedService(provider => provider.GetRequiredService<AccessUse>());
        services.AddHostedService<SessionUse>();
        services.AddHostedService(provider => provider.GetRequiredService<EventWriter>());
        services.AddHostedService<EventStoreCheck>();
        services.AddHostedService(provider => provider.GetRequiredService<EventRemovals>());
        OpenApiDocumentText.AddTo(services);
    }

    /// <summary>
    /// Something of the storage, which disposes it itself, in its own order: the container disposes only what it has made. Without storage
    /// the service is known and can't be had.
    /// </summary>
    private static void AddOpened<T>(IServiceCollection services, ServerStorage? storage, Func<ServerStorage, T> part)
        where T : class
    {
        if (storage is null)
        {
            services.AddSingleton<T>(_ => throw new InvalidOperationException("There is no storage."));
        }
        else
        {
            services.AddSingleton(part(storage));
        }
    }
}
