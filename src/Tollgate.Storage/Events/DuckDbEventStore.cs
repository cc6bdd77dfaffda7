using DuckDB.NET.Data;
using Microsoft.Extensions.Logging;
using Tollgate.Storage.Log;

namespace Tollgate.Storage.Events;

/// <summary>
/// Events in DuckDB, in one file. Rows lie in the order of the log, without an index (decision 4). One writer, several readers; the
/// file is set aside and begun anew when it turns out to be damaged.
/// </summary>
public sealed class DuckDbEventStore : IEventStore
{
    private static readonly TimeSpan InterruptEvery = TimeSpan.FromMilliseconds(20);

    private readonly DuckDbFile _file;
    private readonly DuckDbEventStoreOptions _options;
    private readonly SemaphoreSlim _readers;
    private readonly SemaphoreSlim _writer = new(1, 1);
    private readonly StoreScopes _scopes = new();
    private readonly Rollups _rollups;
    private DuckDBConnection _connection;
    private EventCorrections _corrections = new([], []);
    private CorrectionIndex _correctionIndex = new(new EventCorrections([], []));

    // What was asked for while the server runs; the store that begins anew after damage knows nothing of it.
    private EventCorrections? _wantedCorrections;
    private long _applied;
    private int _generation;
    private volatile bool _isOpen = true;

    private DuckDbEventStore(DuckDbFile file, DuckDbEventStoreOptions options)
    {
        _file = file;
        _options = options;
        _readers = new SemaphoreSlim(options.Readers, options.Readers);
        _rollups = new Rollups(options);
        (_connection, _applied) = file.Open(Load);
    }

    public long AppliedSequence => Volatile.Read(ref _applied);

    public int Generation => Volatile.Read(ref _generation);

    /// <summary>The name of the file that was set aside since the start, with the reason; null when none was.</summary>
    public string? SetAside => _file.SetAside;

    /// <summary>Opens the store in the folder. A missing file is created; an unusable one is set aside and a new one created.</summary>
    public static Task<DuckDbEventStore> OpenAsync(
        string folder, DuckDbEventStoreOptions options, TimeProvider time, ILogger logger, CancellationToken cancellationToken) =>
        Task.Run(() => new DuckDbEventStore(new DuckDbFile(folder, options, time, logger), options), cancellationToken);

    public Task ApplyAsync(IReadOnlyList<SequencedBatch> batches, CancellationToken cancellationToken) =>
        WriteAsync(() => Apply(batches), cancellationToken);

    public Task CorrectAsync(EventCorrections corrections, CancellationToken cancellationToken) => WriteAsync(
        () =>
        {
            Correct(corrections);
            _wantedCorrections = corrections;
        },
        cancellationToken);

    public Task SaveSumsAsync(EventRemoval removal, CancellationToken cancellationToken)
    {
        if (AppliedSequence < removal.UpToSequence)
        {
            throw new InvalidOperationException($"Event {removal.UpToSequence} is not in the store yet.");
        }

        return ReadAsync(
            connection =>
            {
                // Once the removal has taken place, the file is all there is.
                if (!StoreCorrections.Load(connection).Removals.Any(known => known.Id == removal.Id))
                {
                    StoreCorrections.SaveSums(connection, removal, _scopes.Find(removal.Scope), cancellationToken);
                }

                return true;
            },
            cancellationToken);
    }

    public Task RewriteSumsAsync(string file, EventRemoval removal, CancellationToken cancellationToken) =>
        Task.Run(() => SumsFile.Rewrite(file, removal, cancellationToken), cancellationToken);

    public Task<EventPage> QueryAsync(EventQuery query, CancellationToken cancellationToken) =>
        _scopes.Find(query.Filter.Reach.Scope) is { } scope
            ? ReadAsync(connection => EventPages.Read(connection, query, scope), cancellationToken)
            : Task.FromResult(new EventPage([], HasMore: false));

    public Task<long> CountAsync(EventFilter filter, CancellationToken cancellationToken) =>
        _scopes.Find(filter.Reach.Scope) is { } scope
            ? ReadAsync(
                connection => (long)new DuckDbSql().Add("SELECT count(*) FROM counted_events").Where(filter, scope).Scalar(connection)!,
                cancellationToken)
            : Task.FromResult(0L);

    public Task<StoredEvent?> FindBySequenceAsync(EventReach reach, long sequence, CancellationToken cancellationToken) =>
        _scopes.Find(reach.Scope) is { } scope
            ? ReadAsync(connection => EventPages.Find(connection, reach, sequence, scope), cancellationToken)
            : Task.FromResult<StoredEvent?>(null);

    public Task<UsageResult> UsageAsync(UsageQuery query, CancellationToken cancellationToken) =>
        _scopes.Find(query.Filter.Reach.Scope) is { } scope
            ? ReadAsync(connection => UsageReader.Read(connection, query, scope, cancellationToken), cancellationToken)
            : Task.FromResult(new UsageTotals(query).ToResult());

    public Task ProbeAsync(CancellationToken cancellationToken) => ReadAsync(
        connection => new DuckDbSql().Add("SELECT applied FROM meta").Scalar(connection), cancellationToken);

    /// <summary>
    /// Reads every column of every row, so that the engine checks the checksum of each block, and compares them with what was written:
    /// blocks that changed places have right checksums. Throws <see cref="EventStoreResetException"/> when something is damaged; the
    /// store has begun anew then.
    /// </summary>
    public async Task VerifyAsync(CancellationToken cancellationToken)
    {
        var generation = Generation;
        var isWhole = await ReadAsync(
            connection => new DuckDbSql().Add($"SELECT digest = {StoreChange.WholeDigest} FROM meta").Scalar(connection) is true,
            cancellationToken);
        if (isWhole)
        {
            return;
        }

        await _writer.WaitAsync(CancellationToken.None);
        try
        {
            throw await ResetAsync(generation, new InvalidDataException("it holds other rows than were written"), isDamaged: true);
        }
        finally
        {
            _writer.Release();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _writer.WaitAsync();
        await TakeAllReadersAsync();
        await _connection.DisposeAsync();
        _writer.Dispose();
        _readers.Dispose();
    }

    private void Apply(IReadOnlyList<SequencedBatch> batches)
    {
        if (_wantedCorrections is { } wanted && !ReferenceEquals(wanted, _corrections))
        {
            Correct(wanted);
        }

        _scopes.Begin();
        using (var change = new StoreChange(_connection))
        {
            var applied = EventApplier.Apply(change, batches, AppliedSequence, _scopes, _correctionIndex);
            change.Commit(applied);
            _scopes.Committed();
            _rollups.Added(_connection, change.Stamp);
            Volatile.Write(ref _applied, applied);
        }

        _rollups.MergeIfDue(_connection);
    }

    private void Correct(EventCorrections corrections)
    {
        _scopes.Begin();
        using (var change = new StoreChange(_connection))
        {
            new StoreCorrections(change, _scopes).Correct(corrections);
            change.Commit(applied: null);
        }

        _scopes.Committed();
        _rollups.Load(_connection);
        _corrections = corrections;
        _correctionIndex = new CorrectionIndex(corrections);
    }

    private void Load(DuckDBConnection connection)
    {
        _scopes.Load(connection);
        _rollups.Load(connection);
        _corrections = StoreCorrections.Load(connection);
        _correctionIndex = new CorrectionIndex(_corrections);
    }

    /// <summary>Runs a change of the store, one at a time.</summary>
    private async Task WriteAsync(Action write, CancellationToken cancellationToken)
    {
        await _writer.WaitAsync(cancellationToken);
        var generation = Generation;
        try
        {
            if (!_isOpen)
            {
                await ReopenAsync();
                throw new EventStoreResetException("The event store was opened again.", null);
            }

            await Task.Run(write, CancellationToken.None);
        }
        catch (DuckDBException exception) when (DuckDbFault.NeedsReopening(exception))
        {
            throw await ResetAsync(generation, exception, DuckDbFault.IsDamage(exception));
        }
        finally
        {
            _writer.Release();
        }
    }

    private async Task<T> ReadAsync<T>(Func<DuckDBConnection, T> read, CancellationToken cancellationToken)
    {
        var generation = Generation;
        await _readers.WaitAsync(cancellationToken);
        DuckDBException damage;
        try
        {
            if (!_isOpen || generation != Generation)
            {
                throw new EventStoreResetException("The event store begins anew.", null);
            }

            return await Task.Run(() => Interruptible(read, cancellationToken), CancellationToken.None);
        }
        catch (DuckDBException exception) when (cancellationToken.IsCancellationRequested && !DuckDbFault.NeedsReopening(exception))
        {
            throw new OperationCanceledException(cancellationToken);
        }
        catch (DuckDBException exception) when (DuckDbFault.IsTooLarge(exception))
        {
            throw new EventQueryTooLargeException(exception);
        }
        catch (DuckDBException exception) when (DuckDbFault.NeedsReopening(exception))
        {
            damage = exception;
        }
        finally
        {
            _readers.Release();
        }

        await _writer.WaitAsync(CancellationToken.None);
        try
        {
            throw await ResetAsync(generation, damage, DuckDbFault.IsDamage(damage));
        }
        finally
        {
            _writer.Release();
        }
    }

    /// <summary>Runs a query on a connection of its own, and interrupts it when its caller has gone.</summary>
    private T Interruptible<T>(Func<DuckDBConnection, T> read, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var connection = _file.Connect();
        var gate = new Lock();
        var running = true;
        // An interrupt counts only for what runs at that moment; it is repeated until the query has heard it.
        using var timer = cancellationToken.CanBeCanceled ? new Timer(_ => InterruptIfLeft(), null, InterruptEvery, InterruptEvery) : null;
        try
        {
            return read(connection);
        }
        finally
        {
            // The timer may be in its callback; from here on that does nothing, so the connection can be closed.
            lock (gate)
            {
                running = false;
            }
        }

        void InterruptIfLeft()
        {
            lock (gate)
            {
                if (running && cancellationToken.IsCancellationRequested)
                {
                    connection.NativeConnection.Interrupt();
                }
            }
        }
    }

    /// <summary>Begins anew after damage, once: the writer's lock is held, and no reader is on the file.</summary>
    private async Task<EventStoreResetException> ResetAsync(int generation, Exception cause, bool isDamaged)
    {
        if (generation == Generation)
        {
            await TakeAllReadersAsync();
            try
            {
                _isOpen = false;
                Volatile.Write(ref _generation, generation + 1);
                await _connection.DisposeAsync();
                if (isDamaged)
                {
                    _file.MoveAside(cause.Message.Split('\n')[0]);
                }

                // After a fatal error the file itself may be whole: the engine only refuses to go on until it is reopened.
                Open();
            }
            finally
            {
                _readers.Release(_options.Readers);
            }
        }

        return new EventStoreResetException("The event store was damaged and is rebuilt from the log.", cause);
    }

    /// <summary>Opens the file when an earlier attempt failed, on a full disk for example. The writer's lock is held.</summary>
    private async Task ReopenAsync()
    {
        await TakeAllReadersAsync();
        try
        {
            Open();
        }
        finally
        {
            _readers.Release(_options.Readers);
        }
    }

    private void Open()
    {
        (_connection, var applied) = _file.Open(Load);
        Volatile.Write(ref _applied, applied);
        _isOpen = true;
    }

    private async Task TakeAllReadersAsync()
    {
        for (var reader = 0; reader < _options.Readers; reader++)
        {
            await _readers.WaitAsync();
        }
    }
}
