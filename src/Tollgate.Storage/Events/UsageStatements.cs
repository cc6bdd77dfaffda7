namespace Tollgate.Storage.Events;

/// <summary>The statements by which rows and cells are brought together by window and group.</summary>
internal static class UsageStatements
{
    private const string OrdinarySum = "coalesce(own, CAST(sum(CASE WHEN kind = 1 THEN CAST(v AS DECIMAL(38,12)) END) AS VARCHAR))";

    private const string OrdinaryMax = "coalesce(own, CAST(max(CASE WHEN kind = 1 THEN CAST(v AS DECIMAL(38,12)) END) AS VARCHAR))";

    private const string ShortSum = "coalesce(own, CAST(sum(CASE WHEN kind = 1 THEN CAST(v AS DECIMAL(15,6)) END) AS VARCHAR))";

    // More than 18 digits, or the engine multiplies in 64 bits.
    private const string ShortWeight =
        "CASE WHEN kind = 1 THEN CAST(sum(CASE WHEN kind = 1 THEN CAST(v AS DECIMAL(19,6)) * CAST(weight AS DECIMAL(11,0)) END) AS VARCHAR) "
        + "ELSE CAST(sum(weight) AS VARCHAR) END";

    // By time, and by arrival at the same time; a sequence number has 63 bits.
    private const string Arrival = "latest_at::HUGEINT * 9223372036854775808::HUGEINT + latest_sequence";

    // A row's number goes into the engine's own calculation, or is handed over with how often it is there, or is none.
    private const string OrdinaryKind = $"CASE WHEN {DuckDbSql.IsOrdinaryDecimal} THEN 1 WHEN {DuckDbSql.IsDecimal} THEN 2 ELSE 0 END";

    private const string ShortKind = $"CASE WHEN {DuckDbSql.IsShortDecimal} THEN 1 WHEN {DuckDbSql.IsDecimal} THEN 2 ELSE 0 END";

    private const string AnyKind = $"CASE WHEN {DuckDbSql.IsDecimal} THEN 1 ELSE 0 END";

    // A cell always has a number, and it may be longer than that of any event.
    private const string OrdinaryCellKind = $"CASE WHEN {DuckDbSql.IsOrdinaryDecimal} THEN 1 ELSE 2 END";

    /// <summary>
    /// Events of a stretch of time, one by one. Columns: 0 the window, 1 the kind (<see cref="UsageFindingKind"/>), 2 the events, 3 how often
    /// the texts count, 4 the text, 5 the weight, 6 the time, 7 the sequence, then the groups.
    /// </summary>
    public static DuckDbSql OfRows(UsageQuery query, int scope, (long? From, long? To) stretch)
    {
        var shape = query.Aggregation switch
        {
            Aggregation.Count => new Shape { Kind = "1" },
            Aggregation.Max => new Shape { Kind = OrdinaryKind, Text = OrdinaryMax },
            Aggregation.Latest => Shape.Latest with { Kind = AnyKind },
            Aggregation.WeightedSum => new Shape { Kind = ShortKind, Text = ShortSum, Weight = ShortWeight, At = "hour", GroupBy = ", hour" },
            _ => new Shape { Kind = OrdinaryKind, Text = OrdinarySum },
        };
        var sql = new DuckDbSql().Add("SELECT timestamp AS moment, 1::BIGINT AS n, timestamp AS latest_at, sequence AS latest_sequence, ")
            .Add($"{DuckDbSql.Hour} AS hour, {DuckDbSql.Hour} + 3600000000 - timestamp AS weight, ");
        sql = query.PropertyName is { } name && query.Aggregation != Aggregation.Count ? sql.Property(name) : sql.Add("NULL");
        sql.Add(" AS v").Add(inner => Groups(inner, query)).Add(" FROM counted_events").Where(Within(query.Filter, stretch), scope);
        return Grouped(query, shape, sql);
    }

    /// <summary>Cells; the columns are those of <see cref="OfRows"/>.</summary>
    public static DuckDbSql OfCells(UsageQuery query, int scope, UsageCells cells)
    {
        var (column, shape) = query.Aggregation switch
        {
            Aggregation.Count => ("NULL", new Shape { Kind = "1" }),
            Aggregation.Max => ("maximum", new Shape { Kind = OrdinaryCellKind, Text = OrdinaryMax }),
            Aggregation.Latest => ("latest", Shape.Latest with { Kind = "1" }),
            Aggregation.WeightedSum => ("total", new Shape
            {
                Kind = "1",
                Text = "v",
                Weight = "weight",
                Times = "count(*)",
                At = "hour",
                GroupBy = ", v, weight, hour",
            }),
            _ => ("total", new Shape { Kind = OrdinaryCellKind, Text = OrdinarySum }),
        };
        var sql = new DuckDbSql().Add("SELECT ").Add(inner => Moment(inner, cells)).Add($" AS moment, events AS n, latest_at, latest_sequence, hour, weighted AS weight, {column} AS v")
            .Add(inner => Groups(inner, query)).Add(" FROM counted_cells").Add(inner => WhereCells(inner, query, scope, cells));
        sql = query.Aggregation == Aggregation.Count ? sql.Add(" AND property IS NULL") : sql.Add(" AND property = ").Parameter(query.PropertyName!);
        return Grouped(query, shape, sql);
    }

    /// <summary>How many events lie in cells, with a number or without.</summary>
    public static DuckDbSql EventsOfCells(UsageQuery query, int scope, UsageCells cells) => new DuckDbSql()
        .Add("SELECT coalesce(sum(events), 0)::BIGINT FROM counted_cells").Add(inner => WhereCells(inner, query, scope, cells))
        .Add(" AND property IS NULL");

    /// <summary>How many events lie in cells with a value in the property.</summary>
    public static DuckDbSql EventsOfValues(UsageQuery query, int scope, UsageCells cells) => new DuckDbSql()
        .Add("SELECT coalesce(sum(events), 0)::BIGINT FROM counted_values").Add(inner => WhereHours(inner, query, scope, "counted_values", cells))
        .Add(" AND property = ").Parameter(query.PropertyName!);

    /// <summary>
    /// The different values of rows and cells together. Columns: 0 the window, 1 whether it is the whole, 2 the values, 3 the events with
    /// one, 4 those without, then the groups.
    /// </summary>
    public static DuckDbSql OfUniqueValues(UsageQuery query, int scope, UsagePlan plan, IReadOnlyList<UsageCells> cells)
    {
        var sql = new DuckDbSql();
        var isFirst = true;
        foreach (var stretch in plan.Rows)
        {
            sql.Add(isFirst ? "" : " UNION ALL ")
                .Add($"SELECT moment, n, {Rollups.StoredValue("v")} AS v{GroupNames(query)} FROM (SELECT timestamp AS moment, 1::BIGINT AS n, ")
                .Property(query.PropertyName!).Add(" AS v").Add(inner => Groups(inner, query))
                .Add(" FROM counted_events").Where(Within(query.Filter, stretch), scope).Add(")");
            isFirst = false;
        }

        foreach (var each in cells)
        {
            sql.Add(isFirst ? "" : " UNION ALL ").Add("SELECT ").Add(inner => Moment(inner, each)).Add(" AS moment, events AS n, value AS v")
                .Add(inner => Groups(inner, query))
                .Add(" FROM counted_values").Add(inner => WhereHours(inner, query, scope, "counted_values", each))
                .Add(" AND property = ").Parameter(query.PropertyName!);
            isFirst = false;
        }

        var windows = query.WindowStarts.Count > 0;
        return new DuckDbSql()
            .Add("SELECT window_start, GROUPING(window_start) = 1, count(DISTINCT v), coalesce(sum(n) FILTER (v IS NOT NULL), 0)::BIGINT, ")
            .Add($"coalesce(sum(n) FILTER (v IS NULL), 0)::BIGINT{GroupNames(query)} FROM (SELECT *, {(windows ? "w.start" : "NULL::BIGINT")}")
            .Add(" AS window_start FROM (").Add(sql).Add(") AS matched").Add(inner => Windows(inner, query, "matched.moment"))
            .Add($") GROUP BY GROUPING SETS ((window_start{GroupNames(query)}), ())");
    }

    private static DuckDbSql Grouped(UsageQuery query, Shape shape, DuckDbSql matched)
    {
        var groups = GroupNames(query);
        var windows = query.WindowStarts.Count > 0;
        return new DuckDbSql().Add("WITH classed AS (SELECT *, CASE WHEN kind = 2 THEN v END AS own FROM (SELECT *, ")
            .Add(shape.Kind).Add(" AS kind FROM (").Add(matched).Add("))) SELECT ")
            .Add(windows ? "w.start" : "NULL::BIGINT")
            .Add($" AS window_start, kind, sum(n)::BIGINT, {shape.Times}, {shape.Text}, {shape.Weight}, {shape.At}, {shape.Sequence}{groups}")
            .Add(" FROM classed").Add(inner => Windows(inner, query, "classed.moment"))
            .Add($" GROUP BY window_start, kind, own{shape.GroupBy}{groups}");
    }

    private static void Windows(DuckDbSql sql, UsageQuery query, string moment)
    {
        if (query.WindowStarts.Count > 0)
        {
            sql.Add(" ASOF JOIN (SELECT unnest(").Parameter(query.WindowStarts.Select(DuckDbSql.Microseconds).ToList())
                .Add($"::BIGINT[]) AS start) w ON {moment} >= w.start");
        }
    }

    private static void Groups(DuckDbSql sql, UsageQuery query)
    {
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
    }

    private static string GroupNames(UsageQuery query) =>
        string.Concat(Enumerable.Range(0, query.GroupBy.Count).Select(index => $", g{index}"));

    private static EventFilter Within(EventFilter filter, (long? From, long? To) stretch) => filter with
    {
        Start = stretch.From is { } from ? DuckDbSql.Time(from) : null,
        End = stretch.To is { } to ? DuckDbSql.Time(to) : null,
    };

    /// <summary>A time within the cell's window: an hour that is cut by the interval may begin ahead of it.</summary>
    private static void Moment(DuckDbSql sql, UsageCells cells)
    {
        if (cells is { AreLeft: true, From: { } from })
        {
            sql.Add("greatest(hour, ").Parameter(from).Add(")");
        }
        else
        {
            sql.Add("hour");
        }
    }

    private static void WhereCells(DuckDbSql sql, UsageQuery query, int scope, UsageCells cells)
    {
        WhereHours(sql, query, scope, "counted_cells", cells);
        // By customer, what is left of removed events is cut finest.
        sql.Add(cells.AreLeft || UsagePlan.IsByCustomer(query) ? " AND external_customer_id IS NOT NULL" : " AND external_customer_id IS NULL");
    }

    private static void WhereHours(DuckDbSql sql, UsageQuery query, int scope, string table, UsageCells cells)
    {
        var filter = query.Filter;
        // The earliest timestamp is in the hours already; what is left of its hour is read row by row.
        sql.Add(" WHERE scope = ").Parameter(scope).Within(filter.Reach.Bounds is { } bounds ? bounds with { NotBefore = null } : null);
        sql.Equal("event_name", filter.EventName);
        sql.Equal("external_customer_id", filter.ExternalCustomerId);
        if (cells.From is { } from)
        {
            sql.Add(" AND hour >= ").Parameter(cells.AreLeft ? RollupCell.HourOf(from) : from);
        }

        if (cells.To is { } to)
        {
            sql.Add(" AND hour < ").Parameter(to);
        }

        if (cells.AreLeft)
        {
            // Only the cell of the events knows their times; it stands for those of their properties, too. After a quarantine was released there
            // may be two of one key.
            sql.Add($" AND removal IS NOT NULL AND NOT EXISTS (SELECT 1 FROM rollup_cells c WHERE c.property IS NULL AND c.scope = {table}.scope")
                .Add($" AND c.hour = {table}.hour AND c.event_name = {table}.event_name AND c.external_customer_id = {table}.external_customer_id")
                .Add($" AND c.quarantine IS NULL AND c.removal = {table}.removal AND NOT coalesce(c.first_at >= ").Parameter(cells.From ?? long.MinValue)
                .Add(" AND c.last_at < ").Parameter(cells.To ?? long.MaxValue).Add(", FALSE))");
        }
    }

    /// <summary>What a statement says of its groups of rows.</summary>
    private sealed record Shape
    {
        public static Shape Latest { get; } = new()
        {
            Kind = "1",
            Text = $"arg_max(v, {Arrival})",
            At = $"arg_max(latest_at, {Arrival})",
            Sequence = $"arg_max(latest_sequence, {Arrival})",
        };

        public required string Kind { get; init; }

        public string Times { get; init; } = "CASE WHEN kind = 2 THEN count(*) ELSE 1 END";

        public string Text { get; init; } = "NULL::VARCHAR";

        public string Weight { get; init; } = "NULL::VARCHAR";

        public string At { get; init; } = "0::BIGINT";

        public string Sequence { get; init; } = "0::BIGINT";

        public string GroupBy { get; init; } = "";
    }
}

/// <summary>Which cells are meant. All times are microseconds.</summary>
/// <param name="From">The start of the first hour; null for the first there is. Of what removals left, any time.</param>
/// <param name="To">The end of the last hour; null for the last there is. Of what removals left, any time.</param>
/// <param name="AreLeft">Only what removals left, and of that only cells whose events all lie in the interval.</param>
internal readonly record struct UsageCells(long? From, long? To, bool AreLeft);
