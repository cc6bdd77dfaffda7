using System.Net;
using System.Net.Sockets;
using Tollgate.Server.Hosting;
using Xunit;

namespace Tollgate.ServerTests.Hosting;

/// <summary>A wrong option stops the built server with exit code 2 and one sentence that names it.</summary>
public sealed class ConfigurationTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("tollgate-test-").FullName;

    public static TheoryData<string, string> WrongValues => new()
    {
        { "Hosting:TrustedProxies", "proxy.example" },
        { "Hosting:TrustedProxies", "0.0.0.0/0" },
        { "Limits:EventsPerMinutePerTenant", "100000001" },
        { "Leaks:GitHubKeysFile", "/no/such/file" },
        { "Urls", "" },
        { "Urls", "https://127.0.0.1:0" },
        { "Urls", "http://127.0.0.1:0/path" },
        { "Urls", "http://example.com:0" },
        { "Urls", "http://127.0.0.1:99999" },
        { "Urls", "8080" },
        { "Hosting:AllowedHosts", ";" },
        { "Hosting:PublicUrl", "tollgate.example.org" },
        { "Hosting:PublicUrl", "https://tollgate.example.org/path" },
        { "Storage:Folder", "" },
        { "Storage:Folder", "/dev/null/below" },
        { "Storage:SegmentBytes", "1" },
        { "Storage:SegmentBytes", "64MB" },
        { "Storage:DuckDbMemoryMegabytes", "0" },
        { "Storage:DuckDbMemoryMegabytes", "-1" },
        { "Events:MaxBodyBytes", "1.5" },
        { "Events:MaxBodyBytes", "99999999999" },
        { "Events:MaxAgeDays", "0" },
        { "Events:MaxFutureMinutes", "-5" },
        { "Events:MaxFutureMinutes", "" },
        { "Limits:RequestsPerMinutePerKey", "1000001" },
        { "Limits:RequestsPerMinutePerTenant", "many" },
        { "Leaks:GitHubKeysFile", "" },
        { "Bootstrap:AdminEmail", "nobody" },
        { "Bootstrap:AdminEmail", "a@b@c" },
        { "Bootstrap:AdminPassword", "short" },
        { "Bootstrap:AdminPassword", "Password1234!" },
        { "Bootstrap:File", "" },
        { "Bootstrap:File", "/dev/null/below" },
        { "Logging:Level", "loud" },
        { "Logging:Level", "3" },
    };

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [MemberData(nameof(WrongValues))]
    public async Task A_wrong_value_stops_the_server_with_a_sentence_that_names_the_option(string option, string value)
    {
        var data = Path.Combine(_folder, "data");

        var (code, output, errors) = await ServerProcess.RunAsync(ServerProcess.Arguments(data, $"{option}={value}"));

        Assert.Equal(2, code);
        Assert.Empty(output);
        AssertOneSentence(errors);
        Assert.Contains(option, errors, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_option_has_a_wrong_value_above() =>
        Assert.Equal(
            ServerOptions.Defaults.Keys.Order(StringComparer.Ordinal),
            WrongValues.Select(row => row.Data.Item1).Distinct().Order(StringComparer.Ordinal));

    [Fact]
    public async Task A_wrong_variable_stops_the_server_as_a_wrong_argument_does()
    {
        var (code, _, errors) = await ServerProcess.RunAsync(
            ServerProcess.Arguments(_folder), new Dictionary<string, string> { ["TOLLGATE_EVENTS__MAXAGEDAYS"] = "many" });

        Assert.Equal(2, code);
        AssertOneSentence(errors);
        Assert.Contains("Events:MaxAgeDays", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_variable_stops_the_server()
    {
        var (code, _, errors) = await ServerProcess.RunAsync(
            ServerProcess.Arguments(_folder), new Dictionary<string, string> { ["TOLLGATE_STORAGE__FOLDR"] = "/srv/data" });

        Assert.Equal(2, code);
        AssertOneSentence(errors);
        Assert.Contains("TOLLGATE_STORAGE__FOLDR", errors, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("--Storage:Foldr=/srv/data", "Storage:Foldr")]
    [InlineData("--help=me", "help")]
    [InlineData("--Urls", "Urls")]
    [InlineData("-u", "-u")]
    [InlineData("start", "start")]
    public async Task An_unknown_argument_stops_the_server(string argument, string named)
    {
        var (code, _, errors) = await ServerProcess.RunAsync([argument]);

        Assert.Equal(2, code);
        AssertOneSentence(errors);
        Assert.Contains(named, errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_address_in_use_stops_the_server()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;

        var (code, _, errors) = await ServerProcess.RunAsync(
            [$"--Urls=http://127.0.0.1:{port}", $"--Storage:Folder={_folder}"]);

        Assert.Equal(2, code);
        Assert.Contains("Urls", errors, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_second_server_on_the_same_folder_refuses_to_start_and_the_first_goes_on()
    {
        await using var first = await ServerProcess.StartAsync(_folder);

        var (code, _, errors) = await ServerProcess.RunAsync(ServerProcess.Arguments(_folder));

        Assert.Equal(2, code);
        AssertOneSentence(errors);
        Assert.Contains(_folder, errors, StringComparison.Ordinal);
        using var client = new HttpClient { BaseAddress = new Uri(first.Url) };
        using var ready = await client.GetPathAsync("/healthz/ready");
        await ready.ShouldBeAsync(200);
    }

    private static void AssertOneSentence(string errors)
    {
        Assert.StartsWith("tollgate-server: ", errors, StringComparison.Ordinal);
        Assert.EndsWith(".", errors, StringComparison.Ordinal);
        Assert.DoesNotContain("\n", errors, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", errors, StringComparison.Ordinal);
    }
}
