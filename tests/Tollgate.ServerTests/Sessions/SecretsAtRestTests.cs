using System.Text;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Tollgate.Contracts;
using Tollgate.Storage.Control;
using Xunit;

namespace Tollgate.ServerTests.Sessions;

/// <summary>Nothing that lets a person in can be read from what the server stores.</summary>
public sealed class SecretsAtRestTests(TollgateServer server) : IClassFixture<TollgateServer>
{
    [Fact]
    public async Task No_file_of_the_folder_holds_a_secret_in_clear()
    {
        var (invited, token) = await InvitingPeopleTests.InviteAsync(server);
        var person = await server.CreatePersonAsync("all_reader");
        using var login = await server.AnonymousClient.PostJsonAsync("/v1/auth/login", new { email = person.Email, password = person.Password });
        var cookie = TollgateServer.SessionOf(login);
        using var session = server.ClientWithSession(cookie);
        using var enrolled = await session.PostJsonAsync("/v1/auth/totp/enroll", new { current_password = person.Password });
        var text = (await enrolled.ReadAsync<EnrolledTotpResponse>(200)).Secret;
        var secret = Authenticator.FromBase32(text);
        var (next, codes) = await new Authenticator(secret).ConfirmAsync(session, server.Now);
        var (_, reset) = await InvitingPeopleTests.LinkAsync(server, person.Account.Id);

        List<byte[]> secrets =
        [
            secret,
            .. codes.Select(code => code.Replace("-", "", StringComparison.Ordinal)).Concat(codes)
                .Concat([text, token, reset, cookie, next, TollgateServer.CookieOf(login, "__Host-device"), person.Password, invited.Password ?? ""])
                .Select(Encoding.UTF8.GetBytes),
        ];
        var files = Directory.EnumerateFiles(server.Folder, "control.db*").ToList();
        Assert.True(files.Count >= 2, "The database and its write-ahead log are there.");
        var stored = files.Select(ReadShared).ToList();
        // That the bytes are those of the live database shows in what may be in them.
        Assert.Contains(stored, bytes => bytes.AsSpan().IndexOf(Encoding.UTF8.GetBytes(person.Email)) >= 0);
        Assert.All(secrets, searched => Assert.All(stored, bytes => Assert.True(bytes.AsSpan().IndexOf(searched) < 0)));
        Assert.All(secrets, searched => Assert.True(searched.Length >= 20));
    }

    [Fact]
    public async Task The_audit_log_tells_each_step_of_a_second_factor()
    {
        var person = await server.CreatePersonAsync("all_reader");
        using var session = server.ClientWithSession(await server.LoginAsync(person.Email, person.Password));
        var app = await Authenticator.EnrollAsync(session, person.Password);
        var (cookie, codes) = await app.ConfirmAsync(session, server.Now);
        using var going = server.ClientWithSession(cookie);
        using (var renewed = await going.PostJsonAsync(
            "/v1/auth/totp/recovery-codes", new { current_password = person.Password, recovery_code = codes[0] }))
        {
            var fresh = (await renewed.ReadAsync<RecoveryCodesResponse>(200)).RecoveryCodes;
            using var gone = await going.SendAsync(
                HttpMethod.Delete, "/v1/auth/totp", new { current_password = person.Password, recovery_code = fresh[0] });
            await gone.ShouldBeAsync(204);
        }

        await using var db = server.Host.Services.GetRequiredService<ControlStore>().CreateContext();
        var actions = await db.AuditRecords.Where(record => record.TargetId == person.Account.Id && record.ActorId == person.Account.Id)
            .OrderBy(record => record.Number).Select(record => record.Action).ToListAsync(TestContext.Current.CancellationToken);
        Assert.Equal(
            [
                "user.password", "user.totp_enroll", "user.totp_enable", "user.recovery_code_use", "user.recovery_codes",
                "user.recovery_code_use", "user.totp_disable",
            ],
            actions);
    }

    private static byte[] ReadShared(string file)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var copy = new MemoryStream();
        stream.CopyTo(copy);
        return copy.ToArray();
    }
}
