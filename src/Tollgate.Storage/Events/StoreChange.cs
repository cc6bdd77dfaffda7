using System.Numerics;
using DuckDB.NET.Data;

namespace Tollgate.Storage.Events;

/// <summary>
/// One transaction of the store's writer. It keeps the digest over all rows in step with what is written, so that rows that were lost,
/// swapped or altered behind the store's back are found.
/// </summary>
internal sealed class StoreChange : IDisposable
{
    public const string EventColumns =
        "sequence, event_id, event_name, external_customer_id, customer_id, source, timestamp, ingested_at, properties, "
        + "account_id, by_service_account, api_key_id, request_id, address, quarantine";

    public const string CellColumns =
        "scope, hour, event_name, external_customer_id, property, quarantine, removal, events, total, weighted, maximum, latest, "
        + "latest_at, latest_sequence, first_at, last_at, stamp, merged";

    public const string ValueColumns =
        "scope, hour, event_name, external_customer_id, property, value, quarantine, removal, events, stamp, merged";

    /// <summary>What the digest must be.</summary>
    public static readonly string WholeDigest = string.Join(
        " + ", Enum.GetValues<StoreTable>().Select(table => $"(SELECT {DigestOf(table)} FROM {NameOf(table)})"));

    private readonly DuckDBTransaction _transaction;
    private BigInteger _digest;
    private long _removed;

    public StoreChange(DuckDBConnection connection)
    {
        Connection = connection;
        _transaction = connection.BeginTransaction();
        Stamp = (long)new DuckDbSql().Add("SELECT stamp + 1 FROM meta").Scalar(connection)!;
    }

    public DuckDBConnection Connection { get; }

    /// <summary>Marks the roll-ups' rows that this transaction writes.</summary>
    public long Stamp { get; }

    /// <summary>The sum of a 64-bit hash of each row of a table.</summary>
    public static string DigestOf(StoreTable table) => table switch
    {
        StoreTable.Events => $"coalesce(sum(hash({EventColumns}, scope, names, vals)), 0)",
        StoreTable.Cells => $"coalesce(sum(hash({CellColumns})), 0)",
        _ => $"coalesce(sum(hash({ValueColumns})), 0)",
    };

    public static string NameOf(StoreTable table) => table switch
    {
        StoreTable.Events => "events",
        StoreTable.Cells => "rollup_cells",
        _ => "rollup_values",
    };

    /// <summary>To be called for all events that were written, and after they were altered. Rows of the roll-ups are known by their stamp.</summary>
    public void Enter(Action<DuckDbSql> which) => _digest += Digest(StoreTable.Events, which);

    /// <summary>To be called before rows are altered.</summary>
    public void Leave(StoreTable table, Action<DuckDbSql> which) => _digest -= Digest(
        table,
        // What this transaction wrote itself is counted at its end.
        table == StoreTable.Events ? which : sql => sql.Add(which).Add(" AND stamp <> ").Parameter(Stamp));

    public void Delete(StoreTable table, Action<DuckDbSql> which)
    {
        Leave(table, which);
        new DuckDbSql().Add($"DELETE FROM {NameOf(table)} WHERE ").Add(which).Execute(Connection);
    }

    public void CountRemoved(long events) => _removed += events;

    /// <param name="applied">The last event of the log that is in the store then; null when that does not change.</param>
    public void Commit(long? applied)
    {
        void Stamped(DuckDbSql sql) => sql.Add("stamp = ").Parameter(Stamp);
        _digest += Digest(StoreTable.Cells, Stamped) + Digest(StoreTable.Values, Stamped);
        new DuckDbSql().Add("UPDATE meta SET stamp = ").Parameter(Stamp)
            .Add(", removed = removed + ").Parameter(_removed)
            .Add(", applied = coalesce(").Parameter(applied ?? (object)DBNull.Value).Add(", applied)")
            .Add(", digest = digest + ").Parameter(_digest).Execute(Connection);
        _transaction.Commit();
    }

    public void Dispose() => _transaction.Dispose();

    private BigInteger Digest(StoreTable table, Action<DuckDbSql> which) =>
        (BigInteger)new DuckDbSql().Add($"SELECT {DigestOf(table)}::HUGEINT FROM {NameOf(table)} WHERE ").Add(which).Scalar(Connection)!;
}

/// <summary>The tables that the digest is about.</summary>
internal enum StoreTable
{
    Events,
    Cells,
    Values,
}
