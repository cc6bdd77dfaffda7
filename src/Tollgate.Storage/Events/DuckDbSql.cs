using System.Text;
using DuckDB.NET.Data;

namespace Tollgate.Storage.Events;

/// <summary>A statement under construction. Whatever comes from outside becomes a parameter; the text is ours alone.</summary>
internal sealed class DuckDbSql
{
    // Decimals that DuckDB adds up itself, exactly and with room for 10^10 of them; the shape is that of ExactDecimalText.
    public const string IsOrdinaryDecimal = "regexp_full_match(v, '-?(0|[1-9][0-9]{0,15})([.][0-9]{0,11}[1-9])?')";

    /// <summary>Whether <c>v</c> is an exact decimal; null when it is null.</summary>
    public const string IsDecimal = "regexp_full_match(v, '-?(0|[1-9][0-9]{0,37})([.][0-9]{0,27}[1-9])?')";

    /// <summary>Decimals that DuckDB multiplies by the microseconds of an hour and adds up itself, exactly.</summary>
    public const string IsShortDecimal = "regexp_full_match(v, '-?(0|[1-9][0-9]{0,8})([.][0-9]{0,5}[1-9])?')";

    /// <summary>The start of the hour that <c>timestamp</c> lies in; <see cref="RollupCell.HourOf"/>.</summary>
    public const string Hour = "(timestamp - ((timestamp % 3600000000) + 3600000000) % 3600000000)";

    private readonly StringBuilder _text = new();
    private readonly List<object> _parameters = [];

    public DuckDbSql Add(string text)
    {
        _text.Append(text);
        return this;
    }

    public DuckDbSql Parameter(object value)
    {
        _parameters.Add(value);
        _text.Append('?');
        return this;
    }

    /// <summary>The value of a property of the row, as it is compared; null when it has none.</summary>
    public DuckDbSql Property(string name) => Add("vals[list_position(names, ").Parameter(name).Add(")]");

    public DuckDbSql Add(Action<DuckDbSql> part)
    {
        part(this);
        return this;
    }

    public DuckDbSql Add(DuckDbSql part)
    {
        _text.Append(part._text);
        _parameters.AddRange(part._parameters);
        return this;
    }

    /// <summary>Whether the column is one of these numbers.</summary>
    public DuckDbSql IsIn(string column, IReadOnlyCollection<long> numbers) =>
        Add($"{column} IN (SELECT unnest(").Parameter(numbers.ToList()).Add("::BIGINT[]))");

    public DuckDbSql Where(EventFilter filter, int scope)
    {
        Add(" WHERE scope = ").Parameter(scope).Within(filter.Reach.Bounds);
        Equal("event_id", filter.EventId);
        Equal("event_name", filter.EventName);
        Equal("external_customer_id", filter.ExternalCustomerId);
        Equal("customer_id", filter.CustomerId);
        Equal("source", filter.Source);
        Equal("api_key_id", filter.ApiKeyId);
        Equal("account_id", filter.AccountId);
        if (filter.Start is { } start)
        {
            Add(" AND timestamp >= ").Parameter(Microseconds(start));
        }

        if (filter.End is { } end)
        {
            Add(" AND timestamp < ").Parameter(Microseconds(end));
        }

        if (filter.TakenBy is { } taking)
        {
            Add(" AND ").Taken(taking);
        }

        if (filter.NotTakenBy is { } sparing)
        {
            Add(" AND NOT coalesce(").Taken(sparing).Add(", FALSE)");
        }

        if (filter.WithoutNumber is { } unparsed)
        {
            Add($" AND (SELECT {IsDecimal} FROM (SELECT ").Property(unparsed).Add(" AS v)) IS NOT TRUE");
        }

        if (filter.WithoutValue is { } missing)
        {
            Add(" AND ").Property(missing).Add(" IS NULL");
        }

        foreach (var (name, values) in filter.Properties)
        {
            Add(" AND ").Property(name).Add(" IN (");
            for (var index = 0; index < values.Count; index++)
            {
                Add(index == 0 ? "" : ", ").Parameter(PropertyValues.Comparable(values[index]));
            }

            Add(values.Count == 0 ? "NULL)" : ")");
        }

        return this;
    }

    /// <summary>Whether the row is what the quarantine takes, apart from the scope; null for an event without a key.</summary>
    public DuckDbSql Taken(EventQuarantine quarantine) => Add("(api_key_id = ").Parameter(quarantine.ApiKeyId)
        .Add(" AND ingested_at >= ").Parameter(Microseconds(quarantine.Start))
        .Add(" AND ingested_at < ").Parameter(Microseconds(quarantine.End))
        .Add(" AND sequence <= ").Parameter(quarantine.UpToSequence).Add(")");

    /// <summary>Leaves out what is beyond the bounds of a reader.</summary>
    public DuckDbSql Within(EventBounds? bounds)
    {
        if (bounds?.NotBefore is { } earliest)
        {
            Add(" AND timestamp >= ").Parameter(Microseconds(earliest));
        }

        Within("event_name", bounds?.EventNames);
        Within("external_customer_id", bounds?.ExternalCustomerIds);
        Within("source", bounds?.Sources is { } sources ? new TextBounds(sources, []) : null);
        return this;
    }

    // CA2100: the text is put together from literals of this assembly; everything else is a parameter.
#pragma warning disable CA2100
    public DuckDBCommand ToCommand(DuckDBConnection connection)
    {
        var command = connection.CreateCommand();
        command.CommandText = _text.ToString();
        foreach (var value in _parameters)
        {
            command.Parameters.Add(new DuckDBParameter(value));
        }

        return command;
    }
#pragma warning restore CA2100

    public void Execute(DuckDBConnection connection)
    {
        using var command = ToCommand(connection);
        command.ExecuteNonQuery();
    }

    /// <summary>The one value that the statement answers; null for NULL.</summary>
    public object? Scalar(DuckDBConnection connection)
    {
        using var command = ToCommand(connection);
        return command.ExecuteScalar() is { } value and not DBNull ? value : null;
    }

    /// <summary>Each row of the answer, made into something by the reader that stands on it.</summary>
    public IEnumerable<T> Rows<T>(DuckDBConnection connection, Func<DuckDBDataReader, T> read)
    {
        using var command = ToCommand(connection);
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            yield return read(reader);
        }
    }

    public static string? Text(DuckDBDataReader reader, int column) => reader.IsDBNull(column) ? null : reader.GetString(column);

    public static long Microseconds(DateTimeOffset time) =>
        (time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond;

    public static DateTimeOffset Time(long microseconds) =>
        DateTimeOffset.UnixEpoch.AddTicks(microseconds * TimeSpan.TicksPerMicrosecond);

    private void Within(string column, TextBounds? bounds)
    {
        if (bounds is null)
        {
            return;
        }

        // What is not known to be inside is outside: a column that is null, and everything when nothing is listed.
        Add(" AND (FALSE");
        foreach (var text in bounds.Exact)
        {
            Add($" OR {column} = ").Parameter(text);
        }

        foreach (var prefix in bounds.Prefixes)
        {
            Add($" OR starts_with({column}, ").Parameter(prefix).Add(")");
        }

        Add(")");
    }

    public void Equal(string column, string? value)
    {
        if (value is not null)
        {
            Add($" AND {column} = ").Parameter(value);
        }
    }
}
