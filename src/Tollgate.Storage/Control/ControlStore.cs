using System.Data.Common;
using System.Globalization;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Microsoft.EntityFrameworkCore.Infrastructure;

namespace Tollgate.Storage.Control;

/// <summary>Opens the control database of this machine: SQLite in one file, brought to the current schema.</summary>
public sealed class ControlStore : IAsyncDisposable
{
    private const string MigrationFolder = ".Control.Migrations.sqlite.";

    // Versions up to 3.51.2 can corrupt a WAL file when it is reset (decision 0004).
    private static readonly Version OldestSqlite = new(3, 51, 3);

    private readonly PooledDbContextFactory<ControlDb> _factory;

    private ControlStore(PooledDbContextFactory<ControlDb> factory) => _factory = factory;

    /// <summary>Opens or creates the file and applies the migrations that are missing, each in a transaction of its own.</summary>
    /// <exception cref="ControlStoreUnusableException">The file can't be used as it is; the message says why.</exception>
    public static async Task<ControlStore> OpenAsync(string file, TimeProvider time, CancellationToken cancellationToken)
    {
        var connection = new SqliteConnectionStringBuilder
        {
            DataSource = file,
            Mode = SqliteOpenMode.ReadWriteCreate,
            ForeignKeys = true,
            DefaultTimeout = 10,
        };
        var options = new DbContextOptionsBuilder<ControlDb>()
            .UseSqlite(connection.ConnectionString)
            .AddInterceptors(new DurableConnections())
            .Options;
        var store = new ControlStore(new PooledDbContextFactory<ControlDb>(options));
        try
        {
            await store.PrepareAsync(time, cancellationToken);
        }
        catch (SqliteException exception)
        {
            throw new ControlStoreUnusableException(
                $"The control database {Path.GetFileName(file)} can't be opened: {exception.Message.TrimEnd('.')}.", exception);
        }

        return store;
    }

    /// <summary>A context for one unit of work; dispose it.</summary>
    public ControlDb CreateContext() => _factory.CreateDbContext();

    /// <summary>Whether a failed save broke a unique index rather than anything else.</summary>
    public static bool IsUniqueViolation(DbUpdateException exception) =>
        exception?.InnerException is SqliteException { SqliteExtendedErrorCode: 2067 or 1555 };

    /// <summary>Whether the database can't take a change now: a full or failing disk, or a lock that is not released.</summary>
    public static bool IsUnavailable(Exception exception) =>
        (exception is DbUpdateException { InnerException: SqliteException inner } ? inner : exception as SqliteException)
        // SQLITE_BUSY, LOCKED, IOERR, FULL, CANTOPEN, READONLY.
        is { SqliteErrorCode: 5 or 6 or 10 or 13 or 14 or 8 };

    public ValueTask DisposeAsync()
    {
        SqliteConnection.ClearAllPools();
        return ValueTask.CompletedTask;
    }

    private async Task PrepareAsync(TimeProvider time, CancellationToken cancellationToken)
    {
        await using var db = CreateContext();
        var connection = db.Database.GetDbConnection();
        await db.Database.OpenConnectionAsync(cancellationToken);

        var version = Version.Parse(await ScalarAsync(connection, "SELECT sqlite_version()", cancellationToken) ?? "0.0");
        if (version < OldestSqlite)
        {
            throw new ControlStoreUnusableException($"SQLite {version} is older than {OldestSqlite}, which fixes a loss of data.");
        }

        if (await ScalarAsync(connection, "PRAGMA quick_check(1)", cancellationToken) is not "ok")
        {
            throw new ControlStoreUnusableException(
                $"The control database {Path.GetFileName(connection.DataSource)} is damaged; restore it from a backup.");
        }

        await ExecuteAsync(
            connection,
            "CREATE TABLE IF NOT EXISTS schema_migrations (version INTEGER NOT NULL PRIMARY KEY, digest TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT",
            cancellationToken);
        await MigrateAsync(connection, time, cancellationToken);
    }

    private static async Task MigrateAsync(DbConnection connection, TimeProvider time, CancellationToken cancellationToken)
    {
        var assembly = typeof(ControlStore).Assembly;
        var migrations = assembly.GetManifestResourceNames()
            .Where(name => name.Contains(MigrationFolder, StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Select(name => (Version: VersionOf(name), Sql: ReadResource(assembly, name)))
            .ToList();
        var newest = await ScalarAsync(connection, "SELECT max(version) FROM schema_migrations", cancellationToken);
        if (newest is { Length: > 0 } && int.Parse(newest, CultureInfo.InvariantCulture) > migrations[^1].Version)
        {
            throw new ControlStoreUnusableException(
                $"The control database has schema {newest}; this server knows schemas up to {migrations[^1].Version}. Start a newer server.");
        }

        foreach (var (version, sql) in migrations)
        {
            var digest = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(sql)));
            var applied = await ScalarAsync(
                connection, $"SELECT digest FROM schema_migrations WHERE version = {version}", cancellationToken);
            if (applied == digest)
            {
                continue;
            }

            if (applied is not null)
            {
                throw new ControlStoreUnusableException(
                    $"Migration {version} of the control database was applied with other content than this server has.");
            }

            var now = time.GetUtcNow().ToUnixTimeMilliseconds() * 1000;
            await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
            await ExecuteAsync(connection, sql, cancellationToken);
            await ExecuteAsync(
                connection, $"INSERT INTO schema_migrations VALUES ({version}, '{digest}', {now})", cancellationToken);
            await transaction.CommitAsync(cancellationToken);
        }
    }

    private static int VersionOf(string resource)
    {
        var start = resource.IndexOf(MigrationFolder, StringComparison.Ordinal) + MigrationFolder.Length;
        return int.Parse(resource.AsSpan(start, 4), CultureInfo.InvariantCulture);
    }

    private static string ReadResource(Assembly assembly, string name)
    {
        using var stream = assembly.GetManifestResourceStream(name)!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    // CA2100: the text is a migration of this assembly, a number or a digest; none of it comes from outside.
#pragma warning disable CA2100
    private static async Task<string?> ScalarAsync(DbConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        var value = await command.ExecuteScalarAsync(cancellationToken);
        return value is null or DBNull ? null : Convert.ToString(value, CultureInfo.InvariantCulture);
    }

    private static async Task ExecuteAsync(DbConnection connection, string sql, CancellationToken cancellationToken)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
#pragma warning restore CA2100

    /// <summary>Every connection syncs each commit: with less, a power cut loses acknowledged changes (decision 0004).</summary>
    private sealed class DurableConnections : DbConnectionInterceptor
    {
        private const string Settings = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;";

        public override void ConnectionOpened(DbConnection connection, ConnectionEndEventData eventData)
        {
            using var command = connection.CreateCommand();
            command.CommandText = Settings;
            command.ExecuteNonQuery();
        }

        public override Task ConnectionOpenedAsync(
            DbConnection connection, ConnectionEndEventData eventData, CancellationToken cancellationToken = default) =>
            ExecuteAsync(connection, Settings, cancellationToken);
    }
}

/// <summary>The control database can't be used as it is; the message is a sentence for the operator.</summary>
public sealed class ControlStoreUnusableException : Exception
{
    public ControlStoreUnusableException()
    {
    }

    public ControlStoreUnusableException(string message)
        : base(message)
    {
    }

    public ControlStoreUnusableException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
