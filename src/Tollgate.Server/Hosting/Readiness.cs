using Microsoft.EntityFrameworkCore;
using Tollgate.Server.Events;
using Tollgate.Storage.Control;
using Tollgate.Storage.Events;

namespace Tollgate.Server.Hosting;

/// <summary>Proves that the server can do its work: a write to the data folder and to the control database, a read from the event store.</summary>
internal sealed partial class Readiness(
    ControlStore control, DataFolder folder, IEventStore events, EventWriter writer, TimeProvider time, ILogger<Readiness> logger)
    : IDisposable
{
    // Anybody may ask; the disk is asked once a second at the most.
    private static readonly TimeSpan Kept = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim _one = new(1, 1);
    private string? _reason;
    private long _provedAt;
    private volatile bool _started;

    /// <summary>The first start is over and the event store has been opened.</summary>
    public void Started() => _started = true;

    /// <summary>Why the server is not ready, as a sentence; null when it is.</summary>
    public async Task<string?> WhyNotAsync(CancellationToken cancellationToken)
    {
        if (!_started)
        {
            return "The server is starting.";
        }

        await _one.WaitAsync(cancellationToken);
        try
        {
            if (_provedAt == 0 || time.GetElapsedTime(_provedAt) > Kept)
            {
                _reason = await ProveAsync();
                _provedAt = time.GetTimestamp();
            }

            return _reason;
        }
        finally
        {
            _one.Release();
        }
    }

    public void Dispose() => _one.Dispose();

    private async Task<string?> ProveAsync()
    {
        using var patience = new CancellationTokenSource(Patience, time);
        var step = "write to the data folder";
        try
        {
            await ProbeFolderAsync(patience.Token);
            step = "write to the control database";
            await using var db = control.CreateContext();
            var now = time.GetUtcNow().ToMicroseconds();
            await db.Database.ExecuteSqlAsync($"UPDATE readiness SET proved_at = {now}", patience.Token);
            step = "read from the event store";
            await events.ProbeAsync(patience.Token);
            return null;
        }
        // CA1031: whatever keeps the probe from working is the answer to the question it asks.
#pragma warning disable CA1031
        catch (Exception exception)
#pragma warning restore CA1031
        {
            LogNotReady(logger, exception, step);
            // If the store has begun anew because of what the probe found, there is much to carry over.
            writer.Wake();
            return $"The server can't {step} now.";
        }
    }

    private async Task ProbeFolderAsync(CancellationToken cancellationToken)
    {
        var file = Path.Combine(folder.FullName, "readiness");
        await using var stream = new FileStream(file, FileMode.Create, FileAccess.Write);
        await stream.WriteAsync("ok"u8.ToArray(), cancellationToken);
        await stream.FlushAsync(cancellationToken);
        RandomAccess.FlushToDisk(stream.SafeFileHandle);
    }

    [LoggerMessage(9002, LogLevel.Error, "Not ready: can't {Step}")]
    private static partial void LogNotReady(ILogger logger, Exception exception, string step);
}
