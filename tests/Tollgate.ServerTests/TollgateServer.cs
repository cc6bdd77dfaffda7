using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Tollgate.Contracts;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;
using Xunit;

namespace Tollgate.ServerTests;

/// <summary>
/// The real server in this process: real Kestrel on a free port, real storage in a folder of its own, which is deleted afterwards.
/// As a class fixture it starts with the defaults; <see cref="StartAsync"/> starts one with its own clock or options.
/// </summary>
public sealed class TollgateServer : IAsyncLifetime
{
    private readonly FakeTimeProvider? _clock;
    private readonly string[] _options;
    private readonly SocketsHttpHandler _connections = NewHandler();
    private TollgateHost? _host;
    private FirstStartSecrets? _secrets;

    public TollgateServer()
        : this(null, [])
    {
    }

    private TollgateServer(FakeTimeProvider? clock, string[] options)
    {
        _clock = clock;
        _options = options;
        Folder = Directory.CreateTempSubdirectory("tollgate-test-").FullName;
    }

    /// <summary>The data folder.</summary>
    public string Folder { get; }

    /// <summary>Where the server listens, like <c>http://127.0.0.1:1234</c>.</summary>
    public string Url => Host.Url;

    /// <summary>The clock that tests move; only a server that was started with one has it.</summary>
    public FakeTimeProvider Clock => _clock ?? throw new InvalidOperationException("This server runs on the system's clock.");

    /// <summary>Now, as the server sees it.</summary>
    public DateTimeOffset Now => (_clock ?? TimeProvider.System).GetUtcNow();

    /// <summary>The administrator's first key, bound to Sandbox.</summary>
    public HttpClient AdminClient { get; private set; } = new();

    /// <summary>A client without a credential.</summary>
    public HttpClient AnonymousClient { get; private set; } = new();

    /// <summary>What the first start told.</summary>
    internal FirstStartSecrets Secrets => _secrets ?? throw NotStarted();

    internal TollgateHost Host => _host ?? throw NotStarted();

    /// <summary>A server of its own. Options are like <c>Events:MaxAgeDays=30</c>.</summary>
    public static async Task<TollgateServer> StartAsync(FakeTimeProvider? clock = null, params string[] options)
    {
        var server = new TollgateServer(clock, options);
        await server.InitializeAsync();
        return server;
    }

    public async ValueTask InitializeAsync()
    {
        await StartHostAsync();
        AdminClient = ClientWith(Secrets.ApiKey);
        AnonymousClient = NewClient();
    }

    public async ValueTask DisposeAsync()
    {
        AdminClient.Dispose();
        AnonymousClient.Dispose();
        _connections.Dispose();
        if (_host is not null)
        {
            await _host.StopAsync(CancellationToken.None);
            await _host.DisposeAsync();
        }

        Directory.Delete(Folder, recursive: true);
    }

    /// <summary>Stops the server, lets the test touch its folder, and starts it again. Clients made before keep working only if <see cref="Url"/> is asked anew.</summary>
    public async Task RestartAsync(Func<Task>? whileStopped = null)
    {
        await Host.StopAsync(CancellationToken.None);
        await Host.DisposeAsync();
        _host = null;
        if (whileStopped is not null)
        {
            await whileStopped();
        }

        await StartHostAsync();
        AdminClient = ClientWith(Secrets.ApiKey);
        AnonymousClient = NewClient();
    }

    /// <summary>A client that sends this key.</summary>
    public HttpClient ClientWith(string key)
    {
        var client = NewClient();
        client.DefaultRequestHeaders.Add("x-api-key", key);
        return client;
    }

    /// <summary>A client that sends the cookie of this session, as a page of the server itself would.</summary>
    public HttpClient ClientWithSession(string cookie)
    {
        var client = NewClient();
        client.DefaultRequestHeaders.Add("Cookie", $"__Host-sid={cookie}");
        client.DefaultRequestHeaders.Add("Sec-Fetch-Site", "same-origin");
        return client;
    }

    public async Task<UserResponse> CreateServiceAccountAsync(params string[] roles)
    {
        using var response = await AdminClient.PostJsonAsync("/v1/users", new { type = AccountTypes.ServiceAccount, name = "Test account", roles });
        return await response.ReadAsync<CreatedUserResponse>(201);
    }

    /// <summary>A key for a service account, made by the administrator.</summary>
    public async Task<CreatedApiKeyResponse> CreateKeyAsync(UserResponse serviceAccount, DateTimeOffset? expiresAt = null, HttpClient? creator = null)
    {
        var request = new Dictionary<string, object?>
        {
            ["name"] = "Test key",
            ["type"] = "private_key",
            ["service_account_id"] = serviceAccount.Id,
        };
        if (expiresAt is not null)
        {
            request["expires_at"] = expiresAt;
        }

        using var response = await (creator ?? AdminClient).PostJsonAsync("/v1/secrets/api/keys", request);
        return await response.ReadAsync<CreatedApiKeyResponse>(201);
    }

    /// <summary>A client for a new service account with these roles.</summary>
    public async Task<HttpClient> ClientOfNewAccountAsync(params string[] roles) =>
        ClientWith((await CreateKeyAsync(await CreateServiceAccountAsync(roles))).ApiKey);

    /// <summary>A new person who has logged in once and changed the first password to <see cref="Person.Password"/>.</summary>
    public async Task<Person> CreatePersonAsync(params string[] roles)
    {
        var ids = new Ids(TimeProvider.System);
        var email = $"{ids.Request()}@people.example".ToLowerInvariant();
        using var created = await AdminClient.PostJsonAsync("/v1/users", new { type = AccountTypes.User, email, name = "Test person", roles });
        var account = await created.ReadAsync<CreatedUserResponse>(201);
        var password = $"correct horse {ids.Request()}";
        using (var first = ClientWithSession(await LoginAsync(email, account.Password ?? throw new InvalidOperationException("A person comes with a password."))))
        {
            using var changed = await first.PostJsonAsync("/v1/auth/password", new { current_password = account.Password, new_password = password });
            await changed.ShouldSucceedAsync();
        }

        return new Person(account, email, password);
    }

    /// <summary>Logs in and returns the session's cookie.</summary>
    public async Task<string> LoginAsync(string email, string password)
    {
        using var response = await AnonymousClient.PostJsonAsync("/v1/auth/login", new { email, password });
        await response.ShouldBeAsync(200);
        return SessionOf(response);
    }

    /// <summary>The session's cookie in an answer that began one.</summary>
    public static string SessionOf(HttpResponseMessage response) => CookieOf(response, "__Host-sid");

    /// <summary>What an answer sets a cookie to.</summary>
    public static string CookieOf(HttpResponseMessage response, string name)
    {
        var cookie = response.Headers.GetValues("Set-Cookie").Single(text => text.StartsWith($"{name}=", StringComparison.Ordinal));
        return Uri.UnescapeDataString(cookie[(name.Length + 1)..cookie.IndexOf(';', StringComparison.Ordinal)]);
    }

    /// <summary>The administrator, logged in.</summary>
    public async Task<HttpClient> AdminSessionAsync() => ClientWithSession(await LoginAsync(Secrets.Email, Secrets.Password));

    /// <summary>Another tenant in the same server, with an administrator, two environments and a key of its own.</summary>
    internal async Task<FirstStartSecrets> SecondTenantAsync(string name = "Another organisation")
    {
        var options = Options() with { AdminEmail = $"{new Ids(TimeProvider.System).Request()}@another.example".ToLowerInvariant(), AdminPassword = null };
        FirstStartSecrets? told = null;
        await Host.Services.GetRequiredService<FirstStart>().CreateAsync(
            options,
            name,
            Url,
            secrets =>
            {
                told = secrets;
                return Task.CompletedTask;
            },
            TestContext.Current.CancellationToken);
        return told ?? throw new InvalidOperationException("The first start tells its secrets.");
    }

    /// <summary>Gives the tenant so many live keys in all, which nobody knows the text of.</summary>
    internal async Task FillWithKeysAsync(int total)
    {
        await using var db = Host.Services.GetRequiredService<ControlStore>().CreateContext();
        await db.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO api_keys (id, tenant_id, environment_id, account_id, name, display_id, digest, roles, permissions, status, created_at, updated_at, created_by)
            WITH RECURSIVE number (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < {total} - (SELECT count(*) FROM api_keys))
            SELECT printf('secret_%026d', n), tenant_id, environment_id, account_id, 'filler', 'filler', randomblob(32), '[]', '[]', 'published', 0, 0, account_id
            FROM number, (SELECT tenant_id, environment_id, account_id FROM api_keys LIMIT 1)
            """,
            TestContext.Current.CancellationToken);
    }

    /// <summary>Sends bytes as they are and reads the answer.</summary>
    public Task<RawAnswer> RawAsync(string request) => RawHttp.SendAsync(Url, request);

    private static SocketsHttpHandler NewHandler() => new()
    {
        UseCookies = false,
        AllowAutoRedirect = false,
        UseProxy = false,
    };

    private HttpClient NewClient() => new(_connections, disposeHandler: false) { BaseAddress = new Uri(Url) };

    private async Task StartHostAsync() => _host = await TollgateHost.StartAsync(
        Options(),
        _clock ?? TimeProvider.System,
        secrets =>
        {
            _secrets = secrets;
            return Task.CompletedTask;
        },
        TestContext.Current.CancellationToken);

    private ServerOptions Options() => ServerOptions.Read(
        ["--Urls=http://127.0.0.1:0", $"--Storage:Folder={Folder}", "--Logging:Level=Error", .. _options.Select(option => $"--{option}")],
        new Dictionary<string, string>());

    private static InvalidOperationException NotStarted() => new("The server is not started.");
}

/// <summary>A person who can log in.</summary>
public sealed record Person(UserResponse Account, string Email, string Password);
