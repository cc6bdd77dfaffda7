using System.Globalization;
using System.Numerics;
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
    private const string Columns =
        "sequence, event_id, event_name, external_customer_id, customer_id, source, timestamp, ingested_at, properties, "
        + "account_id, by_service_account, api_key_id, request_id, address";

    private const string RowDigest = $"hash({Columns}, scope, names, vals)";

    private static readonly TimeSpan InterruptEvery = TimeSpan.FromMilliseconds(20);

    private readonly DuckDbFile _file;
    private readonly DuckDbEventStoreOptions _options;
    private readonly SemaphoreSlim _readers;
    private readonly SemaphoreSlim _writer = new(1, 1);
    private readonly Dictionary<EventScope, int> _scopes = [];
    private DuckDBConnection _connection;
    private long _applied;
    private int _generation;
    private volatile bool _isOpen = true;

    private DuckDbEventStore(DuckDbFile file, DuckDbEventStoreOptions options)
    {
        _file = file;
        _options = options;
        _readers = new SemaphoreSlim(options.Readers, options.Readers);
        (_connection, _applied) = file.Open();
        LoadScopes();
    }

    public long AppliedSequence => Volatile.Read(ref _applied);

    public int Generation => Volatile.Read(ref _generation);

    /// <summary>The name of the file that was set aside since the start, with the reason; null when none was.</summary>
    public string? SetAside => _file.SetAside;

    /// <summary>Opens the store in the folder. A missing file is created; an unusable one is set aside and a new one created.</summary>
    public static Task<DuckDbEventStore> OpenAsync(
        string folder, DuckDbEventStoreOptions options, TimeProvider time, ILogger logger, CancellationToken cancellationToken) =>
        Task.Run(() => new DuckDbEventStore(new DuckDbFile(folder, options, time, logger), options), cancellationToken);

    public async Task ApplyAsync(IReadOnlyList<SequencedBatch> batches, CancellationToken cancellationToken)
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

            await Task.Run(() => Apply(batches), CancellationToken.None);
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

    public Task<EventPage> QueryAsync(EventQuery query, CancellationToken cancellationToken)
    {
        if (Scope(query.Filter.Reach.Scope) is not { } scope)
        {
            return Task.FromResult(new EventPage([], HasMore: false));
        }

        return ReadAsync(
            connection =>
            {
                // Read backwards from the page's edge, then turned round.
                var backwards = query.Before is not null;
                using var command = PageSql(query, scope, descending: query.Descending != backwards).ToCommand(connection);
                var events = ReadEvents(command, query.Filter.Reach.Scope);
                var more = events.Count > query.PageSize;
                if (more)
                {
                    events.RemoveAt(query.PageSize);
                }

                if (backwards)
                {
                    events.Reverse();
                }

                return new EventPage(events, more);
            },
            cancellationToken);
    }

    public Task<long> CountAsync(EventFilter filter, CancellationToken cancellationToken)
    {
        if (Scope(filter.Reach.Scope) is not { } scope)
        {
            return Task.FromResult(0L);
        }

        return ReadAsync(
            connection =>
            {
                using var command = new DuckDbSql().Add("SELECT count(*) FROM events").Where(filter, scope).ToCommand(connection);
                return Convert.ToInt64(command.ExecuteScalar(), CultureInfo.InvariantCulture);
            },
            cancellationToken);
    }

    public Task<StoredEvent?> FindBySequenceAsync(EventReach reach, long sequence, CancellationToken cancellationToken)
    {
        if (Scope(reach.Scope) is not { } number)
        {
            return Task.FromResult<StoredEvent?>(null);
        }

        return ReadAsync(
            connection =>
            {
                // Rows lie in the order of their sequence, so that the engine skips all row groups but one.
                using var command = new DuckDbSql().Add($"SELECT {Columns} FROM events WHERE sequence = ").Parameter(sequence)
                    .Add(" AND scope = ").Parameter(number).Within(reach.Bounds).ToCommand(connection);
                return ReadEvents(command, reach.Scope) is [var found] ? found : null;
            },
            cancellationToken);
    }

    public Task<UsageResult> UsageAsync(UsageQuery query, CancellationToken cancellationToken)
    {
        if (Scope(query.Filter.Reach.Scope) is not { } scope)
        {
            return Task.FromResult(new UsageResult(default(ExactDecimal), 0, 0, []));
        }

        return ReadAsync(
            connection =>
            {
                using var command = UsageSql(query, scope).ToCommand(connection);
                using var reader = command.ExecuteReader();
                var totals = new UsageTotals(query);
                while (reader.Read())
                {
                    var group = new string?[query.GroupBy.Count];
                    for (var index = 0; index < group.Length; index++)
                    {
                        group[index] = Text(reader, 4 + index);
                    }

                    totals.Add(
                        reader.IsDBNull(0) ? null : DuckDbSql.Time(reader.GetInt64(0)),
                        group,
                        count: reader.GetInt64(1),
                        ordinarySum: Text(reader, 2),
                        longDecimal: Text(reader, 3));
                }

                return totals.ToResult();
            },
            cancellationToken);
    }

    public Task ProbeAsync(CancellationToken cancellationToken) => ReadAsync(
        connection =>
        {
            using var command = new DuckDbSql().Add("SELECT applied FROM meta").ToCommand(connection);
            return command.ExecuteScalar();
        },
        cancellationToken);

    /// <summary>
    /// Reads every column of every row, so that the engine checks the checksum of each block, and compares them with what was written:
    /// blocks that changed places have right checksums. Throws <see cref="EventStoreResetException"/> when something is damaged; the
    /// store has begun anew then.
    /// </summary>
    public async Task VerifyAsync(CancellationToken cancellationToken)
    {
        var generation = Generation;
        var isWhole = await ReadAsync(
            connection =>
            {
                using var command = new DuckDbSql()
                    .Add($"SELECT digest = (SELECT coalesce(sum({RowDigest}), 0) FROM events) FROM meta").ToCommand(connection);
                return command.ExecuteScalar() is true;
            },
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

    private static DuckDbSql PageSql(EventQuery query, int scope, bool descending)
    {
        var order = query.Sort switch
        {
            EventSort.EventName => (ReadOnlySpan<string>)["event_name", "timestamp", "sequence"],
            EventSort.Arrival => ["sequence"],
            _ => ["timestamp", "sequence"],
        };
        var sql = new DuckDbSql().Add($"SELECT {Columns} FROM events").Where(query.Filter, scope);
        if ((query.After ?? query.Before) is { } place)
        {
            sql.Add($" AND ({string.Join(", ", order)}) {(descending ? "<" : ">")} (");
            for (var index = 0; index < order.Length; index++)
            {
                sql.Add(index == 0 ? "" : ", ").Parameter(order[index] switch
                {
                    "event_name" => place.SortText,
                    "timestamp" => DuckDbSql.Microseconds(place.Timestamp),
                    _ => place.Sequence,
                });
            }

            sql.Add(")");
        }

        var direction = descending ? " DESC" : " ASC";
        return sql.Add($" ORDER BY {string.Join(direction + ", ", order)}{direction} LIMIT ")
            .Parameter(query.PageSize + 1L).Add(" OFFSET ").Parameter((long)query.Offset);
    }

    /// <summary>
    /// For each window and group: the events that the engine could add up itself, one row for each other decimal, and one for what is
    /// no number. Column 0 the window, 1 the events, 2 the sum, 3 the long decimal, then the groups.
    /// </summary>
    private static DuckDbSql UsageSql(UsageQuery query, int scope)
    {
        var sum = query.Aggregation == Aggregation.Sum;
        var sql = new DuckDbSql().Add("WITH matched AS (SELECT timestamp, ");
        if (sum)
        {
            sql.Property(query.PropertyName!);
        }
        else
        {
            sql.Add("NULL");
        }

        sql.Add(" AS v");
        for (var index = 0; index < query.GroupBy.Count; index++)
        {
            sql.Add(", ");
            _ = query.GroupBy[index] switch
            {
                { Kind: EventGroupKind.EventName } => sql.Add("event_name"),
                { Kind: EventGroupKind.ExternalCustomerId } => sql.Add("external_customer_id"),
                { Kind: EventGroupKind.CustomerId } => sql.Add("customer_id"),
                { Kind: EventGroupKind.Source } => sql.Add("source"),
                var property => sql.Property(property.Name),
            };
            sql.Add($" AS g{index}");
        }

        sql.Add(" FROM events").Where(query.Filter, scope).Add("), classed AS (SELECT *, ")
            .Add(sum ? $"CASE WHEN {DuckDbSql.IsOrdinaryDecimal} THEN 1 WHEN {DuckDbSql.IsDecimal} THEN 2 ELSE 0 END" : "0").Add(" AS kind FROM matched) SELECT ");
        var windows = query.WindowStarts.Count > 0;
        sql.Add(windows ? "w.start" : "NULL::BIGINT").Add(" AS window_start, count(*), ")
            .Add(sum ? "CAST(sum(CASE WHEN kind = 1 THEN CAST(v AS DECIMAL(38,12)) END) AS VARCHAR), " : "NULL::VARCHAR, ")
            .Add(sum ? "CASE WHEN kind = 2 THEN v END AS long_decimal" : "NULL::VARCHAR AS long_decimal");
        var groups = string.Concat(Enumerable.Range(0, query.GroupBy.Count).Select(index => $", g{index}"));
        sql.Add(groups).Add(" FROM classed");
        if (windows)
        {
            sql.Add(" ASOF JOIN (SELECT unnest(").Parameter(query.WindowStarts.Select(DuckDbSql.Microseconds).ToList())
                .Add("::BIGINT[]) AS start) w ON classed.timestamp >= w.start");
        }

        return sql.Add(" GROUP BY window_start, kind, long_decimal").Add(groups);
    }

    private static List<StoredEvent> ReadEvents(DuckDBCommand command, EventScope scope)
    {
        var events = new List<StoredEvent>();
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            events.Add(new StoredEvent
            {
                Sequence = reader.GetInt64(0),
                EventId = reader.GetString(1),
                EventName = reader.GetString(2),
                ExternalCustomerId = reader.GetString(3),
                CustomerId = Text(reader, 4),
                Source = Text(reader, 5),
                Timestamp = DuckDbSql.Time(reader.GetInt64(6)),
                IngestedAt = DuckDbSql.Time(reader.GetInt64(7)),
                Properties = reader.GetString(8),
                EnvironmentId = scope.EnvironmentId,
                AccountId = reader.GetString(9),
                ByServiceAccount = reader.GetBoolean(10),
                ApiKeyId = Text(reader, 11),
                RequestId = reader.GetString(12),
                Address = reader.GetString(13),
            });
        }

        return events;
    }

    private static string? Text(DuckDBDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);

    private int? Scope(EventScope scope)
    {
        lock (_scopes)
        {
            return _scopes.TryGetValue(scope, out var number) ? number : null;
        }
    }

    private void LoadScopes()
    {
        using var command = new DuckDbSql().Add("SELECT tenant_id, environment_id, id FROM scopes").ToCommand(_connection);
        using var reader = command.ExecuteReader();
        lock (_scopes)
        {
            _scopes.Clear();
            while (reader.Read())
            {
                _scopes[new EventScope(reader.GetString(0), reader.GetString(1))] = reader.GetInt32(2);
            }
        }
    }

    private void Apply(IReadOnlyList<SequencedBatch> batches)
    {
        var applied = AppliedSequence;
        using var transaction = _connection.BeginTransaction();
        var added = new Dictionary<EventScope, int>();
        using (var appender = _connection.CreateAppender("events"))
        {
            var (names, values) = (new List<string>(), new List<string>());
            foreach (var batch in batches)
            {
                if (batch.FirstSequence > applied + 1)
                {
                    throw new InvalidOperationException($"Event {applied + 1} is missing: the batch begins with {batch.FirstSequence}.");
                }

                var provenance = batch.Batch.Provenance;
                var scope = ScopeForWriting(new EventScope(provenance.TenantId, provenance.EnvironmentId), added);
                for (var index = (int)(applied + 1 - batch.FirstSequence); index < batch.Batch.Events.Count; index++)
                {
                    PropertyValues.Read(batch.Batch.Events[index].Properties, names, values);
                    Append(appender, ++applied, scope, batch.Batch, batch.Batch.Events[index], names, values);
                }
            }

            appender.Close();
        }

        foreach (var (scope, number) in added)
        {
            using var insert = new DuckDbSql().Add("INSERT INTO scopes VALUES (").Parameter(number).Add(", ").Parameter(scope.TenantId)
                .Add(", ").Parameter(scope.EnvironmentId).Add(")").ToCommand(_connection);
            insert.ExecuteNonQuery();
        }

        using var update = new DuckDbSql().Add("UPDATE meta SET applied = ").Parameter(applied)
            .Add($", digest = digest + (SELECT coalesce(sum({RowDigest}), 0) FROM events WHERE sequence > ").Parameter(AppliedSequence)
            .Add(")").ToCommand(_connection);
        update.ExecuteNonQuery();
        transaction.Commit();
        lock (_scopes)
        {
            foreach (var (scope, number) in added)
            {
                _scopes[scope] = number;
            }
        }

        Volatile.Write(ref _applied, applied);
    }

    private int ScopeForWriting(EventScope scope, Dictionary<EventScope, int> added)
    {
        if (Scope(scope) is { } known)
        {
            return known;
        }

        if (!added.TryGetValue(scope, out var number))
        {
            lock (_scopes)
            {
                number = _scopes.Count + added.Count + 1;
            }

            added[scope] = number;
        }

        return number;
    }

    private static void Append(
        DuckDBAppender appender, long sequence, int scope, EventBatch batch, LoggedEvent item, List<string> names, List<string> values)
    {
        var row = appender.CreateRow()
            .AppendValue(sequence)
            .AppendValue(scope)
            .AppendValue(item.EventId)
            .AppendValue(item.EventName)
            .AppendValue(item.ExternalCustomerId)
            .AppendValue(item.CustomerId)
            .AppendValue(item.Source)
            .AppendValue(DuckDbSql.Microseconds(item.Timestamp))
            .AppendValue(DuckDbSql.Microseconds(batch.IngestedAt))
            .AppendValue(item.Properties)
            .AppendValue<string>(names)
            .AppendValue<string>(values);
        row.AppendValue(batch.Provenance.AccountId)
            .AppendValue(batch.Provenance.ByServiceAccount)
            .AppendValue(batch.Provenance.ApiKeyId)
            .AppendValue(batch.Provenance.RequestId)
            .AppendValue(batch.Provenance.Address)
            .EndRow();
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
        (_connection, var applied) = _file.Open();
        LoadScopes();
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

    /// <summary>Adds up, exactly, what the engine found by window, group and kind.</summary>
    private sealed class UsageTotals(UsageQuery query)
    {
        // An answer is made in memory; a million windows and groups take some hundreds of megabytes.
        private const int MaxBuckets = 250_000;

        private readonly Dictionary<(DateTimeOffset? Window, string Group), Bucket> _buckets = [];
        private BigInteger _total;
        private long _events;
        private long _skipped;

        public void Add(DateTimeOffset? window, string?[] group, long count, string? ordinarySum, string? longDecimal)
        {
            var value = Value(count, ordinarySum, longDecimal);
            if (value is null)
            {
                _skipped += count;
                return;
            }

            _total += value.Value;
            _events += count;
            var key = (window, string.Concat(group.Select(part => part is null ? "-" : $"{part.Length}:{part}")));
            if (!_buckets.TryGetValue(key, out var bucket))
            {
                if (_buckets.Count == MaxBuckets)
                {
                    throw new EventQueryTooLargeException(null);
                }

                _buckets[key] = bucket = new Bucket(window, group);
            }

            bucket.Value += value.Value;
            bucket.Events += count;
        }

        public UsageResult ToResult()
        {
            if (query.WindowStarts.Count == 0 && query.GroupBy.Count == 0)
            {
                return new UsageResult(Exact(_total), _events, _skipped, []);
            }

            var buckets = _buckets.Values
                .OrderBy(bucket => bucket.Window)
                .ThenBy(bucket => string.Join('\0', bucket.Group), StringComparer.Ordinal)
                .Select(bucket => new UsageBucket(bucket.Window, bucket.Group, Exact(bucket.Value), bucket.Events));
            return new UsageResult(Exact(_total), _events, _skipped, [.. buckets]);
        }

        /// <summary>In units of 10^-28; null for events that have no number.</summary>
        private BigInteger? Value(long count, string? ordinarySum, string? longDecimal)
        {
            const int Scale = ExactDecimalText.MaxFractionDigits;
            return query.Aggregation == Aggregation.Count ? count * BigInteger.Pow(10, Scale)
                : ordinarySum is not null ? Unscaled(ordinarySum)
                : longDecimal is not null ? count * Unscaled(longDecimal)
                : null;

            static BigInteger Unscaled(string text)
            {
                var point = text.IndexOf('.', StringComparison.Ordinal);
                var fraction = point < 0 ? 0 : text.Length - point - 1;
                var digits = point < 0 ? text : text.Remove(point, 1);
                return BigInteger.Parse(digits, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture) * BigInteger.Pow(10, Scale - fraction);
            }
        }

        private static ExactDecimal Exact(BigInteger value)
        {
            var scale = ExactDecimalText.MaxFractionDigits;
            while (scale > 0 && value % 10 == 0)
            {
                value /= 10;
                scale--;
            }

            return new ExactDecimal(value, scale);
        }

        private sealed class Bucket(DateTimeOffset? window, string?[] group)
        {
            public DateTimeOffset? Window => window;

            public string?[] Group => group;

            public BigInteger Value { get; set; }

            public long Events { get; set; }
        }
    }
}
