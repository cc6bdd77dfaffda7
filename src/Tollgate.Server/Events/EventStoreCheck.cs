using Tollgate.Storage.Events;

namespace Tollgate.Server.Events;

/// <summary>Reads the whole event store once after the start, so that damage is found before a query meets it.</summary>
internal sealed partial class EventStoreCheck(DuckDbEventStore store, EventWriter writer, ILogger<EventStoreCheck> logger) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            await store.VerifyAsync(stoppingToken);
            LogSound(logger);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The next start reads it again.
        }
        catch (EventStoreResetException exception)
        {
            LogReset(logger, exception, store.SetAside);
            writer.Wake();
        }
        // CA1031: a check that can't be run is no reason to stop the server; queries and readiness say what does not work.
#pragma warning disable CA1031
        catch (Exception exception)
#pragma warning restore CA1031
        {
            LogNotChecked(logger, exception);
        }
    }

    [LoggerMessage(6004, LogLevel.Debug, "The event store is sound")]
    private static partial void LogSound(ILogger logger);

    [LoggerMessage(6005, LogLevel.Error, "The event store is damaged and is rebuilt from the log; it was set aside as {File}")]
    private static partial void LogReset(ILogger logger, Exception exception, string? file);

    [LoggerMessage(6006, LogLevel.Warning, "The event store could not be checked")]
    private static partial void LogNotChecked(ILogger logger, Exception exception);
}
