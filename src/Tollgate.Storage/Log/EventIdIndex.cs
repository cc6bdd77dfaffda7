using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;

namespace Tollgate.Storage.Log;

/// <summary>
/// The exact index of all event ids ever accepted, for ever (decision 4): from environment and id to the event's place in the log and
/// the digest of its content. Young ids are in memory, older ones in sorted files in <c>ids/</c> behind filters in memory. It is a
/// projection of the log: what is missing or damaged here is made again from there.
/// </summary>
/// <remarks>All members may be called concurrently; lookups and additions take turns, writing and merging files does not stop them.</remarks>
public sealed class EventIdIndex : IAsyncDisposable
{
    internal const string FolderName = "ids";

    // Two keys or digests of one batch are computed at a time at most; ids are short.
    private const int StackBytes = 512;

    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly string _folder;
    private readonly IEventLog _log;
    private readonly EventIdIndexOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Lock _gate = new();
    private readonly List<IdTable> _waiting = [];
    private readonly byte[] _page = new byte[IdRun.PageBytes];
    private readonly SemaphoreSlim _flushSignal = new(0);
    private readonly SemaphoreSlim _mergeSignal = new(0);
    private readonly CancellationTokenSource _stopping = new();
    private IdRun[] _runs;
    private IdTable _table;
    private Task _flushing = Task.CompletedTask;
    private Task _merging = Task.CompletedTask;
    private bool _disposed;

    private EventIdIndex(
        string folder, IEventLog log, EventIdIndexOptions options, TimeProvider time, ILogger logger, IdRun[] runs)
    {
        _folder = folder;
        _log = log;
        _options = options;
        _time = time;
        _logger = logger;
        _runs = runs;
        _table = new IdTable(runs.Length == 0 ? 1 : runs[^1].LastSequence + 1);
    }

    /// <summary>The index holds exactly the events 1 to this.</summary>
    public long CoveredSequence
    {
        get
        {
            lock (_gate)
            {
                return _table.LastSequence;
            }
        }
    }

    /// <summary>
    /// Whether full tables wait to be written in a number that should not grow: the disk is full or far too slow. Nothing is wrong with
    /// the answers, but no more events should be accepted for now.
    /// </summary>
    public bool IsBehind
    {
        get
        {
            lock (_gate)
            {
                return _waiting.Count >= _options.MaxWaitingTables;
            }
        }
    }

    /// <summary>How many files there are.</summary>
    internal int Runs
    {
        get
        {
            lock (_gate)
            {
                return _runs.Length;
            }
        }
    }

    /// <summary>
    /// Opens the index in the storage folder and brings it to the log's last durable event. The log must not be appended to until this
    /// returns, and from then on each of its events must be added here in order.
    /// </summary>
    /// <exception cref="LogDamagedException">The log can't be read, or the index knows events that the log has lost.</exception>
    public static async Task<EventIdIndex> OpenAsync(
        string folder, IEventLog log, EventIdIndexOptions options, TimeProvider time, ILogger logger, CancellationToken cancellationToken)
    {
        var idFolder = Path.Combine(folder, FolderName);
        options.Disk.CreateFolder(idFolder);
        var runs = LoadRuns(idFolder, log.DurableSequence, options.Disk, logger);
        var index = new EventIdIndex(idFolder, log, options, time, logger, runs);
        try
        {
            await index.CatchUpAsync(cancellationToken);
            return index;
        }
        catch
        {
            await index.DisposeAsync();
            throw;
        }
    }

    /// <summary>The key of an event: 128 bits of SHA-256 over both ids.</summary>
    /// <exception cref="ArgumentException">A text that UTF-8 can't carry.</exception>
    public static UInt128 KeyOf(string environmentId, string eventId)
    {
        var length = Utf8.GetByteCount(environmentId) + 1 + Utf8.GetByteCount(eventId);
        var rented = length > StackBytes ? ArrayPool<byte>.Shared.Rent(length) : null;
        Span<byte> stack = stackalloc byte[StackBytes];
        var text = (rented ?? stack)[..length];
        var written = Utf8.GetBytes(environmentId, text);
        text[written] = 0;
        Utf8.GetBytes(eventId, text[(written + 1)..]);
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(text, digest);
        if (rented is not null)
        {
            ArrayPool<byte>.Shared.Return(rented);
        }

        return BinaryPrimitives.ReadUInt128BigEndian(digest);
    }

    /// <summary>Whether an event with this key was added, and which was the first.</summary>
    /// <exception cref="LogUnavailableException">The file that would tell is damaged; it is being made again from the log.</exception>
    public bool TryFind(UInt128 key, out IndexedEvent found)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);

            // From the oldest to the youngest, so that the first event of an id is the one that counts.
            foreach (var run in _runs)
            {
                if (run.MayHold(key) && TryFind(run, key, out found))
                {
                    return true;
                }
            }

            foreach (var table in _waiting)
            {
                if (table.TryFind(key, out found))
                {
                    return true;
                }
            }

            return _table.TryFind(key, out found);
        }
    }

    /// <summary>Takes the next durable event of the log: its number is <see cref="CoveredSequence"/> + 1.</summary>
    public void Add(UInt128 key, IndexedEvent added)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (added.Sequence != _table.LastSequence + 1)
            {
                throw new ArgumentException($"Event {added.Sequence} can't follow {_table.LastSequence}.", nameof(added));
            }

            _table.Add(key, added);
            if (_table.Count >= _options.FlushEvents)
            {
                SetTableAside();
            }
        }
    }

    /// <summary>Writes what is in memory, so that the next start need not read it from the log, and closes the files.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
        }

        await _stopping.CancelAsync();
        await _flushing;
        await _merging;
        try
        {
            SetTableAside();
            FlushWaiting();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The next start reads these events from the log.
            LogMessages.IndexUpkeepFailed(_logger, exception);
        }

        foreach (var run in _runs)
        {
            run.Dispose();
        }

        _flushSignal.Dispose();
        _mergeSignal.Dispose();
        _stopping.Dispose();
    }

    /// <summary>Opens the runs that are whole; deletes the others, and those whose content a bigger one has taken over.</summary>
    private static IdRun[] LoadRuns(string folder, long durableSequence, LogDisk disk, ILogger logger)
    {
        var names = new List<(long First, long Last, string Path)>();
        foreach (var path in Directory.GetFiles(folder))
        {
            var name = Path.GetFileName(path);
            if (name.EndsWith(SegmentName.TemporarySuffix, StringComparison.Ordinal))
            {
                disk.Delete(path);
            }
            else if (IdRun.TryParseName(name, out var first, out var last))
            {
                names.Add((first, last, path));
            }
        }

        var runs = new List<IdRun>();
        foreach (var (first, last, path) in names.OrderBy(name => name.First).ThenByDescending(name => name.Last))
        {
            // A merge was interrupted before its sources were removed.
            if (runs is [.., var before] && first <= before.LastSequence)
            {
                disk.Delete(path);
            }
            else if (IdRun.TryOpen(path, first, last, out var finding) is { } run)
            {
                runs.Add(run);
            }
            else
            {
                var name = FolderName + "/" + Path.GetFileName(path);
                LogMessages.RunDamaged(logger, name, finding);
                disk.Delete(path);
            }
        }

        if (runs is [.., var youngest] && youngest.LastSequence > durableSequence)
        {
            runs.ForEach(run => run.Dispose());

            // Only durable events get here, so it is the log that lost them.
            throw new LogDamagedException(
                SegmentName.Folder, durableSequence + 1, $"{youngest.Name} knows events up to {youngest.LastSequence}");
        }

        return [.. runs];
    }

    /// <summary>Reads from the log what no run holds, makes the runs that are missing between others, and begins the upkeep.</summary>
    private async Task CatchUpAsync(CancellationToken cancellationToken)
    {
        long covered = 0;
        long readAgain = 0;
        foreach (var run in _runs)
        {
            if (run.FirstSequence > covered + 1)
            {
                Replace([], await WriteRunsAsync(covered + 1, run.FirstSequence - 1, cancellationToken));
                readAgain += run.FirstSequence - 1 - covered;
            }

            covered = run.LastSequence;
        }

        await foreach (var (key, indexed) in ReadLogAsync(covered + 1, _log.DurableSequence, cancellationToken))
        {
            Add(key, indexed);
            readAgain++;
            if (_waiting.Count > 0)
            {
                FlushWaiting();
                MergeOnce(cancellationToken);
            }
        }

        _flushing = Task.Run(() => KeepUpAsync(_flushSignal, FlushWaiting), CancellationToken.None);
        _merging = Task.Run(() => KeepUpAsync(_mergeSignal, RepairAndMergeAsync), CancellationToken.None);
        _mergeSignal.Release();
        LogMessages.IndexOpened(_logger, CoveredSequence, _runs.Length, readAgain);
    }

    private async IAsyncEnumerable<(UInt128 Key, IndexedEvent Indexed)> ReadLogAsync(
        long first, long last, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if (first > last)
        {
            yield break;
        }

        await foreach (var batch in _log.ReadAsync(first - 1, cancellationToken))
        {
            var sequence = batch.FirstSequence;
            foreach (var each in batch.Batch.Events)
            {
                if (sequence > last)
                {
                    yield break;
                }

                if (sequence >= first)
                {
                    var key = each.RemovedKey ?? KeyOf(batch.Batch.Provenance.EnvironmentId, each.EventId);
                    yield return (key, new IndexedEvent(sequence, each.ContentDigest));
                }

                sequence++;
            }
        }
    }

    /// <summary>Makes the runs of a range of events from the log.</summary>
    private async Task<List<IdRun>> WriteRunsAsync(long first, long last, CancellationToken cancellationToken)
    {
        var runs = new List<IdRun>();
        try
        {
            var table = new IdTable(first);
            await foreach (var (key, indexed) in ReadLogAsync(first, last, cancellationToken))
            {
                table.Add(key, indexed);
                if (table.Count >= _options.FlushEvents || indexed.Sequence == last)
                {
                    runs.Add(Write(table));
                    table = new IdTable(indexed.Sequence + 1);
                }
            }

            return runs;
        }
        catch
        {
            runs.ForEach(run => run.Dispose());
            throw;
        }
    }

    private bool TryFind(IdRun run, UInt128 key, out IndexedEvent found)
    {
        try
        {
            return run.TryFind(key, _page, out found);
        }
        catch (IdRunDamagedException exception)
        {
            ReportDamage(exception);
            throw new LogUnavailableException("A part of the id index is damaged and being rebuilt.", exception);
        }
    }

    private void ReportDamage(IdRunDamagedException damage)
    {
        lock (_gate)
        {
            if (damage.Run is { IsDamaged: false } run)
            {
                run.IsDamaged = true;
                LogMessages.RunDamaged(_logger, run.Name, damage.Message);
                _mergeSignal.Release();
            }
        }
    }

    private void SetTableAside()
    {
        lock (_gate)
        {
            if (_table.LastSequence >= _table.FirstSequence)
            {
                _waiting.Add(_table);
                _table = _table.Next();
                _flushSignal.Release();
            }
        }
    }

    /// <summary>Does the work whenever there may be some, until the index is closed; after a failure, later again.</summary>
    private async Task KeepUpAsync(SemaphoreSlim signal, Func<Task> work)
    {
        try
        {
            while (true)
            {
                await signal.WaitAsync(_stopping.Token);
                try
                {
                    await work();
                }
                catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
                {
                    LogMessages.IndexUpkeepFailed(_logger, exception);
                    await Task.Delay(_options.RetryDelay, _time, _stopping.Token);
                    signal.Release();
                }
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // The index is being closed.
        }
    }

    private Task KeepUpAsync(SemaphoreSlim signal, Action work) => KeepUpAsync(
        signal,
        () =>
        {
            work();
            return Task.CompletedTask;
        });

    private void FlushWaiting()
    {
        while (true)
        {
            IdTable table;
            lock (_gate)
            {
                if (_waiting.Count == 0)
                {
                    return;
                }

                table = _waiting[0];
            }

            var written = new List<IdRun>();
            written.Add(Write(table));
            lock (_gate)
            {
                _runs = [.. _runs, .. written];
                _waiting.RemoveAt(0);
            }

            _mergeSignal.Release();
        }
    }

    private IdRun Write(IdTable table)
    {
        var (keys, events) = table.ToSorted();
        using var writer = new IdRunWriter(_options.Disk, _folder, table.FirstSequence, table.LastSequence, keys.Length);
        for (var i = 0; i < keys.Length; i++)
        {
            writer.Add(keys[i], events[i]);
        }

        var run = writer.Finish();
        LogMessages.RunWritten(_logger, run.Name);
        return run;
    }

    private async Task RepairAndMergeAsync()
    {
        foreach (var damaged in CurrentRuns().Where(run => run.IsDamaged))
        {
            // The names of the new files may be the old one's, which then goes away by the rename.
            Replace([damaged], await WriteRunsAsync(damaged.FirstSequence, damaged.LastSequence, _stopping.Token));
        }

        try
        {
            while (MergeOnce(_stopping.Token))
            {
            }
        }
        catch (IdRunDamagedException exception)
        {
            ReportDamage(exception);
        }
    }

    private bool MergeOnce(CancellationToken cancellationToken)
    {
        var chosen = IdRunMerger.Choose(CurrentRuns());
        if (chosen.Count == 0)
        {
            return false;
        }

        var merged = new List<IdRun>();
        merged.Add(IdRunMerger.Merge(_options.Disk, _folder, chosen, cancellationToken));
        LogMessages.RunWritten(_logger, merged[0].Name);
        Replace(chosen, merged);
        return true;
    }

    private IdRun[] CurrentRuns()
    {
        lock (_gate)
        {
            return _runs;
        }
    }

    /// <summary>Lets lookups use the new runs instead of the old; then the old ones are closed and deleted.</summary>
    private void Replace(IReadOnlyList<IdRun> old, IReadOnlyList<IdRun> replacements)
    {
        lock (_gate)
        {
            _runs = [.. _runs.Except(old).Concat(replacements).OrderBy(run => run.FirstSequence)];
        }

        // No lookup uses them any more: lookups hold the lock while they read.
        foreach (var run in old)
        {
            run.Dispose();
            if (replacements.All(replacement => replacement.Path != run.Path))
            {
                _options.Disk.Delete(run.Path);
            }
        }

        if (old.Count > 0)
        {
            _options.Disk.FlushFolder(_folder);
        }
    }
}
