using System.Text.Json;
using DuckDB.NET.Data;

namespace Tollgate.Storage.Events;

/// <summary>Does to the rows and roll-ups that are there what was said about events after they were accepted.</summary>
internal sealed class StoreCorrections(StoreChange change, StoreScopes scopes)
{
    /// <summary>What has been done to this file.</summary>
    public static EventCorrections Load(DuckDBConnection connection) =>
        new DuckDbSql().Add("SELECT content FROM corrections").Scalar(connection) is string content
            ? JsonSerializer.Deserialize<EventCorrections>(content)!
            : new EventCorrections([], []);

    /// <summary>Writes the sums of all that the removal is going to take.</summary>
    /// <param name="connection">A reader's.</param>
    /// <param name="removal">With a file of sums.</param>
    /// <param name="scope">The scope's number; null when there are no events in it.</param>
    /// <param name="cancellationToken">Ends it; there is no file then, or the one of before.</param>
    public static void SaveSums(DuckDBConnection connection, EventRemoval removal, int? scope, CancellationToken cancellationToken) => SumsFile.Write(
        removal.SumsFile ?? throw new ArgumentException("The removal keeps no sums.", nameof(removal)),
        removal.Scope,
        scope is { } number ? Sums(connection, removal, number) : [],
        cancellationToken);

    public void Correct(EventCorrections wanted)
    {
        var done = Load(change.Connection);
        var undone = done.Quarantines.ExceptBy(wanted.Quarantines.Select(Id), Id).ToList();
        var added = wanted.Quarantines.ExceptBy(done.Quarantines.Select(Id), Id).ToList();
        foreach (var scope in undone.Concat(added).Select(quarantine => quarantine.Scope).Distinct())
        {
            if (scopes.Find(scope) is { } number)
            {
                var inForce = wanted.Quarantines.Where(quarantine => quarantine.Scope == scope).ToList();
                Relabel(number, inForce, added.FindAll(quarantine => quarantine.Scope == scope), undone.FindAll(quarantine => quarantine.Scope == scope));
            }
        }

        foreach (var removal in wanted.Removals.ExceptBy(done.Removals.Select(known => known.Id), known => known.Id))
        {
            Remove(removal, [.. wanted.Quarantines.Select(Id)]);
        }

        scopes.Write(change.Connection);
        new DuckDbSql().Add("DELETE FROM corrections").Execute(change.Connection);
        new DuckDbSql().Add("INSERT INTO corrections VALUES (").Parameter(JsonSerializer.Serialize(wanted)).Add(")").Execute(change.Connection);

        static string Id(EventQuarantine quarantine) => quarantine.Id;
    }

    private static IEnumerable<SumsRecord> Sums(DuckDBConnection connection, EventRemoval removal, int scope)
    {
        // An erased customer's id is content, and so are its values.
        var isErase = removal.ExternalCustomerId is not null;
        foreach (var cells in Rollups.Derive(connection, sql => Taken(sql, removal, scope)))
        {
            foreach (var (key, cell) in cells.All)
            {
                yield return new SumsRecord(isErase ? key with { Customer = removal.Id } : key, cell, null);
            }
        }

        if (!isErase)
        {
            foreach (var value in Rollups.SelectValues(new DuckDbSql(), ", count(*)", sql => Taken(sql, removal, scope)).Rows(connection, ReadValue))
            {
                yield return value;
            }
        }
    }

    private static SumsRecord ReadValue(DuckDBDataReader reader) => new(
        new RollupKey(reader.GetInt64(1), reader.GetString(2), reader.GetString(3), reader.GetString(4), DuckDbSql.Text(reader, 6), Removal: null),
        new RollupCell { Events = reader.GetInt64(7) },
        reader.GetString(5));

    private static void Taken(DuckDbSql sql, EventRemoval removal, int scope)
    {
        sql.Add("scope = ").Parameter(scope).Add(" AND sequence <= ").Parameter(removal.UpToSequence);
        if (removal.ExternalCustomerId is { } customer)
        {
            sql.Add(" AND external_customer_id = ").Parameter(customer);
        }

        if (removal.Before is { } time)
        {
            sql.Add(" AND timestamp < ").Parameter(DuckDbSql.Microseconds(time));
        }

        // An erasure that is complete takes nothing any more: nobody knows the name.
        sql.Add(removal is { ExternalCustomerId: null, Before: null } ? " AND FALSE" : "");
    }

    /// <summary>Gives each row that changes hands to the first quarantine in force that takes it.</summary>
    private void Relabel(int scope, List<EventQuarantine> inForce, List<EventQuarantine> added, List<EventQuarantine> undone)
    {
        void Label(DuckDbSql sql)
        {
            sql.Add("CASE");
            foreach (var quarantine in inForce)
            {
                sql.Add(" WHEN ").Taken(quarantine).Add(" THEN ").Parameter(quarantine.Id).Add("::VARCHAR");
            }

            sql.Add(" WHEN TRUE THEN NULL END");
        }

        void Affected(DuckDbSql sql)
        {
            sql.Add("scope = ").Parameter(scope).Add(" AND (").Add(inner => IsLabelled(inner, undone));
            foreach (var quarantine in added)
            {
                sql.Add(" OR ").Taken(quarantine);
            }

            sql.Add(") AND quarantine IS DISTINCT FROM ").Add(Label);
        }

        var hours = Hours("events", DuckDbSql.Hour, Affected);
        void InHours(DuckDbSql sql) => sql.Add("scope = ").Parameter(scope).Add(" AND ").IsIn(DuckDbSql.Hour, hours);
        change.Leave(StoreTable.Events, InHours);
        new DuckDbSql().Add("UPDATE events SET quarantine = ").Add(Label).Add(" WHERE ").Add(Affected).Execute(change.Connection);
        change.Enter(InHours);
        Rollups.Recompute(change, scope, hours);

        void Left(DuckDbSql sql) =>
            sql.Add("removal IS NOT NULL AND scope = ").Parameter(scope).Add(" AND ").Add(inner => IsLabelled(inner, undone));
        Alter(StoreTable.Cells, "quarantine = NULL", Left);
        Alter(StoreTable.Values, "quarantine = NULL", Left);
    }

    private static void IsLabelled(DuckDbSql sql, List<EventQuarantine> quarantines)
    {
        sql.Add("(FALSE");
        foreach (var quarantine in quarantines)
        {
            sql.Add(" OR quarantine = ").Parameter(quarantine.Id);
        }

        sql.Add(")");
    }

    private void Remove(EventRemoval removal, HashSet<string> quarantinesInForce)
    {
        var scope = scopes.ForWriting(removal.Scope);
        void Those(DuckDbSql sql) => Taken(sql, removal, scope);
        var hours = Hours("events", DuckDbSql.Hour, Those);
        change.CountRemoved((long)new DuckDbSql().Add("SELECT count(*) FROM events WHERE ").Add(Those).Scalar(change.Connection)!);
        change.Delete(StoreTable.Events, Those);
        Rollups.Recompute(change, scope, hours);

        // What earlier removals left of the customer, and what this one leaves.
        var removedHours = new HashSet<long>();
        if (removal.ExternalCustomerId is { } customer)
        {
            removedHours.UnionWith(Erase(scope, customer, removal));
        }

        if (removal.SumsFile is { } file)
        {
            removedHours.UnionWith(LoadSums(file, scope, removal.Id, quarantinesInForce));
        }

        Rollups.RecomputeRemoved(change, scope, removedHours);
    }

    private List<long> Erase(int scope, string customer, EventRemoval removal)
    {
        void Left(DuckDbSql sql) => sql.Add("removal IS NOT NULL AND scope = ").Parameter(scope)
            .Add(" AND external_customer_id = ").Parameter(customer);
        change.Delete(StoreTable.Values, Left);
        if (removal.SumsFile is not null)
        {
            Alter(StoreTable.Cells, "external_customer_id = ", Left, removal.Id);
            return [];
        }

        var hours = Hours("rollup_cells", "hour", Left);
        change.Delete(StoreTable.Cells, Left);
        return hours;
    }

    private HashSet<long> LoadSums(string file, int scope, string removal, HashSet<string> quarantinesInForce)
    {
        var (_, records) = SumsFile.Read(file);
        var hours = new HashSet<long>();
        using (var cells = change.Connection.CreateAppender("rollup_cells"))
        using (var values = change.Connection.CreateAppender("rollup_values"))
        {
            foreach (var record in records)
            {
                var quarantine = record.Key.Quarantine is { } label && quarantinesInForce.Contains(label) ? label : null;
                var key = record.Key with { Quarantine = quarantine, Removal = removal };
                hours.Add(key.Hour);
                if (record.Value is { } value)
                {
                    values.CreateRow().AppendValue(scope).AppendValue(key.Hour).AppendValue(key.EventName).AppendValue(key.Customer)
                        .AppendValue(key.Property).AppendValue(value).AppendValue(quarantine).AppendValue(removal)
                        .AppendValue(record.Cell.Events).AppendValue(change.Stamp).AppendValue(true).EndRow();
                }
                else
                {
                    Rollups.Append(cells, scope, key, record.Cell, change.Stamp, merged: true);
                }
            }

            cells.Close();
            values.Close();
        }

        return hours;
    }

    private List<long> Hours(string table, string hour, Action<DuckDbSql> which) =>
    [
        .. new DuckDbSql().Add($"SELECT DISTINCT {hour} FROM {table} WHERE ").Add(which).Rows(change.Connection, reader => reader.GetInt64(0)),
    ];

    private void Alter(StoreTable table, string set, Action<DuckDbSql> which, object? value = null)
    {
        change.Leave(table, which);
        var sql = new DuckDbSql().Add($"UPDATE {StoreChange.NameOf(table)} SET stamp = ").Parameter(change.Stamp).Add($", {set}");
        (value is null ? sql : sql.Parameter(value)).Add(" WHERE ").Add(which).Execute(change.Connection);
    }
}
