using System.Globalization;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Events;
using Tollgate.Storage.Log;

namespace Tollgate.Server.Events;

/// <summary>How the files of events are opened, by the server and by the command that rebuilds them.</summary>
internal static partial class EventFiles
{
    private const string StoreFile = "events.duckdb";

    public static LocalEventLogOptions LogOptions(ServerOptions options) => new() { SegmentBytes = options.SegmentBytes };

    /// <summary>Opens the store. One that holds events which the log does not have belongs to another log, and is set aside.</summary>
    public static async Task<DuckDbEventStore> OpenStoreAsync(
        string folder, IEventLog log, ServerOptions options, TimeProvider time, ILogger logger, CancellationToken cancellationToken)
    {
        var store = await OpenStoreAsync(folder, options, time, logger, cancellationToken);
        if (store.AppliedSequence <= log.DurableSequence)
        {
            return store;
        }

        var applied = store.AppliedSequence;
        await store.DisposeAsync();
        var aside = SetAside(folder, "corrupt", time);
        LogForeign(logger, aside, applied, log.DurableSequence);
        return await OpenStoreAsync(folder, options, time, logger, cancellationToken);
    }

    /// <summary>Renames the store's file out of everybody's way; returns the new name, or null when there was no file.</summary>
    public static string? SetAside(string folder, string why, TimeProvider time)
    {
        string? name = null;
        foreach (var suffix in (ReadOnlySpan<string>)["", ".wal"])
        {
            var file = Path.Combine(folder, StoreFile + suffix);
            if (File.Exists(file))
            {
                var target = string.Create(CultureInfo.InvariantCulture, $"{StoreFile}.{why}-{time.GetUtcNow():yyyyMMdd'T'HHmmssfff'Z'}{suffix}");
                File.Move(file, Path.Combine(folder, target), overwrite: true);
                name ??= target;
            }
        }

        return name;
    }

    private static Task<DuckDbEventStore> OpenStoreAsync(
        string folder, ServerOptions options, TimeProvider time, ILogger logger, CancellationToken cancellationToken) =>
        DuckDbEventStore.OpenAsync(
            folder, new DuckDbEventStoreOptions { MemoryMegabytes = options.DuckDbMemoryMegabytes }, time, logger, cancellationToken);

    [LoggerMessage(6003, LogLevel.Warning, "The event store was set aside as {File} and is rebuilt from the log: it has events up to {Applied}, the log up to {Durable}")]
    private static partial void LogForeign(ILogger logger, string? file, long applied, long durable);
}
