using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Audit;
using Tollgate.Server.Sessions;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Hosting;

/// <summary>What a new folder needs before anybody can use it: a tenant, two environments, the first administrator and a key of theirs.</summary>
internal sealed class FirstStart(ControlStore store, ControlChanges changes, Passwords passwords, Ids ids)
{
    /// <summary>Whether the folder is new.</summary>
    public async Task<bool> IsDueAsync(CancellationToken cancellationToken)
    {
        await using var db = store.CreateContext();
        return !await db.Tenants.AnyAsync(cancellationToken);
    }

    /// <summary>Creates everything in one transaction and says what nobody can read again later. <paramref name="tell"/> runs before the commit.</summary>
    public async Task CreateAsync(
        ServerOptions options, string tenantName, string url, Func<FirstStartSecrets, Task> tell, CancellationToken cancellationToken)
    {
        var password = options.AdminPassword ?? SecretText.NewRandom()[..24];
        var key = SecretText.NewKey();
        var (head, tail) = SecretText.Pieces(key);
        var tenantId = ids.Tenant();
        await using var change = await changes.BeginAsync(tenantId, AuditActor.System, cancellationToken);
        var tenant = new Tenant
        {
            Id = tenantId,
            Name = tenantName,
            Status = Statuses.Published,
            Metadata = new Dictionary<string, string>(),
            CreatedAt = change.Now,
            UpdatedAt = change.Now,
        };
        var sandbox = NewEnvironment(tenant, "Sandbox", "development");
        var production = NewEnvironment(tenant, "Production", "production");
        var administrator = new Account
        {
            Id = ids.Account(),
            TenantId = tenantId,
            Type = AccountTypes.User,
            Email = options.AdminEmail,
            Name = "Administrator",
            Status = Statuses.Published,
            PasswordHash = await passwords.HashAsync(password, cancellationToken),
            Metadata = new Dictionary<string, string>(),
            CreatedAt = change.Now,
            UpdatedAt = change.Now,
        };
        administrator.Roles.Add(new AccountRole { AccountId = administrator.Id, RoleId = BuiltInRoles.SuperAdmin });
        var firstKey = new ApiKey
        {
            Id = ids.ApiKey(),
            TenantId = tenantId,
            EnvironmentId = sandbox.Id,
            AccountId = administrator.Id,
            Name = "First key",
            DisplayId = SecretText.DisplayId(key),
            Digest = SecretText.Digest(key),
            HeadDigest = SecretText.Digest(head),
            TailDigest = SecretText.Digest(tail),
            Roles = [BuiltInRoles.SuperAdmin],
            Permissions = PermissionSet.AllNamed.Names,
            Status = Statuses.Published,
            CreatedAt = change.Now,
            UpdatedAt = change.Now,
            CreatedBy = administrator.Id,
        };
        change.Db.AddRange(tenant, sandbox, production, administrator, firstKey);
        change.Record("tenant.create", "tenant", tenantId, after: new { tenant.Name });
        change.Record("user.create", "user", administrator.Id, after: new { administrator.Email, Roles = firstKey.Roles });
        change.Record("api_key.create", "api_key", firstKey.Id, after: new { firstKey.Name, firstKey.DisplayId, firstKey.Roles });
        change.Publish(directory =>
        {
            directory.Put(sandbox);
            directory.Put(production);
            directory.Put(administrator);
            directory.Add(firstKey);
        });
        await tell(new FirstStartSecrets(url, options.AdminEmail, password, key, tenantId, sandbox.Id));
        await change.SaveAsync(cancellationToken);
    }

    private TenantEnvironment NewEnvironment(Tenant tenant, string name, string type) => new()
    {
        Id = ids.Environment(),
        TenantId = tenant.Id,
        Name = name,
        Type = type,
        CreatedAt = tenant.CreatedAt,
        UpdatedAt = tenant.CreatedAt,
    };
}

/// <summary>What the first start tells, once.</summary>
internal sealed record FirstStartSecrets(string Url, string Email, string Password, string ApiKey, string TenantId, string EnvironmentId)
{
    /// <summary>Writes them as JSON to a file that only its owner may read, whole or not at all.</summary>
    /// <exception cref="ConfigurationException">The file can't be written.</exception>
    public async Task WriteAsync(string file, CancellationToken cancellationToken)
    {
        var temporary = file + ".new";
        try
        {
            File.Delete(temporary);
            await using (var stream = new FileStream(temporary, new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            }))
            {
                await JsonSerializer.SerializeAsync(stream, this, WireJson.Options, cancellationToken);
                await stream.FlushAsync(cancellationToken);
                RandomAccess.FlushToDisk(stream.SafeFileHandle);
            }

            File.Move(temporary, file, overwrite: true);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"The option Bootstrap:File names {file}, which can't be written: {exception.Message.TrimEnd('.')}.");
        }
    }

    /// <summary>The block that a person reads in the terminal.</summary>
    public string ForPeople(bool passwordPreset, string? file)
    {
        const string Rule = "────────────────────────────────────────────────────────────────────────";
        return file is not null
            ? $"""
            {Rule}
              Tollgate is new here. The first administrator's password and key are in
              {file}
              (readable by you alone; keep it safe, then delete it).
            {Rule}
            """
            : $"""
            {Rule}
              Tollgate is new here. This is shown once; store it now.

              address         {Url}
              administrator   {Email}
              password        {(passwordPreset ? "(as you set it)" : Password)}
              API key         {ApiKey}
              tenant          {TenantId}
              environment     {EnvironmentId} (Sandbox)
            {Rule}
            """;
    }
}
