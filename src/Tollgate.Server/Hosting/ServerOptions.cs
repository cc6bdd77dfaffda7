using System.Globalization;
using System.Net;
using Tollgate.Server.Sessions;

namespace Tollgate.Server.Hosting;

/// <summary>
/// The server's configuration, whole and valid: built once at start from <c>TOLLGATE_…</c> variables and <c>--Name=value</c> arguments.
/// A test checks that <c>docs/reference/configuration.md</c> lists every option.
/// </summary>
internal sealed record ServerOptions
{
    /// <summary>Every option with its default, in the order of the reference.</summary>
    public static IReadOnlyDictionary<string, string?> Defaults { get; } = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase)
    {
        ["Urls"] = "http://127.0.0.1:8080",
        ["Hosting:AllowedHosts"] = null,
        ["Hosting:TrustedProxies"] = null,
        ["Hosting:PublicUrl"] = null,
        ["Storage:Folder"] = "./data",
        ["Storage:SegmentBytes"] = (64 * 1024 * 1024).ToString(CultureInfo.InvariantCulture),
        ["Storage:DuckDbMemoryMegabytes"] = "1024",
        ["Events:MaxBodyBytes"] = Limits.MaxIngestBodyBytes.ToString(CultureInfo.InvariantCulture),
        ["Events:MaxAgeDays"] = "3660",
        ["Events:MaxFutureMinutes"] = "1440",
        ["Leaks:GitHubKeysFile"] = null,
        ["Limits:RequestsPerMinutePerKey"] = "0",
        ["Limits:RequestsPerMinutePerTenant"] = "0",
        ["Limits:EventsPerMinutePerTenant"] = "0",
        ["Bootstrap:AdminEmail"] = "admin@tollgate.local",
        ["Bootstrap:AdminPassword"] = null,
        ["Bootstrap:File"] = null,
        ["Logging:Level"] = "Warning",
    };

    public required IReadOnlyList<Uri> Urls { get; init; }

    public required IReadOnlyList<string> AllowedHosts { get; init; }

    /// <summary>The origin that people reach the server at, for links; null: as the request that asks for one came.</summary>
    public required string? PublicUrl { get; init; }

    /// <summary>The networks whose word on where a request comes from (<c>X-Forwarded-For</c>) is taken; none: the socket's address counts.</summary>
    public required IReadOnlyList<IPNetwork> TrustedProxies { get; init; }

    public required string Folder { get; init; }

    public required int SegmentBytes { get; init; }

    public required int DuckDbMemoryMegabytes { get; init; }

    public required int MaxIngestBodyBytes { get; init; }

    public required TimeSpan MaxEventAge { get; init; }

    public required TimeSpan MaxEventFuture { get; init; }

    /// <summary>Where the public keys of GitHub's secret scanning are; null: its reports are not received.</summary>
    public required string? GitHubKeysFile { get; init; }

    /// <summary>What any key may send; 0 is no limit.</summary>
    public required int RequestsPerMinutePerKey { get; init; }

    /// <summary>What all keys of a tenant together, and all its people together, may send; 0 is no limit.</summary>
    public required int RequestsPerMinutePerTenant { get; init; }

    /// <summary>How many events all of a tenant together may send; 0 is no limit.</summary>
    public required int EventsPerMinutePerTenant { get; init; }

    public required string AdminEmail { get; init; }

    public required string? AdminPassword { get; init; }

    public required string? BootstrapFile { get; init; }

    public required LogLevel LogLevel { get; init; }

    /// <summary>Reads the arguments and the environment.</summary>
    /// <exception cref="ConfigurationException">An option is unknown or its value can't be used; the message names it.</exception>
    public static ServerOptions Read(IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> environment)
    {
        var values = new Dictionary<string, string?>(Defaults, StringComparer.OrdinalIgnoreCase);
        const string Prefix = "TOLLGATE_";
        foreach (var (name, value) in environment.Where(variable => variable.Key.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            // The project's own tests are told where things are by variables of this form.
            if (!name.StartsWith("TOLLGATE_TEST_", StringComparison.Ordinal))
            {
                Set(values, name[Prefix.Length..].Replace("__", ":", StringComparison.Ordinal), value, $"The variable {name}");
            }
        }

        for (var index = 0; index < arguments.Count; index++)
        {
            var argument = arguments[index];
            var equals = argument.IndexOf('=', StringComparison.Ordinal);
            if (!argument.StartsWith("--", StringComparison.Ordinal))
            {
                throw new ConfigurationException($"The argument {argument} is not known; options are --Name=value.");
            }

            var name = equals < 0 ? argument[2..] : argument[2..equals];
            if (equals < 0 && index + 1 == arguments.Count)
            {
                throw new ConfigurationException($"The argument {argument} has no value.");
            }

            Set(values, name, equals < 0 ? arguments[++index] : argument[(equals + 1)..], $"The argument --{name}");
        }

        return From(values);
    }

    /// <summary>Whether a request with this Host is for us.</summary>
    public bool AnswersFor(string host) =>
        AllowedHosts.Count == 0 || AllowedHosts.Contains(host, StringComparer.OrdinalIgnoreCase);

    private static void Set(Dictionary<string, string?> values, string name, string value, string source)
    {
        if (!values.ContainsKey(name))
        {
            throw new ConfigurationException($"{source} names no option of the server.");
        }

        values[name] = value;
    }

    private static ServerOptions From(Dictionary<string, string?> values)
    {
        var urls = UrlsOf(values["Urls"]!);
        return new ServerOptions
        {
            Urls = urls,
            AllowedHosts = HostsOf(values["Hosting:AllowedHosts"], urls),
            PublicUrl = PublicUrlOf(values["Hosting:PublicUrl"]),
            TrustedProxies = NetworksOf(values, "Hosting:TrustedProxies"),
            Folder = Path.GetFullPath(NotEmpty(values, "Storage:Folder")),
            SegmentBytes = Number(values, "Storage:SegmentBytes", 64 * 1024, 1024 * 1024 * 1024),
            DuckDbMemoryMegabytes = Number(values, "Storage:DuckDbMemoryMegabytes", 64, 1024 * 1024),
            MaxIngestBodyBytes = Number(values, "Events:MaxBodyBytes", 1024, 256 * 1024 * 1024),
            MaxEventAge = TimeSpan.FromDays(Number(values, "Events:MaxAgeDays", 1, 36_600)),
            MaxEventFuture = TimeSpan.FromMinutes(Number(values, "Events:MaxFutureMinutes", 0, 5_270_400)),
            GitHubKeysFile = GitHubKeysFileOf(values),
            RequestsPerMinutePerKey = Number(values, "Limits:RequestsPerMinutePerKey", 0, 1_000_000),
            RequestsPerMinutePerTenant = Number(values, "Limits:RequestsPerMinutePerTenant", 0, 10_000_000),
            EventsPerMinutePerTenant = Number(values, "Limits:EventsPerMinutePerTenant", 0, 100_000_000),
            AdminEmail = Email(values, "Bootstrap:AdminEmail"),
            AdminPassword = Password(values, "Bootstrap:AdminPassword"),
            BootstrapFile = BootstrapFileOf(values),
            LogLevel = Level(values, "Logging:Level"),
        };
    }

    private static List<Uri> UrlsOf(string text)
    {
        var urls = new List<Uri>();
        foreach (var part in text.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            // Uri has no word for "every address"; Kestrel writes it + or *.
            var known = part.Replace("://+", "://0.0.0.0", StringComparison.Ordinal).Replace("://*", "://0.0.0.0", StringComparison.Ordinal);
            if (!Uri.TryCreate(known, UriKind.Absolute, out var url) || url.Scheme != Uri.UriSchemeHttp || url.PathAndQuery != "/")
            {
                throw Wrong("Urls", $"must be addresses like http://127.0.0.1:8080, separated by semicolons; '{part}' is none");
            }

            if (!IPAddress.TryParse(url.Host.Trim('[', ']'), out _) && url.Host != "localhost")
            {
                throw Wrong("Urls", $"must name an IP address or localhost; '{part}' does not");
            }

            urls.Add(url);
        }

        return urls.Count > 0 ? urls : throw Wrong("Urls", "must name at least one address");
    }

    /// <summary>Host names we answer for; none listed means any. Without the option: any when we listen to the network, else only this machine's names.</summary>
    private static string[] HostsOf(string? text, List<Uri> urls)
    {
        if (text is not null)
        {
            var named = text.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            return named.Length == 0
                ? throw Wrong("Hosting:AllowedHosts", "must be host names separated by semicolons, or *")
                : named.Contains("*") ? [] : named;
        }

        return urls.All(url => url.IsLoopback) ? ["localhost", "127.0.0.1", "[::1]", .. urls.Select(url => url.Host)] : [];
    }

    private static string? PublicUrlOf(string? text) =>
        text is null ? null
        : Uri.TryCreate(text, UriKind.Absolute, out var url)
            && (url.Scheme == Uri.UriSchemeHttp || url.Scheme == Uri.UriSchemeHttps)
            && url.PathAndQuery == "/" && url.Fragment.Length == 0 && url.UserInfo.Length == 0
            ? url.GetLeftPart(UriPartial.Authority)
            : throw Wrong("Hosting:PublicUrl", $"must be an address like https://tollgate.example.org, without a path; '{text}' is none");

    private static List<IPNetwork> NetworksOf(Dictionary<string, string?> values, string name)
    {
        var networks = new List<IPNetwork>();
        var parts = values[name] is null ? [] : NotEmpty(values, name).Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        foreach (var part in parts)
        {
            if (IPAddress.TryParse(part, out var address))
            {
                networks.Add(new IPNetwork(address, address.GetAddressBytes().Length * 8));
            }
            else if (IPNetwork.TryParse(part, out var network) && network.PrefixLength > 0)
            {
                networks.Add(network);
            }
            else
            {
                throw Wrong(name, $"must be addresses or networks like 10.0.0.0/8, separated by semicolons; '{part}' is none, or is everybody");
            }
        }

        return networks;
    }

    private static string NotEmpty(Dictionary<string, string?> values, string name) =>
        string.IsNullOrWhiteSpace(values[name]) ? throw Wrong(name, "must not be empty") : values[name]!;

    private static string? BootstrapFileOf(Dictionary<string, string?> values)
    {
        const string Name = "Bootstrap:File";
        if (values[Name] is null)
        {
            return null;
        }

        var path = Path.GetFullPath(NotEmpty(values, Name));
        return Directory.Exists(path) ? throw Wrong(Name, $"names {path}, which is a folder")
            : !Directory.Exists(Path.GetDirectoryName(path)) ? throw Wrong(Name, $"names {path}, whose folder does not exist")
            : path;
    }

    private static string? GitHubKeysFileOf(Dictionary<string, string?> values)
    {
        if (values["Leaks:GitHubKeysFile"] is null)
        {
            return null;
        }

        var path = Path.GetFullPath(NotEmpty(values, "Leaks:GitHubKeysFile"));
        foreach (var key in ApiKeys.GitHubSignature.Read(path).Values)
        {
            key.Dispose();
        }

        return path;
    }

    private static int Number(Dictionary<string, string?> values, string name, int min, int max) =>
        int.TryParse(values[name], NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max
            ? number
            : throw Wrong(name, $"must be a whole number between {min} and {max}");

    /// <summary>By name alone: Enum.Parse would take a number too.</summary>
    private static LogLevel Level(Dictionary<string, string?> values, string name)
    {
        var names = Enum.GetNames<LogLevel>();
        var index = Array.FindIndex(names, known => known.Equals(values[name], StringComparison.OrdinalIgnoreCase));
        return index < 0 ? throw Wrong(name, $"must be one of {string.Join(", ", names)}") : Enum.Parse<LogLevel>(names[index]);
    }

    private static string Email(Dictionary<string, string?> values, string name) =>
        EmailAddress.TryCanonical(values[name], out var email) ? email : throw Wrong(name, "must be an e-mail address");

    private static string? Password(Dictionary<string, string?> values, string name) =>
        values[name] is not { } password ? null
        : PasswordRules.Weakness(password, values["Bootstrap:AdminEmail"]) is { } weakness ? throw Wrong(name, weakness.TrimEnd('.'))
        : password;

    private static ConfigurationException Wrong(string option, string text) => new($"The option {option} {text}.");
}

/// <summary>The server can't start as it is configured; the message is one sentence that names the option.</summary>
internal sealed class ConfigurationException(string message) : Exception(message);
