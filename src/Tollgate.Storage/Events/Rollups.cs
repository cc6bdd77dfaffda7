using DuckDB.NET.Data;

namespace Tollgate.Storage.Events;

/// <summary>
/// The hourly roll-ups as they are written (decision 0023). Each batch of events adds cells of its own; cells of one key are added up when they
/// are read, and merged now and then.
/// </summary>
internal sealed class Rollups(DuckDbEventStoreOptions options)
{
    // What is merged in one transaction; the next batch of events waits no longer than that takes.
    private const int CellsAtOnce = 200_000;

    private const string Hour = DuckDbSql.Hour;

    // Every value of every event, with whether its name is there for the first time: that is the one a query finds.
    private const string UnnestedColumns =
        "SELECT scope, timestamp, sequence, event_name, external_customer_id, quarantine, names[i] AS name, vals[i] AS v, "
        + "list_position(names, names[i]) = i AS is_first FROM (SELECT *, unnest(range(1, len(names) + 1)) AS i";

    private long _rows;
    private long _unmerged;

    /// <summary>Longer values are told apart by their digest; a roll-up is no second copy of the events.</summary>
    public static string StoredValue(string value) => $"CASE WHEN strlen({value}) > 64 THEN 'sha256:' || sha256({value}) ELSE {value} END";

    /// <summary>Reads how much there is, when a file was opened.</summary>
    public void Load(DuckDBConnection connection)
    {
        const string Counts = "SELECT count(*) AS n, count(*) FILTER (NOT merged) AS d FROM ";
        (_rows, _unmerged) = new DuckDbSql()
            .Add($"SELECT sum(n)::BIGINT, sum(d)::BIGINT FROM ({Counts} rollup_cells UNION ALL {Counts} rollup_values)")
            .Rows(connection, reader => (reader.GetInt64(0), reader.GetInt64(1))).Single();
    }

    /// <summary>Writes cells by customer and those of all customers together.</summary>
    public static void Write(StoreChange change, int scope, RollupCells cells, bool merged)
    {
        using var appender = change.Connection.CreateAppender("rollup_cells");
        foreach (var (key, cell) in cells.All.Concat(cells.OfAllCustomers().All))
        {
            Append(appender, scope, key, cell, change.Stamp, merged);
        }

        appender.Close();
    }

    /// <summary>Writes the different values of the events that are meant.</summary>
    public static void WriteValues(StoreChange change, bool merged, Action<DuckDbSql> which) =>
        SelectValues(
            new DuckDbSql().Add("INSERT INTO rollup_values "),
            ", NULL, count(*), " + FormattableString.Invariant($"{change.Stamp}, {(merged ? "TRUE" : "FALSE")}"),
            which).Execute(change.Connection);

    /// <summary>Scope, hour, name, customer, property, value and quarantine of every value of the events that are meant, each once.</summary>
    public static DuckDbSql SelectValues(DuckDbSql sql, string further, Action<DuckDbSql> which) => sql
        .Add($"SELECT scope, {Hour}, event_name, external_customer_id, name, {StoredValue("v")}, quarantine{further} FROM (")
        .Add(UnnestedColumns).Add(" FROM events WHERE ").Add(which).Add(")) WHERE is_first GROUP BY ALL");

    /// <summary>
    /// The cells by customer that follow from the rows that are meant, hour by hour; all of them lie in one scope.
    /// </summary>
    public static IEnumerable<RollupCells> Derive(DuckDBConnection connection, Action<DuckDbSql> which)
    {
        var sql = new DuckDbSql().Add("WITH chosen AS (SELECT * FROM events WHERE ").Add(which).Add(")")
            .Add($" SELECT {Hour} AS hour, event_name, external_customer_id, quarantine, NULL AS name, NULL AS v, min(timestamp) AS timestamp,")
            .Add(" 0::BIGINT AS sequence, count(*), max(timestamp) FROM (SELECT * FROM chosen) GROUP BY ALL UNION ALL")
            .Add($" SELECT {Hour}, event_name, external_customer_id, quarantine, name, v, timestamp, sequence, 1, timestamp FROM (")
            .Add($"{UnnestedColumns} FROM chosen)) WHERE is_first AND {DuckDbSql.IsDecimal} ORDER BY 1");
        var cells = new RollupCells();
        long? current = null;
        foreach (var row in sql.Rows(connection, ReadDerived))
        {
            if (current is { } hour && hour != row.Key.Hour)
            {
                yield return cells;
                cells.Clear();
            }

            current = row.Key.Hour;
            if (row.Value is { } value)
            {
                cells.AddValue(row.Key, ExactUnits.Parse(value), row.Timestamp, row.Sequence);
            }
            else
            {
                cells.AddEvents(row.Key, row.Events, row.Timestamp, row.Last);
            }
        }

        if (current is not null)
        {
            yield return cells;
        }
    }

    /// <summary>Makes those hours' cells anew from the rows that are there; what is left of removed events stays.</summary>
    public static void Recompute(StoreChange change, int scope, IReadOnlyCollection<long> hours)
    {
        void Derived(DuckDbSql sql) => sql.Add("removal IS NULL AND scope = ").Parameter(scope).Add(" AND ").IsIn("hour", hours);
        void Rows(DuckDbSql sql) => sql.Add("scope = ").Parameter(scope).Add(" AND ").IsIn(Hour, hours);
        change.Delete(StoreTable.Cells, Derived);
        change.Delete(StoreTable.Values, Derived);
        foreach (var cells in Derive(change.Connection, Rows))
        {
            Write(change, scope, cells, merged: true);
        }

        WriteValues(change, merged: true, Rows);
    }

    /// <summary>Makes the cells of all customers together anew from those by customer, for what is left of removed events.</summary>
    public static void RecomputeRemoved(StoreChange change, int scope, IReadOnlyCollection<long> hours)
    {
        void Removed(DuckDbSql sql) => sql.Add("removal IS NOT NULL AND scope = ").Parameter(scope).Add(" AND ").IsIn("hour", hours);
        var cells = new RollupCells();
        foreach (var (key, cell) in Read(change.Connection, sql => sql.Add(Removed).Add(" AND external_customer_id IS NOT NULL")))
        {
            cells.Add(key, cell);
        }

        change.Delete(StoreTable.Cells, Removed);
        Write(change, scope, cells, merged: true);
    }

    /// <summary>Counts the cells that a committed transaction has added.</summary>
    public void Added(DuckDBConnection connection, long stamp)
    {
        var added = new DuckDbSql().Add("SELECT (SELECT count(*) FROM rollup_cells WHERE stamp = ").Parameter(stamp)
            .Add(") + (SELECT count(*) FROM rollup_values WHERE stamp = ").Parameter(stamp).Add(")").Scalar(connection);
        _rows += (long)added!;
        _unmerged += (long)added;
    }

    /// <summary>Merges cells of the same key once there are many, so that a query reads few and the cost of it is spread over many batches.</summary>
    public void MergeIfDue(DuckDBConnection connection)
    {
        if (_unmerged <= Math.Max(options.UnmergedCells, _rows / 10))
        {
            return;
        }

        const string Counts = "SELECT scope, hour, bool_or(NOT merged) AS due, count(*) AS n FROM ";
        var due = new DuckDbSql()
            .Add($"SELECT scope, hour, sum(n)::BIGINT FROM ({Counts} rollup_cells GROUP BY ALL UNION ALL {Counts} rollup_values GROUP BY ALL)")
            .Add(" GROUP BY scope, hour HAVING bool_or(due) ORDER BY scope, hour")
            .Rows(connection, reader => (Scope: reader.GetInt32(0), Hour: reader.GetInt64(1), Rows: reader.GetInt64(2))).ToList();
        foreach (var scope in due.GroupBy(hour => hour.Scope))
        {
            var (hours, rows) = (new List<long>(), 0L);
            foreach (var hour in scope)
            {
                hours.Add(hour.Hour);
                rows += hour.Rows;
                if (rows >= CellsAtOnce)
                {
                    Merge(connection, scope.Key, hours);
                    (hours, rows) = ([], 0);
                }
            }

            Merge(connection, scope.Key, hours);
        }

        Load(connection);
    }

    /// <summary>The cells that are meant, as they lie there.</summary>
    public static IEnumerable<(RollupKey Key, RollupCell Cell)> Read(DuckDBConnection connection, Action<DuckDbSql> which) =>
        new DuckDbSql().Add($"SELECT {StoreChange.CellColumns} FROM rollup_cells WHERE ").Add(which).Rows(connection, ReadCell);

    public static void Append(DuckDBAppender appender, int scope, in RollupKey key, RollupCell cell, long stamp, bool merged)
    {
        var isNumber = key.Property is not null;
        var row = appender.CreateRow().AppendValue(scope).AppendValue(key.Hour).AppendValue(key.EventName).AppendValue(key.Customer)
            .AppendValue(key.Property).AppendValue(key.Quarantine).AppendValue(key.Removal).AppendValue(cell.Events)
            .AppendValue(isNumber ? ExactUnits.Text(cell.Sum) : null)
            .AppendValue(isNumber ? ExactUnits.Text(cell.Weighted) : null)
            .AppendValue(cell.Max is { } max ? ExactUnits.Text(max) : null)
            .AppendValue(cell.Latest is { } latest ? ExactUnits.Text(latest) : null);
        // Of events that are there, rows say when they were.
        var isLeft = key is { Removal: not null, Property: null };
        row.AppendValue(cell.LatestAt).AppendValue(cell.LatestSequence).AppendValue(isLeft ? cell.FirstAt : null).AppendValue(isLeft ? cell.LastAt : null)
            .AppendValue(stamp).AppendValue(merged).EndRow();
    }

    private static void Merge(DuckDBConnection connection, int scope, List<long> hours)
    {
        if (hours.Count == 0)
        {
            return;
        }

        using var change = new StoreChange(connection);
        void Those(DuckDbSql sql) => sql.Add("scope = ").Parameter(scope).Add(" AND ").IsIn("hour", hours);
        var cells = new RollupCells();
        foreach (var (key, cell) in Read(connection, sql => sql.Add(Those).Add(" AND external_customer_id IS NOT NULL")))
        {
            cells.Add(key, cell);
        }

        change.Delete(StoreTable.Cells, Those);
        Write(change, scope, cells, merged: true);
        new DuckDbSql().Add("INSERT INTO rollup_values SELECT scope, hour, event_name, external_customer_id, property, value, quarantine, removal, ")
            .Add("sum(events)::BIGINT, ").Parameter(change.Stamp).Add("::BIGINT, TRUE FROM rollup_values WHERE ").Add(Those).Add(" GROUP BY ALL")
            .Execute(connection);
        change.Delete(StoreTable.Values, sql => sql.Add(Those).Add(" AND stamp <> ").Parameter(change.Stamp));
        change.Commit(applied: null);
    }

    private static (RollupKey Key, string? Value, long Timestamp, long Sequence, long Events, long Last) ReadDerived(DuckDBDataReader reader) => (
        new RollupKey(
            reader.GetInt64(0), reader.GetString(1), reader.GetString(2), DuckDbSql.Text(reader, 4), DuckDbSql.Text(reader, 3), Removal: null),
        DuckDbSql.Text(reader, 5),
        reader.GetInt64(6),
        reader.GetInt64(7),
        reader.GetInt64(8),
        reader.GetInt64(9));

    private static (RollupKey Key, RollupCell Cell) ReadCell(DuckDBDataReader reader)
    {
        var key = new RollupKey(
            reader.GetInt64(1), reader.GetString(2), DuckDbSql.Text(reader, 3), DuckDbSql.Text(reader, 4), DuckDbSql.Text(reader, 5), DuckDbSql.Text(reader, 6));
        var cell = new RollupCell { Events = reader.GetInt64(7) };
        if (key.Property is not null)
        {
            cell.Sum = ExactUnits.Parse(reader.GetString(8));
            cell.Weighted = ExactUnits.Parse(reader.GetString(9));
            cell.OfferMax(ExactUnits.Parse(reader.GetString(10)));
            cell.OfferLatest(ExactUnits.Parse(reader.GetString(11)), reader.GetInt64(12), reader.GetInt64(13));
        }

        if (!reader.IsDBNull(14))
        {
            cell.Widen(reader.GetInt64(14), reader.GetInt64(15));
        }

        return (key, cell);
    }
}
