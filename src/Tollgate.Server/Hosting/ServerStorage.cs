using Microsoft.EntityFrameworkCore;
using Tollgate.Server.Events;
using Tollgate.Server.Sessions;
using Tollgate.Storage.Control;
using Tollgate.Storage.Events;
using Tollgate.Storage.Log;

namespace Tollgate.Server.Hosting;

/// <summary>Everything that is opened from the data folder before the server listens, and closed after its last request.</summary>
internal sealed class ServerStorage : IAsyncDisposable
{
    private readonly ILoggerFactory _loggers;

    private ServerStorage(ILoggerFactory loggers, DataFolder folder)
    {
        _loggers = loggers;
        Folder = folder;
    }

    public DataFolder Folder { get; }

    public ControlStore Control { get; private set; } = null!;

    /// <summary>The truth about events.</summary>
    public LocalEventLog Log { get; private set; } = null!;

    /// <summary>Every event id that was ever accepted.</summary>
    public EventIdIndex EventIds { get; private set; } = null!;

    /// <summary>The one way for events into the log.</summary>
    public EventIntake Intake { get; private set; } = null!;

    /// <summary>Where events are read; may be behind the log.</summary>
    public DuckDbEventStore Events { get; private set; } = null!;

    /// <summary>What page keys are sealed with.</summary>
    public byte[] CursorSecret { get; private set; } = [];

    /// <summary>What second factors are sealed with.</summary>
    public InstanceKey InstanceKey { get; private set; } = null!;

    /// <exception cref="ConfigurationException">The folder can't be used, or another server has it.</exception>
    /// <exception cref="ControlStoreUnusableException">The control database can't be used as it is.</exception>
    /// <exception cref="LogDamagedException">Acknowledged events are missing from the log, or unreadable.</exception>
    public static async Task<ServerStorage> OpenAsync(ServerOptions options, TimeProvider time, CancellationToken cancellationToken)
    {
        // CA2000: the storage owns both from here on and disposes them.
#pragma warning disable CA2000
        var folder = DataFolder.Open(options.Folder);
        var storage = new ServerStorage(LoggerFactory.Create(logging => TollgateHost.ConfigureLogging(logging, options)), folder);
#pragma warning restore CA2000
        try
        {
            await storage.OpenEachAsync(options, time, cancellationToken);
            return storage;
        }
        catch
        {
            await storage.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        // What is last in opening may still use what came before it. Nothing is null here but what an opening that failed did not reach.
        IAsyncDisposable?[] opened = [Intake, EventIds, Events, Log, Control];
        foreach (var each in opened)
        {
            if (each is not null)
            {
                await each.DisposeAsync();
            }
        }

        _loggers.Dispose();
        // Last: as long as anything is open the folder is ours.
        Folder.Dispose();
    }

    private async Task OpenEachAsync(ServerOptions options, TimeProvider time, CancellationToken cancellationToken)
    {
        // Side by side, because a start after a crash is waited for. Whatever fails, all have ended before it is told.
        await Task.WhenAll(
            Task.Run(() => OpenControlAsync(time, cancellationToken), cancellationToken),
            Task.Run(() => OpenEventsAsync(options, time, cancellationToken), cancellationToken));
    }

    private async Task OpenControlAsync(TimeProvider time, CancellationToken cancellationToken)
    {
        Control = await ControlStore.OpenAsync(Folder.ControlFile, time, cancellationToken);
        CursorSecret = await Server.Events.CursorSecret.ReadOrCreateAsync(Folder.FullName, cancellationToken);

        // The first query builds the model, which takes longer than the query.
        await using var db = Control.CreateContext();
        var sealedSomething = await db.SecondFactors.AnyAsync(cancellationToken);
        InstanceKey = await InstanceKey.OpenAsync(Folder.FullName, sealedSomething, cancellationToken);
    }

    private async Task OpenEventsAsync(ServerOptions options, TimeProvider time, CancellationToken cancellationToken)
    {
        var path = Folder.FullName;
        Log = await LocalEventLog.OpenAsync(path, EventFiles.LogOptions(options), time, _loggers.CreateLogger<LocalEventLog>(), cancellationToken);
        EventIds = await EventIdIndex.OpenAsync(
            path, Log, new EventIdIndexOptions(), time, _loggers.CreateLogger<EventIdIndex>(), cancellationToken);
        Intake = new EventIntake(Log, EventIds);
        Events = await EventFiles.OpenStoreAsync(path, Log, options, time, _loggers.CreateLogger<DuckDbEventStore>(), cancellationToken);
    }
}
