using DuckDB.NET.Data;

namespace Tollgate.Storage.Events;

/// <summary>Answers a question about usage, from the roll-ups and from rows where those can't.</summary>
internal static class UsageReader
{
    // How many lines of the engine's answer are read before it is asked again whether anybody still waits for it.
    private const int LinesBetweenChecks = 4096;

    public static UsageResult Read(DuckDBConnection connection, UsageQuery query, int scope, CancellationToken cancellationToken)
    {
        var totals = new UsageTotals(query);
        var plan = UsagePlan.For(query);
        // One moment for rows and cells: a batch that comes in between the statements is in none of them.
        using var transaction = connection.BeginTransaction();
        if (query.Aggregation == Aggregation.CountUnique)
        {
            ReadUnique(connection, query, scope, plan, totals, cancellationToken);
        }
        else
        {
            foreach (var stretch in plan.Rows)
            {
                ReadFindings(connection, query, UsageStatements.OfRows(query, scope, stretch), totals, cancellationToken);
            }
        }

        foreach (var cells in CellsOf(plan))
        {
            ReadCells(connection, query, scope, cells, totals, cancellationToken);
        }

        return totals.ToResult();
    }

    private static IEnumerable<UsageCells> CellsOf(UsagePlan plan) => plan.Rows
        .Where(_ => plan.IsWithLeft)
        .Select(stretch => new UsageCells(stretch.From, stretch.To, AreLeft: true))
        .Concat(plan.Hours is { } hours ? [new UsageCells(hours.From, hours.To, AreLeft: false)] : []);

    private static void ReadCells(
        DuckDBConnection connection, UsageQuery query, int scope, UsageCells cells, UsageTotals totals, CancellationToken cancellationToken)
    {
        long valued;
        if (query.Aggregation == Aggregation.CountUnique)
        {
            valued = (long)UsageStatements.EventsOfValues(query, scope, cells).Scalar(connection)!;
        }
        else
        {
            var before = totals.Events;
            ReadFindings(connection, query, UsageStatements.OfCells(query, scope, cells), totals, cancellationToken);
            valued = totals.Events - before;
        }

        if (query.Aggregation != Aggregation.Count)
        {
            totals.Skip((long)UsageStatements.EventsOfCells(query, scope, cells).Scalar(connection)! - valued);
        }
    }

    private static void ReadFindings(
        DuckDBConnection connection, UsageQuery query, DuckDbSql sql, UsageTotals totals, CancellationToken cancellationToken)
    {
        var lines = 0;
        foreach (var found in sql.Rows(connection, reader => new UsageFinding
        {
            Window = Window(reader),
            Kind = (UsageFindingKind)reader.GetInt32(1),
            Events = reader.GetInt64(2),
            Times = reader.GetFieldValue<long>(3),
            Text = DuckDbSql.Text(reader, 4),
            Weight = DuckDbSql.Text(reader, 5),
            At = reader.GetInt64(6),
            Sequence = reader.GetInt64(7),
            Group = Group(reader, query, 8),
        }))
        {
            if (++lines % LinesBetweenChecks == 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
            }

            totals.Add(found);
        }
    }

    private static void ReadUnique(
        DuckDBConnection connection, UsageQuery query, int scope, UsagePlan plan, UsageTotals totals, CancellationToken cancellationToken)
    {
        var lines = 0;
        foreach (var found in UsageStatements.OfUniqueValues(query, scope, plan, [.. CellsOf(plan)]).Rows(connection, reader => (
            Window: Window(reader),
            IsTotal: reader.GetBoolean(1),
            Values: reader.GetInt64(2),
            Events: reader.GetInt64(3),
            Skipped: reader.GetInt64(4),
            Group: Group(reader, query, 5))))
        {
            if (++lines % LinesBetweenChecks == 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
            }

            totals.AddUnique(found.Window, found.Group, found.Values, found.Events, found.Skipped, found.IsTotal);
        }
    }

    private static DateTimeOffset? Window(DuckDBDataReader reader) => reader.IsDBNull(0) ? null : DuckDbSql.Time(reader.GetInt64(0));

    private static string?[] Group(DuckDBDataReader reader, UsageQuery query, int first)
    {
        var group = new string?[query.GroupBy.Count];
        for (var index = 0; index < group.Length; index++)
        {
            group[index] = DuckDbSql.Text(reader, first + index);
        }

        return group;
    }
}
