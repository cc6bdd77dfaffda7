using DuckDB.NET.Data;

namespace Tollgate.Storage.Events;

/// <summary>Reads events as they were sent.</summary>
internal static class EventPages
{
    public static EventPage Read(DuckDBConnection connection, EventQuery query, int scope)
    {
        // Read backwards from the page's edge, then turned round.
        var backwards = query.Before is not null;
        var events = ReadAll(PageSql(query, scope, descending: query.Descending != backwards), connection, query.Filter.Reach.Scope);
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
    }

    /// <summary>The one event, whether it counts or not.</summary>
    public static StoredEvent? Find(DuckDBConnection connection, EventReach reach, long sequence, int scope)
    {
        // Rows lie in the order of their sequence, so that the engine skips all row groups but one.
        var sql = new DuckDbSql().Add($"SELECT {StoreChange.EventColumns} FROM events WHERE sequence = ").Parameter(sequence)
            .Add(" AND scope = ").Parameter(scope).Within(reach.Bounds);
        return ReadAll(sql, connection, reach.Scope) is [var found] ? found : null;
    }

    private static DuckDbSql PageSql(EventQuery query, int scope, bool descending)
    {
        var order = query.Sort switch
        {
            EventSort.EventName => (ReadOnlySpan<string>)["event_name", "timestamp", "sequence"],
            EventSort.Arrival => ["sequence"],
            _ => ["timestamp", "sequence"],
        };
        var sql = new DuckDbSql().Add($"SELECT {StoreChange.EventColumns} FROM counted_events").Where(query.Filter, scope);
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

    private static List<StoredEvent> ReadAll(DuckDbSql sql, DuckDBConnection connection, EventScope scope) =>
    [
        .. sql.Rows(connection, reader => new StoredEvent
        {
            Sequence = reader.GetInt64(0),
            EventId = reader.GetString(1),
            EventName = reader.GetString(2),
            ExternalCustomerId = reader.GetString(3),
            CustomerId = DuckDbSql.Text(reader, 4),
            Source = DuckDbSql.Text(reader, 5),
            Timestamp = DuckDbSql.Time(reader.GetInt64(6)),
            IngestedAt = DuckDbSql.Time(reader.GetInt64(7)),
            Properties = reader.GetString(8),
            EnvironmentId = scope.EnvironmentId,
            AccountId = reader.GetString(9),
            ByServiceAccount = reader.GetBoolean(10),
            ApiKeyId = DuckDbSql.Text(reader, 11),
            RequestId = reader.GetString(12),
            Address = reader.GetString(13),
            QuarantineId = DuckDbSql.Text(reader, 14),
        }),
    ];
}
