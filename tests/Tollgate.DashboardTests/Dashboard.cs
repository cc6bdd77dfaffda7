using Microsoft.Playwright;
using Tollgate.Client;
using Tollgate.Contracts;
using Tollgate.ServerTests;
using Xunit;

namespace Tollgate.DashboardTests;

/// <summary>A new server, as <c>./run</c> publishes it, with its dashboard; one for each class of tests.</summary>
public sealed class Dashboard(Chromium chromium) : IAsyncLifetime
{
    public const string Email = "admin@tollgate.local";
    public const string Password = "correct horse battery 9";

    private readonly string _folder = Directory.CreateTempSubdirectory("tollgate-dashboard-").FullName;
    private readonly List<HttpClient> _clients = [];
    private ServerProcess _server = null!;

    public string Url => _server.Url;

    /// <summary>The first key: it may do everything, in the environment Sandbox.</summary>
    public string ApiKey => _server.ApiKey;

    /// <summary>What the first key sees.</summary>
    public TollgateClient Api { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await ServerProcess.StartAsync(_folder, $"Bootstrap:AdminPassword={Password}");
        Api = new TollgateClient(HttpWith(ApiKey));
    }

    public async ValueTask DisposeAsync()
    {
        _clients.ForEach(client => client.Dispose());
        await _server.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>A program with a key.</summary>
    public HttpClient HttpWith(string key)
    {
        var client = new HttpClient { BaseAddress = new Uri(Url) };
        client.DefaultRequestHeaders.Add("x-api-key", key);
        _clients.Add(client);
        return client;
    }

    /// <summary>A browser that nobody used before.</summary>
    public async Task<Visit> VisitAsync(ColorScheme colors = ColorScheme.Light)
    {
        var context = await chromium.Browser.NewContextAsync(new BrowserNewContextOptions
        {
            BaseURL = Url,
            ColorScheme = colors,
            Permissions = ["clipboard-read", "clipboard-write"],
            ViewportSize = new ViewportSize { Width = 1440, Height = 900 },
        });
        // A loaded machine starts WebAssembly slowly; what is missing stays missing.
        context.SetDefaultTimeout(60_000);
        return new Visit(context, await context.NewPageAsync());
    }

    /// <summary>A browser of a person who is logged in, on the page.</summary>
    public async Task<Visit> VisitAsync(string path, string email = Email, string password = Password)
    {
        var visit = await VisitAsync();
        await visit.LogInQuicklyAsync(email, password);
        await visit.OpenAsync(path);
        return visit;
    }

    /// <summary>A service account with these roles and a key of it.</summary>
    internal async Task<(CreatedUserResponse Account, CreatedApiKeyResponse Key)> CreateKeyAsync(string name, params string[] roles)
    {
        var token = TestContext.Current.CancellationToken;
        var account = await Api.Accounts.CreateAsync(new CreateUserRequest { Type = AccountTypes.ServiceAccount, Name = name, Roles = roles }, token);
        var key = await Api.ApiKeys.CreateAsync(
            new CreateApiKeyRequest { Name = $"{name} key", Type = "private_key", ServiceAccountId = account.Id }, token);
        return (account, key);
    }

    /// <summary>A person with these roles, who has a password.</summary>
    internal async Task<CreatedUserResponse> CreatePersonAsync(string email, string name, params string[] roles)
    {
        var token = TestContext.Current.CancellationToken;
        var person = await Api.Accounts.CreateAsync(new CreateUserRequest { Type = AccountTypes.User, Email = email, Name = name, Roles = roles }, token);
        await Api.Sessions.AcceptInvitationAsync(
            new AcceptInvitationRequest { Token = new Uri(person.InviteUrl!).Fragment.Split('=')[1], Password = Password }, token);
        return person;
    }

    /// <summary>Sends an event with a key.</summary>
    internal async Task<string> SendAsync(string key, string name, string customer = "customer-1", object? properties = null)
    {
        var answer = await new TollgateClient(HttpWith(key)).Events.IngestAsync(
            new IngestEventRequest
            {
                EventName = name,
                ExternalCustomerId = customer,
                Properties = System.Text.Json.JsonSerializer.SerializeToElement(properties ?? new { }),
            },
            null,
            TestContext.Current.CancellationToken);
        return answer.EventId;
    }
}
