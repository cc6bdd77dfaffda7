using System.Text;
using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.ChangeTracking;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace Tollgate.Storage.Control;

/// <summary>Everything but events: accounts, roles, keys, sessions, environments, customers, billing and the audit log.</summary>
public sealed class ControlDb(DbContextOptions<ControlDb> options) : DbContext(options)
{
    public DbSet<Tenant> Tenants => Set<Tenant>();

    public DbSet<TenantEnvironment> Environments => Set<TenantEnvironment>();

    public DbSet<Account> Accounts => Set<Account>();

    public DbSet<CustomRole> Roles => Set<CustomRole>();

    public DbSet<ApiKey> ApiKeys => Set<ApiKey>();

    public DbSet<ApiKeyUse> ApiKeyUse => Set<ApiKeyUse>();

    public DbSet<ApiKeyAttempts> ApiKeyAttempts => Set<ApiKeyAttempts>();

    public DbSet<UsedRoute> UsedRoutes => Set<UsedRoute>();

    public DbSet<SentEventsUse> SentEventsUse => Set<SentEventsUse>();

    public DbSet<TenantSettings> TenantSettings => Set<TenantSettings>();

    public DbSet<Session> Sessions => Set<Session>();

    public DbSet<AuditRecord> AuditRecords => Set<AuditRecord>();

    public DbSet<AuditHead> AuditHeads => Set<AuditHead>();

    public DbSet<AuditCheckpoint> AuditCheckpoints => Set<AuditCheckpoint>();

    public DbSet<IdempotentAnswer> IdempotentAnswers => Set<IdempotentAnswer>();

    public DbSet<Customer> Customers => Set<Customer>();

    public DbSet<Meter> Meters => Set<Meter>();

    public DbSet<Price> Prices => Set<Price>();

    public DbSet<Invoice> Invoices => Set<Invoice>();

    public DbSet<QuarantineRow> EventQuarantines => Set<QuarantineRow>();

    public DbSet<RemovalRow> EventRemovals => Set<RemovalRow>();

    public DbSet<PasswordLink> PasswordLinks => Set<PasswordLink>();

    public DbSet<SecondFactor> SecondFactors => Set<SecondFactor>();

    public DbSet<RecoveryCode> RecoveryCodes => Set<RecoveryCode>();

    public DbSet<KnownDevice> KnownDevices => Set<KnownDevice>();

    /// <summary>In queries: the text at a JSON path of a stored map; null where there is none.</summary>
    public static string? JsonText(IReadOnlyDictionary<string, string> map, string path) =>
        throw new InvalidOperationException("This is a function of the database.");

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        ArgumentNullException.ThrowIfNull(modelBuilder);

        modelBuilder.HasDbFunction(typeof(ControlDb).GetMethod(nameof(JsonText))!, function =>
        {
            function.HasName("json_extract").IsBuiltIn();
            function.HasParameter("map").HasStoreType("TEXT");
        });

        modelBuilder.Entity<Tenant>().ToTable("tenants");
        modelBuilder.Entity<TenantEnvironment>().ToTable("environments");
        modelBuilder.Entity<Account>(account =>
        {
            account.ToTable("accounts");
            account.HasMany(row => row.Roles).WithOne().HasForeignKey(role => role.AccountId);
            account.HasOne(row => row.SecondFactor).WithOne().HasForeignKey<SecondFactor>(factor => factor.AccountId);
            // Whoever has the account knows whether a second factor is asked for; forgetting to load it would let people in without.
            account.Navigation(row => row.SecondFactor).AutoInclude();
        });
        modelBuilder.Entity<AccountRole>(role =>
        {
            role.ToTable("account_roles");
            role.HasKey(row => new { row.AccountId, row.RoleId });
        });
        modelBuilder.Entity<CustomRole>(role =>
        {
            role.ToTable("roles");
            role.HasKey(row => new { row.TenantId, row.Id });
        });
        modelBuilder.Entity<ApiKey>().ToTable("api_keys");
        modelBuilder.Entity<ApiKeyUse>().ToTable("api_key_use").HasKey(row => row.ApiKeyId);
        modelBuilder.Entity<ApiKeyAttempts>().ToTable("api_key_attempts").HasKey(row => new { row.ApiKeyId, row.Address });
        modelBuilder.Entity<UsedRoute>().ToTable("access_use").HasKey(row => new { row.AccountId, row.ApiKeyId, row.Day, row.Route });
        modelBuilder.Entity<SentEventsUse>().ToTable("event_use").HasKey(row => new { row.EnvironmentId, row.Hour, row.ApiKeyId });
        modelBuilder.Entity<TenantSettings>().ToTable("tenant_settings").HasKey(row => row.TenantId);
        modelBuilder.Entity<Session>().ToTable("sessions");
        modelBuilder.Entity<AuditRecord>(record =>
        {
            record.ToTable("audit_records");
            record.HasKey(row => new { row.TenantId, row.Number });
            record.Property(row => row.Number).ValueGeneratedNever();
        });
        modelBuilder.Entity<AuditHead>().ToTable("audit_heads").HasKey(row => row.TenantId);
        modelBuilder.Entity<AuditCheckpoint>().ToTable("audit_checkpoints").HasKey(row => new { row.TenantId, row.Number });
        modelBuilder.Entity<IdempotentAnswer>().ToTable("idempotent_answers").HasKey(row => row.Scope);
        modelBuilder.Entity<Customer>().ToTable("customers");
        modelBuilder.Entity<Meter>().ToTable("meters");
        modelBuilder.Entity<Price>().ToTable("prices");
        modelBuilder.Entity<Invoice>().ToTable("invoices");
        modelBuilder.Entity<QuarantineRow>().ToTable("event_quarantines");
        modelBuilder.Entity<RemovalRow>().ToTable("event_removals");
        modelBuilder.Entity<PasswordLink>().ToTable("password_links").HasKey(row => row.AccountId);
        modelBuilder.Entity<SecondFactor>().ToTable("second_factors").HasKey(row => row.AccountId);
        modelBuilder.Entity<RecoveryCode>().ToTable("recovery_codes").HasKey(row => new { row.AccountId, row.Digest });
        modelBuilder.Entity<KnownDevice>().ToTable("known_devices").HasKey(row => new { row.AccountId, row.Digest });

        foreach (var entity in modelBuilder.Model.GetEntityTypes())
        {
            foreach (var property in entity.GetProperties())
            {
                property.SetColumnName(ToSnakeCase(property.Name));
            }
        }
    }

    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder)
    {
        ArgumentNullException.ThrowIfNull(configurationBuilder);

        configurationBuilder.Properties<DateTimeOffset>().HaveConversion<MicrosecondsConverter>();
        configurationBuilder.Properties<IReadOnlyList<string>>().HaveConversion<ListConverter, ListComparer>();
        configurationBuilder.Properties<IReadOnlyDictionary<string, string>>().HaveConversion<MapConverter, MapComparer>();
    }

    private static string ToSnakeCase(string name)
    {
        var text = new StringBuilder(name.Length + 8);
        for (var index = 0; index < name.Length; index++)
        {
            if (char.IsAsciiLetterUpper(name[index]) && index > 0)
            {
                text.Append('_');
            }

            text.Append(char.ToLowerInvariant(name[index]));
        }

        return text.ToString();
    }

    private sealed class MicrosecondsConverter() : ValueConverter<DateTimeOffset, long>(
        time => (time.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond,
        number => DateTimeOffset.UnixEpoch.AddTicks(number * TimeSpan.TicksPerMicrosecond));

    private sealed class ListConverter() : ValueConverter<IReadOnlyList<string>, string>(
        list => JsonSerializer.Serialize(list, JsonSerializerOptions.Default),
        text => JsonSerializer.Deserialize<string[]>(text, JsonSerializerOptions.Default)!);

    private sealed class ListComparer() : ValueComparer<IReadOnlyList<string>>(
        (left, right) => left!.SequenceEqual(right!),
        list => list.Aggregate(0, (hash, item) => HashCode.Combine(hash, item)));

    private sealed class MapConverter() : ValueConverter<IReadOnlyDictionary<string, string>, string>(
        map => JsonSerializer.Serialize(map, JsonSerializerOptions.Default),
        text => JsonSerializer.Deserialize<Dictionary<string, string>>(text, JsonSerializerOptions.Default)!);

    private sealed class MapComparer() : ValueComparer<IReadOnlyDictionary<string, string>>(
        (left, right) => left!.Count == right!.Count && !left.Except(right).Any(),
        map => map.Count);
}
