using System.Security.Cryptography;
using System.Text;
using Tollgate.Contracts;
using Xunit;

namespace Tollgate.ServerTests.ApiKeys;

/// <summary>Keys of another system, known by their SHA-256 alone.</summary>
public sealed class ImportingKeysTests(TollgateServer server) : IClassFixture<TollgateServer>
{
    private const string Import = "/v1/secrets/api/keys/import";

    private static int _next;

    [Fact]
    public async Task An_imported_key_works_as_it_did_where_it_came_from()
    {
        var account = await server.CreateServiceAccountAsync("event_ingestor", "event_reader");
        var (token, other) = (NewToken(), NewToken());
        using var response = await server.AdminClient.PostJsonAsync(Import, new
        {
            keys = new object[]
            {
                new { sha256 = Digest(token), name = "old", service_account_id = account.Id, roles = new[] { "event_ingestor" } },
                new { sha256 = Digest(other).ToUpperInvariant(), name = "older", service_account_id = account.Id },
            },
        });
        var imported = await response.ReadAsync<ImportedApiKeysResponse>(201);
        Assert.Equal(2, imported.Imported);
        Assert.True(imported.Keys[0].Imported);
        Assert.Equal(["event:write"], imported.Keys[0].Permissions);
        Assert.Equal(["event:read", "event:write"], imported.Keys[1].Permissions);
        using var client = server.ClientWith(token);
        using (var sent = await client.PostJsonAsync("/v1/events", new { event_name = "e", external_customer_id = "c" }))
        {
            await sent.ShouldBeAsync(202);
        }

        using (var read = await client.GetPathAsync("/v1/events"))
        {
            await read.ShouldBeProblemAsync(403, ErrorCodes.PermissionDenied);
        }

        using (var deleted = await server.AdminClient.DeletePathAsync($"/v1/secrets/api/keys/{imported.Keys[0].Id}"))
        {
            await deleted.ShouldBeAsync(204);
        }

        using var dead = await client.GetPathAsync("/v1/users/me");
        await dead.ShouldBeAsync(401);
        using var again = await server.AdminClient.PostJsonAsync(
            Import, new { keys = new[] { new { sha256 = Digest(token), name = "back", service_account_id = account.Id } } });
        await again.ShouldBeProblemAsync(409, ErrorCodes.AlreadyExists);
    }

    [Fact]
    public async Task One_bad_key_keeps_all_out()
    {
        var account = await server.CreateServiceAccountAsync("event_ingestor");
        var good = NewToken();
        var fine = new { sha256 = Digest(good), name = "good", service_account_id = account.Id };
        foreach (var (bad, field) in new (object, string)[]
        {
            (new { sha256 = new string('x', 64), name = "n", service_account_id = account.Id }, "keys[1].sha256"),
            (new { sha256 = Digest(good), name = "n", service_account_id = account.Id }, "keys[1].sha256"),
            (new { sha256 = Digest(NewToken()), name = "n", service_account_id = "user_0" }, "keys[1].service_account_id"),
            (new { sha256 = Digest(NewToken()), name = "n", service_account_id = account.Id, roles = new[] { "super_admin" } }, "keys[1].roles"),
            (new { sha256 = Digest(NewToken()), name = "n", service_account_id = account.Id, expires_at = "2001-01-01T00:00:00Z" }, "keys[1].expires_at"),
            (new { sha256 = Digest(NewToken()), name = "n", service_account_id = account.Id, is_admin = true }, "keys[1].is_admin"),
        })
        {
            using var response = await server.AdminClient.PostJsonAsync(Import, new { keys = new[] { fine, bad } });
            var problem = await response.ShouldBeProblemAsync(400, ErrorCodes.ValidationError);
            Assert.True(problem.GetProperty("details").GetProperty("errors").TryGetProperty(field, out _), problem.ToString());
        }

        using var client = server.ClientWith(good);
        using var refused = await client.GetPathAsync("/v1/users/me");
        await refused.ShouldBeAsync(401);
    }

    [Fact]
    public async Task A_narrowed_administrators_key_imports_nothing()
    {
        // Who rotates their key to fewer permissions has a key that is no administrator any more.
        var person = await server.CreatePersonAsync("super_admin");
        using var session = server.ClientWithSession(await server.LoginAsync(person.Email, person.Password));
        using var created = await session.PostJsonAsync("/v1/secrets/api/keys", new { name = "mine", type = "private_key" });
        var key = await created.ReadAsync<CreatedApiKeyResponse>(201);
        using var narrowed = await session.PostJsonAsync(
            $"/v1/secrets/api/keys/{key.Id}/rotate", new { permissions = new[] { "secret:write", "secret:read" } });
        var narrow = await narrowed.ReadAsync<CreatedApiKeyResponse>(201);
        var account = await server.CreateServiceAccountAsync("event_ingestor");
        using var client = server.ClientWith(narrow.ApiKey);
        using var refused = await client.PostJsonAsync(
            Import, new { keys = new[] { new { sha256 = Digest(NewToken()), name = "n", service_account_id = account.Id } } });
        await refused.ShouldBeProblemAsync(403, ErrorCodes.PermissionDenied);
        Assert.DoesNotContain("super_admin", narrow.Roles);
    }

    private static string NewToken() => $"sk_other_system_{Interlocked.Increment(ref _next):00000000}_{Convert.ToHexString(RandomNumberGenerator.GetBytes(16))}";

    private static string Digest(string token) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)));
}
