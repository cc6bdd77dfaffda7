using Microsoft.EntityFrameworkCore;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Sessions;

/// <summary>Writes when sessions were last used, once a minute and off the request path, and forgets the ones that have ended.</summary>
internal sealed partial class SessionUse(ControlStore store, AccessDirectory directory, TimeProvider time, ILogger<SessionUse> logger)
    : BackgroundService
{
    private static readonly TimeSpan Every = TimeSpan.FromMinutes(1);

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await TryWriteAsync(cancellationToken);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Every, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            await TryWriteAsync(stoppingToken);
        }
    }

    private async Task TryWriteAsync(CancellationToken cancellationToken)
    {
        try
        {
            await WriteAsync(cancellationToken);
        }
        catch (Exception exception) when (exception is DbUpdateException || ControlStore.IsUnavailable(exception))
        {
            // The next minute writes what this one could not.
            LogNotWritten(logger, exception);
        }
    }

    private async Task WriteAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        await using var db = store.CreateContext();
        foreach (var session in directory.AllSessions)
        {
            var seen = Contracts.Rfc3339.ToMicroseconds(session.LastSeenAt);
            if (session.ExpiresAt <= now || seen + Limits.SessionIdle <= now)
            {
                directory.RemoveSession(session);
                await db.Sessions.Where(row => row.Id == session.Id).ExecuteDeleteAsync(cancellationToken);
            }
            else if (seen > session.WrittenLastSeenAt)
            {
                var last = AcceptedRequest.Of(session.LastAccepted);
                await db.Sessions.Where(row => row.Id == session.Id)
                    .ExecuteUpdateAsync(
                        update => update.SetProperty(row => row.LastSeenAt, seen)
                            .SetProperty(row => row.LastAcceptedAt, last == null ? null : last.At)
                            .SetProperty(row => row.LastAcceptedIp, last == null ? null : last.Address)
                            .SetProperty(row => row.LastAcceptedRequestId, last == null ? null : last.RequestId)
                            .SetProperty(row => row.LastAcceptedRoute, last == null ? null : last.Route),
                        cancellationToken);
                session.WrittenLastSeenAt = seen;
            }
        }
    }

    [LoggerMessage(4001, LogLevel.Warning, "The last use of sessions could not be written")]
    private static partial void LogNotWritten(ILogger logger, Exception exception);
}
