using System.Globalization;
using System.Text.Json;
using DuckDB.NET.Data;
using Microsoft.Extensions.Logging;

namespace Tollgate.Storage.Events;

/// <summary>The store's one file: opened, checked, and set aside when it can't be used.</summary>
internal sealed partial class DuckDbFile(string folder, DuckDbEventStoreOptions options, TimeProvider time, ILogger logger)
{
    // Raised with every change of the tables; a file of another version is set aside and rebuilt.
    private const int SchemaVersion = 3;

    private const string Schema =
        """
        CREATE TABLE scopes (id INTEGER NOT NULL, tenant_id VARCHAR NOT NULL, environment_id VARCHAR NOT NULL);
        CREATE TABLE events (
          sequence             BIGINT NOT NULL,
          scope                INTEGER NOT NULL,
          event_id             VARCHAR NOT NULL,
          event_name           VARCHAR NOT NULL,
          external_customer_id VARCHAR NOT NULL,
          customer_id          VARCHAR,
          source               VARCHAR,
          timestamp            BIGINT NOT NULL,
          ingested_at          BIGINT NOT NULL,
          properties           VARCHAR NOT NULL,
          names                VARCHAR[] NOT NULL,
          vals                 VARCHAR[] NOT NULL,
          account_id           VARCHAR NOT NULL,
          by_service_account   BOOLEAN NOT NULL,
          api_key_id           VARCHAR,
          request_id           VARCHAR NOT NULL,
          address              VARCHAR NOT NULL,
          quarantine           VARCHAR
        );
        CREATE TABLE rollup_cells (
          scope                INTEGER NOT NULL,
          hour                 BIGINT NOT NULL,
          event_name           VARCHAR NOT NULL,
          external_customer_id VARCHAR,
          property             VARCHAR,
          quarantine           VARCHAR,
          removal              VARCHAR,
          events               BIGINT NOT NULL,
          total                VARCHAR,
          weighted             VARCHAR,
          maximum              VARCHAR,
          latest               VARCHAR,
          latest_at            BIGINT NOT NULL,
          latest_sequence      BIGINT NOT NULL,
          first_at             BIGINT,
          last_at              BIGINT,
          stamp                BIGINT NOT NULL,
          merged               BOOLEAN NOT NULL
        );
        CREATE TABLE rollup_values (
          scope                INTEGER NOT NULL,
          hour                 BIGINT NOT NULL,
          event_name           VARCHAR NOT NULL,
          external_customer_id VARCHAR NOT NULL,
          property             VARCHAR NOT NULL,
          value                VARCHAR NOT NULL,
          quarantine           VARCHAR,
          removal              VARCHAR,
          events               BIGINT NOT NULL,
          stamp                BIGINT NOT NULL,
          merged               BOOLEAN NOT NULL
        );
        CREATE VIEW counted_events AS SELECT * FROM events WHERE quarantine IS NULL;
        CREATE VIEW counted_cells AS SELECT * FROM rollup_cells WHERE quarantine IS NULL;
        CREATE VIEW counted_values AS SELECT * FROM rollup_values WHERE quarantine IS NULL;
        CREATE TABLE corrections (content VARCHAR NOT NULL);
        CREATE TABLE meta (
          schema_version INTEGER NOT NULL, applied BIGINT NOT NULL, removed BIGINT NOT NULL, stamp BIGINT NOT NULL, digest HUGEINT NOT NULL
        );
        """;

    private readonly string _path = Path.Combine(folder, "events.duckdb");

    /// <summary>Why an earlier file was set aside and where it is now; null when none was.</summary>
    public string? SetAside { get; private set; }

    // No file access, no extensions, no further settings: nothing that reaches the engine can reach beyond it (security 1.3).
    private string ConnectionString =>
        $"DataSource={_path};memory_limit={options.MemoryMegabytes.ToString(CultureInfo.InvariantCulture)}MB;"
        + $"threads={options.Threads.ToString(CultureInfo.InvariantCulture)};temp_directory={Path.Combine(folder, "events.tmp")};"
        + "max_temp_directory_size=4GB;autoinstall_known_extensions=false;autoload_known_extensions=false;enable_external_access=false;lock_configuration=true";

    /// <summary>A further connection to the opened file.</summary>
    public DuckDBConnection Connect()
    {
        var connection = new DuckDBConnection(ConnectionString);
        connection.Open();
        return connection;
    }

    /// <summary>Opens the file and returns a connection and the last sequence in it; sets an unusable file aside and begins a new one.</summary>
    /// <param name="load">Reads what has to be known of the file; where that fails, the file is unusable.</param>
    public (DuckDBConnection Connection, long Applied) Open(Action<DuckDBConnection> load)
    {
        if (File.Exists(_path))
        {
            try
            {
                return OpenExisting(load);
            }
            catch (Exception exception) when (exception is InvalidDataException or InvalidCastException or JsonException
                || (exception is DuckDBException error && !DuckDbFault.IsObstacle(error)))
            {
                MoveAside(exception.Message.Split('\n')[0]);
            }
        }
        else if (File.Exists(_path + ".wal"))
        {
            MoveAside("the file is missing and its write-ahead log is not");
        }

        var created = Create();
        load(created);
        return (created, 0);
    }

    /// <summary>Renames the file and what belongs to it, so that it can be looked at and is in nobody's way.</summary>
    public void MoveAside(string reason)
    {
        var stamp = time.GetUtcNow().ToString("yyyyMMdd'T'HHmmssfff'Z'", CultureInfo.InvariantCulture);
        var target = $"{_path}.corrupt-{stamp}";
        if (File.Exists(_path))
        {
            File.Move(_path, target, overwrite: true);
        }

        if (File.Exists(_path + ".wal"))
        {
            File.Move(_path + ".wal", target + ".wal", overwrite: true);
        }

        SetAside = $"{Path.GetFileName(target)} ({reason})";
        LogSetAside(logger, Path.GetFileName(target), reason);
    }

    // CA2000: the connection goes to the caller, and is disposed when that does not come about. CA2100: the text is this file's own.
#pragma warning disable CA2000, CA2100
    private (DuckDBConnection Connection, long Applied) OpenExisting(Action<DuckDBConnection> load)
    {
        var connection = new DuckDBConnection(ConnectionString);
        try
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText =
                "SELECT schema_version, applied, (SELECT count(*) FROM events), (SELECT max(sequence) FROM events), removed, "
                + "(SELECT sum(hash(id, tenant_id, environment_id)) FROM scopes) FROM meta";
            using var reader = command.ExecuteReader();
            if (!reader.Read())
            {
                throw new InvalidDataException("it does not say what it holds");
            }

            var (version, applied, count, removed) = (reader.GetInt32(0), reader.GetInt64(1), reader.GetInt64(2), reader.GetInt64(4));
            if (version != SchemaVersion)
            {
                throw new InvalidDataException($"it has schema {version}; this server has schema {SchemaVersion}");
            }

            if (count + removed != applied || (count > 0 && (removed > 0 ? reader.GetInt64(3) > applied : reader.GetInt64(3) != applied)))
            {
                throw new InvalidDataException($"it says that it holds {applied - removed} events and holds {count}");
            }

            load(connection);
            return (connection, applied);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private DuckDBConnection Create()
    {
        var connection = new DuckDBConnection(ConnectionString);
        try
        {
            connection.Open();
            File.SetUnixFileMode(_path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            using var command = connection.CreateCommand();
            command.CommandText = $"BEGIN; {Schema} INSERT INTO meta VALUES ({SchemaVersion}, 0, 0, 0, 0); COMMIT;";
            command.ExecuteNonQuery();
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

#pragma warning restore CA2000, CA2100

    [LoggerMessage(7101, LogLevel.Warning, "The event store was set aside as {File} and is rebuilt from the log: {Reason}")]
    private static partial void LogSetAside(ILogger logger, string file, string reason);
}
