using System.Text.Json;
using System.Text.RegularExpressions;
using Xunit;

namespace Tollgate.ServerTests.Hosting;

/// <summary>What the first start on a new folder creates, tells and leaves on the disk.</summary>
public sealed partial class FirstStartTests : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private readonly string _folder = Directory.CreateTempSubdirectory("tollgate-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string Data => Path.Combine(_folder, "data");

    [Fact]
    public async Task The_first_start_prints_the_administrator_and_the_key_once()
    {
        string key;
        await using (var first = await ServerProcess.StartAsync(Data, "Bootstrap:AdminEmail=Ada@Example.com"))
        {
            var told = Told(first.Output);
            key = told["API key"];
            Assert.Equal(["address", "administrator", "password", "API key", "tenant", "environment"], told.Keys);
            Assert.Equal(first.Url, told["address"]);
            Assert.Equal("ada@example.com", told["administrator"]);
            Assert.True(told["password"].Length >= 12);
            Assert.Matches("^tgsk_[0-9A-Za-z]{49}$", key);
            Assert.Matches("^tenant_[0-9A-Z]{26}$", told["tenant"]);
            Assert.Matches(@"^env_[0-9A-Z]{26} \(Sandbox\)$", told["environment"]);
            await AssertKeyWorksAsync(first.Url, key);
            first.Terminate();
            await first.WaitForExitAsync();
        }

        await using var second = await ServerProcess.StartAsync(Data);
        Assert.Empty(Told(second.Output));
        Assert.DoesNotContain("tgsk_", second.Output, StringComparison.Ordinal);
        await AssertKeyWorksAsync(second.Url, key);
    }

    [Fact]
    public async Task A_preset_password_is_used_and_not_printed()
    {
        const string Password = "correct horse battery staple";
        await using var server = await ServerProcess.StartAsync(Data, $"Bootstrap:AdminPassword={Password}");

        Assert.DoesNotContain(Password, server.Output, StringComparison.Ordinal);
        using var client = new HttpClient { BaseAddress = new Uri(server.Url) };
        using var login = await client.PostJsonAsync("/v1/auth/login", new { email = "admin@tollgate.local", password = Password });
        await login.ShouldBeAsync(200);
    }

    [Fact]
    public async Task The_bootstrap_file_holds_the_secrets_and_the_output_does_not()
    {
        var file = Path.Combine(_folder, "bootstrap.json");
        await using var server = await ServerProcess.StartAsync(Data, $"Bootstrap:File={file}");

        Assert.Equal(OwnerOnly, File.GetUnixFileMode(file));
        using var told = JsonDocument.Parse(await File.ReadAllTextAsync(file, TestContext.Current.CancellationToken));
        var members = told.RootElement.EnumerateObject().ToDictionary(member => member.Name, member => member.Value.GetString() ?? "");
        Assert.Equal(
            ["api_key", "email", "environment_id", "password", "tenant_id", "url"], members.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(server.Url, members["url"]);
        Assert.Contains(file, server.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(members["api_key"], server.Output, StringComparison.Ordinal);
        Assert.DoesNotContain(members["password"], server.Output, StringComparison.Ordinal);
        await AssertKeyWorksAsync(server.Url, members["api_key"]);
    }

    [Fact]
    public async Task A_bootstrap_file_that_cannot_be_written_leaves_the_folder_new()
    {
        var (code, _, _) = await ServerProcess.RunAsync(ServerProcess.Arguments(Data, $"Bootstrap:File={_folder}"));
        Assert.Equal(2, code);

        await using var server = await ServerProcess.StartAsync(Data);
        await AssertKeyWorksAsync(server.Url, Told(server.Output)["API key"]);
    }

    [Fact]
    public async Task Only_the_owner_may_look_into_the_data()
    {
        await using var server = await ServerProcess.StartAsync(Data);

        Assert.Equal(OwnerOnly | UnixFileMode.UserExecute, File.GetUnixFileMode(Data));
    }

    [Fact]
    public async Task A_folder_that_others_may_read_is_closed()
    {
        Directory.CreateDirectory(Data, OwnerOnly | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.OtherRead);

        await using var server = await ServerProcess.StartAsync(Data);

        Assert.Equal(OwnerOnly | UnixFileMode.UserExecute, File.GetUnixFileMode(Data));
    }

    [Fact]
    public async Task The_folder_holds_no_secret_as_text()
    {
        Dictionary<string, string> told;
        await using (var server = await ServerProcess.StartAsync(Data))
        {
            told = Told(server.Output);
            await AssertKeyWorksAsync(server.Url, told["API key"]);
            await server.KillAsync();
        }

        foreach (var file in Directory.EnumerateFiles(Data, "*", SearchOption.AllDirectories))
        {
            var bytes = await File.ReadAllBytesAsync(file, TestContext.Current.CancellationToken);
            Assert.True(bytes.AsSpan().IndexOf(System.Text.Encoding.UTF8.GetBytes(told["API key"])) < 0, $"{file} holds the key");
            Assert.True(bytes.AsSpan().IndexOf(System.Text.Encoding.UTF8.GetBytes(told["password"])) < 0, $"{file} holds the password");
        }
    }

    private static async Task AssertKeyWorksAsync(string url, string key)
    {
        using var client = new HttpClient { BaseAddress = new Uri(url) };
        client.DefaultRequestHeaders.Add("x-api-key", key);
        using var response = await client.GetPathAsync("/v1/users/me");
        var me = await response.JsonAsync(200);
        Assert.Equal("super_admin", me.GetProperty("roles")[0].GetString());
    }

    /// <summary>The lines of the block: a word or two, then at least two spaces, then the value.</summary>
    private static Dictionary<string, string> Told(string output) =>
        output.Split('\n').Select(line => Line().Match(line)).Where(match => match.Success)
            .ToDictionary(match => match.Groups[1].Value, match => match.Groups[2].Value.Trim());

    [GeneratedRegex(@"^  ([A-Za-z]+(?: [a-z]+)?)  +(\S.*)$")]
    private static partial Regex Line();
}
