using System.Globalization;
using Tollgate.Server.Corrections;
using Tollgate.Server.Events;
using Tollgate.Storage.Control;
using Tollgate.Storage.Events;
using Tollgate.Storage.Log;

namespace Tollgate.Server.Hosting;

/// <summary><c>tollgate-server rebuild</c>: makes the event store anew from the log, with the server stopped.</summary>
internal static class Rebuild
{
    /// <summary>Rebuilds and says how many events there are in the log and in the new store. The old file is kept under another name.</summary>
    /// <exception cref="ConfigurationException">The folder can't be used, or the new store can't be written.</exception>
    /// <exception cref="LogDamagedException">The log can't be read to its end.</exception>
    public static async Task RunAsync(ServerOptions options, TimeProvider time, TextWriter output, CancellationToken cancellationToken)
    {
        if (!Directory.Exists(options.Folder))
        {
            throw new ConfigurationException($"The option Storage:Folder names {options.Folder}, which does not exist.");
        }

        using var folder = DataFolder.Open(options.Folder);
        using var loggers = LoggerFactory.Create(logging => TollgateHost.ConfigureLogging(logging, options));
        await using var log = await LocalEventLog.OpenAsync(
            folder.FullName, EventFiles.LogOptions(options), time, loggers.CreateLogger<LocalEventLog>(), cancellationToken);
        var corrections = await ReadCorrectionsAsync(folder, time, cancellationToken);
        if (EventFiles.SetAside(folder.FullName, "replaced", time) is { } aside)
        {
            await output.WriteLineAsync($"The event store of before is kept as {aside}.");
        }

        await FillAsync(folder.FullName, log, corrections, options, time, loggers, cancellationToken);

        // A file that is opened is counted; what was written is read once more.
        await using var store = await EventFiles.OpenStoreAsync(
            folder.FullName, log, options, time, loggers.CreateLogger("Tollgate.EventStore"), cancellationToken);
        if (store.AppliedSequence != log.DurableSequence)
        {
            throw new ConfigurationException(string.Create(
                CultureInfo.InvariantCulture,
                $"The log holds {log.DurableSequence} events and the new event store {store.AppliedSequence}."));
        }

        await output.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture, $"The log holds {log.DurableSequence} events; the new event store holds {store.AppliedSequence}."));
    }

    /// <summary>What was said about events after they were accepted: the new store is held to it from its first event on.</summary>
    private static async Task<EventCorrections> ReadCorrectionsAsync(DataFolder folder, TimeProvider time, CancellationToken cancellationToken)
    {
        await using var control = await ControlStore.OpenAsync(folder.ControlFile, time, cancellationToken);
        await using var db = control.CreateContext();
        return await EventCorrector.ReadAsync(db, folder.FullName, cancellationToken);
    }

    private static async Task FillAsync(
        string folder,
        LocalEventLog log,
        EventCorrections corrections,
        ServerOptions options,
        TimeProvider time,
        ILoggerFactory loggers,
        CancellationToken cancellationToken)
    {
        try
        {
            await using var store = await EventFiles.OpenStoreAsync(
                folder, log, options, time, loggers.CreateLogger("Tollgate.EventStore"), cancellationToken);
            await EventCorrector.ApplyAsync(store, corrections, cancellationToken);
            using var writer = new EventWriter(log, store, time, loggers.CreateLogger<EventWriter>());
            await writer.CatchUpAsync(cancellationToken);
        }
        // CA1031: the engine's errors have no name above the storage; the operator gets one sentence, whichever it was.
#pragma warning disable CA1031
        catch (Exception exception) when (exception is not (LogDamagedException or OperationCanceledException))
#pragma warning restore CA1031
        {
            throw new ConfigurationException($"The new event store can't be written: {exception.Message}");
        }
    }
}
