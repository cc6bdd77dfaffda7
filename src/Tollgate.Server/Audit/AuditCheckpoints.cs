using System.Text;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Audit;

/// <summary>
/// Keeps the head of each audit log every hour, at start and at a clean stop: in the database, and in a file beside it that only grows. The
/// file knows when the database is replaced by an older copy; copies of it elsewhere know when both are (decision 0022).
/// </summary>
internal sealed partial class AuditCheckpoints(ControlStore store, DataFolder folder, TimeProvider time, ILogger<AuditCheckpoints> logger)
    : BackgroundService
{
    private const string FileName = "audit-checkpoints.ndjson";

    private readonly SemaphoreSlim _one = new(1, 1);

    private string File => Path.Combine(folder.FullName, FileName);

    /// <summary>Compares the database with what the file knows; for the start, before anybody is let in.</summary>
    /// <exception cref="ControlStoreUnusableException">The database is older than the file, or another, or the file can't be read.</exception>
    public async Task CheckAsync(ControlDb db, CancellationToken cancellationToken)
    {
        var newest = new Dictionary<string, AuditCheckpointResponse>(StringComparer.Ordinal);
        var line = 0;
        await foreach (var text in LinesAsync(cancellationToken))
        {
            line++;
            try
            {
                var checkpoint = AuditCheckpointResponse.FromLine(text);
                newest[checkpoint.TenantId] = checkpoint;
            }
            catch (JsonException exception)
            {
                throw new ControlStoreUnusableException(
                    $"Line {line} of {FileName} can't be read, so nobody can tell whether the control database is the newest. "
                    + "Move the file away, keep it, and start again.",
                    exception);
            }
        }

        foreach (var checkpoint in newest.Values)
        {
            var row = await db.AuditRecords.AsNoTracking()
                .SingleOrDefaultAsync(record => record.TenantId == checkpoint.TenantId && record.Number == checkpoint.Number, cancellationToken);
            if (row is null || Convert.ToHexStringLower(row.Hash) != checkpoint.Hash)
            {
                // An older copy gives back keys that were revoked and people who were disabled since; nobody may get that unnoticed.
                throw new ControlStoreUnusableException(
                    $"The control database is {(row is null ? "older than" : "not the one that belongs to")} {FileName}: on "
                    + $"{Rfc3339.Format(checkpoint.At)} the audit log of {checkpoint.TenantId} had record {checkpoint.Number}, which this database "
                    + $"{(row is null ? "lacks" : "has otherwise")}. What was revoked since would work again. Restore the newest copy; or, to go "
                    + "on with this one, move that file away, keep it, start again, and revoke again what was revoked since.");
            }
        }
    }

    /// <summary>Keeps the heads that have moved since they were last kept.</summary>
    public async Task TakeAsync(CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        try
        {
            await using var db = store.CreateContext();
            var now = Rfc3339.ToMicroseconds(time.GetUtcNow());
            var moved = await db.AuditHeads.AsNoTracking()
                .Where(head => !db.AuditCheckpoints.Any(kept => kept.TenantId == head.TenantId && kept.Number == head.Number))
                .OrderBy(head => head.TenantId)
                .ToListAsync(cancellationToken);
            List<AuditCheckpoint> taken =
                [.. moved.Select(head => new AuditCheckpoint { TenantId = head.TenantId, Number = head.Number, Hash = head.Hash, At = now })];
            if (taken.Count > 0)
            {
                // The file first: what only the database knows does not outlive the database.
                await AppendAsync(taken, cancellationToken);
                db.AuditCheckpoints.AddRange(taken);
                await db.SaveChangesAsync(cancellationToken);
            }
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>Everything that is known of a tenant's log here.</summary>
    public async Task<IReadOnlyList<AuditMark>> MarksAsync(ControlDb db, string tenantId, CancellationToken cancellationToken)
    {
        var rows = await db.AuditCheckpoints.AsNoTracking().Where(row => row.TenantId == tenantId).ToListAsync(cancellationToken);
        List<AuditMark> marks = [.. rows.Select(row => AuditMark.Of(row.ToResponse()))];
        await foreach (var text in LinesAsync(cancellationToken))
        {
            if (TryRead(text) is { } checkpoint && checkpoint.TenantId == tenantId)
            {
                var mark = AuditMark.Of(checkpoint);
                marks.Add(mark with { Source = $"{mark.Source} in {FileName}" });
            }
        }

        return marks;
    }

    public override async Task StopAsync(CancellationToken cancellationToken)
    {
        await base.StopAsync(cancellationToken);
        await TryTakeAsync(cancellationToken);
    }

    public override void Dispose()
    {
        _one.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // The timer first: a test that moves the clock must not get ahead of it.
        using var timer = new PeriodicTimer(Limits.AuditCheckpointEvery, time);
        do
        {
            await TryTakeAsync(stoppingToken);
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private async Task TryTakeAsync(CancellationToken cancellationToken)
    {
        try
        {
            await TakeAsync(cancellationToken);
            await using var db = store.CreateContext();
            await IdempotentRequest.ForgetAsync(db, time.GetUtcNow(), cancellationToken);
        }
        catch (Exception exception) when (exception is DbUpdateException or IOException or UnauthorizedAccessException || ControlStore.IsUnavailable(exception))
        {
            // The next hour keeps what this one could not.
            LogNotTaken(logger, exception);
        }
    }

    private static AuditCheckpointResponse? TryRead(string line)
    {
        try
        {
            return AuditCheckpointResponse.FromLine(line);
        }
        catch (JsonException)
        {
            // The start refuses such a file; one that was damaged since is refused by the next.
            return null;
        }
    }

    private async Task AppendAsync(IEnumerable<AuditCheckpoint> taken, CancellationToken cancellationToken)
    {
        using var text = new MemoryStream();
        foreach (var checkpoint in taken)
        {
            text.Write(checkpoint.ToResponse().ToLine());
            text.WriteByte((byte)'\n');
        }

        await using var stream = new FileStream(File, new FileStreamOptions
        {
            Mode = FileMode.OpenOrCreate,
            Access = FileAccess.ReadWrite,
            Share = FileShare.Read,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
        // A line that a crash cut off was never relied on.
        stream.SetLength(await EndOfWholeLinesAsync(stream, cancellationToken));
        stream.Seek(0, SeekOrigin.End);
        await stream.WriteAsync(text.GetBuffer().AsMemory(0, (int)text.Length), CancellationToken.None);
        await stream.FlushAsync(CancellationToken.None);
        RandomAccess.FlushToDisk(stream.SafeFileHandle);
    }

    private static async Task<long> EndOfWholeLinesAsync(FileStream stream, CancellationToken cancellationToken)
    {
        const int LongestLine = 4096;
        var tail = new byte[Math.Min(stream.Length, LongestLine)];
        stream.Seek(-tail.Length, SeekOrigin.End);
        await stream.ReadExactlyAsync(tail, cancellationToken);
        return stream.Length - tail.Length + tail.AsSpan().LastIndexOf((byte)'\n') + 1;
    }

    /// <summary>The whole lines of the file; none when there is no file yet.</summary>
    private async IAsyncEnumerable<string> LinesAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (!System.IO.File.Exists(File))
        {
            yield break;
        }

        await using var stream = new FileStream(File, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        var length = await EndOfWholeLinesAsync(stream, cancellationToken);
        stream.Seek(0, SeekOrigin.Begin);
        using var reader = new StreamReader(stream, new UTF8Encoding(false), detectEncodingFromByteOrderMarks: false);
        for (var read = 0L; read < length && await reader.ReadLineAsync(cancellationToken) is { } line;)
        {
            read += Encoding.UTF8.GetByteCount(line) + 1;
            yield return line;
        }
    }

    [LoggerMessage(5002, LogLevel.Warning, "The heads of the audit logs could not be kept as checkpoints")]
    private static partial void LogNotTaken(ILogger logger, Exception exception);
}
