using Microsoft.Extensions.DependencyInjection;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;
using Xunit;

namespace Tollgate.ServerTests.Access;

internal static class NarrowKeys
{
    /// <summary>A key of an administrator that was made with less, as an older version or another system could have left it.</summary>
    public static async Task<string> NarrowAdministratorKeyAsync(this TollgateServer server, params string[] permissions)
    {
        var person = await server.CreatePersonAsync(BuiltInRoles.SuperAdmin);
        var services = server.Host.Services;
        var token = SecretText.NewKey();
        var row = new ApiKey
        {
            Id = services.GetRequiredService<Ids>().ApiKey(),
            TenantId = server.Secrets.TenantId,
            EnvironmentId = server.Secrets.EnvironmentId,
            AccountId = person.Account.Id,
            Name = "narrow",
            DisplayId = SecretText.DisplayId(token),
            Digest = SecretText.Digest(token),
            Roles = [BuiltInRoles.SuperAdmin],
            Permissions = permissions,
            Status = Statuses.Published,
            CreatedAt = server.Now,
            UpdatedAt = server.Now,
            CreatedBy = person.Account.Id,
        };
        await using var db = services.GetRequiredService<ControlStore>().CreateContext();
        db.ApiKeys.Add(row);
        await db.SaveChangesAsync(TestContext.Current.CancellationToken);
        services.GetRequiredService<AccessDirectory>().Add(row);
        return token;
    }
}
