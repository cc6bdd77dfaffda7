using System.Net;
using Tollgate.Client;
using Tollgate.Contracts;

namespace Tollgate.Dashboard.State;

/// <summary>Who is logged in, what they may do, and which environment they look at.</summary>
internal sealed class DashboardSession
{
    private const string KeptEnvironment = "environment";

    // Pages can't see the session's cookie. Without a mark that there was one, the server need not be asked.
    private const string KeptSession = "session";
    private const string Present = "yes";

    private readonly TollgateClient _client;
    private readonly ChosenEnvironment _chosen;
    private readonly Browser _browser;

    private int _turn;

    public DashboardSession(TollgateClient client, ChosenEnvironment chosen, Browser browser, SessionEnd end)
    {
        (_client, _chosen, _browser) = (client, chosen, browser);
        end.Found += () => _ = EndedAsync();
    }

    /// <summary>Something below changed.</summary>
    public event Action? Changed;

    /// <summary>The person; null while nobody is logged in.</summary>
    public MeResponse? Me { get; private set; }

    /// <summary>The environments that the person may choose from; empty when they may not see any.</summary>
    public IReadOnlyList<EnvironmentResponse> Environments { get; private set; } = [];

    public bool IsAdministrator => Me?.Principal.Administrator == true;

    /// <summary>Whether the person may do that: what menus and buttons follow.</summary>
    public bool May(string permission) => Me?.Principal.Permissions.Contains(permission) == true;

    /// <summary>Whether the person may see an account's keys: administrators see all, others their own.</summary>
    public bool MaySeeKeysOf(string accountId) => May(Permissions.SecretRead) && (IsAdministrator || accountId == Me?.Id);

    /// <summary>Asks the server who is logged in, and what they may do now.</summary>
    /// <exception cref="HttpRequestException">The server can't be reached.</exception>
    public async Task LoadAsync()
    {
        if (Me is not null)
        {
            await ReadAsync(_chosen.Id);
            return;
        }

        if (await _browser.KeptAsync(KeptSession) != Present)
        {
            return;
        }

        var kept = await _browser.KeptByTabAsync(KeptEnvironment);
        try
        {
            await ReadAsync(kept);
        }
        catch (TollgateException exception) when (kept is not null && exception.Status is HttpStatusCode.Forbidden or HttpStatusCode.NotFound)
        {
            // An environment of another tenant, or none any more.
            await ReadAsync(null);
        }
    }

    /// <summary>Goes to another environment, once the server has said that the person may be there.</summary>
    /// <exception cref="TollgateException">They may not; everything stays as it was.</exception>
    public async Task LookAtAsync(string environmentId)
    {
        await ReadAsync(environmentId);
        if (_chosen.Id == environmentId)
        {
            await _browser.KeepByTabAsync(KeptEnvironment, environmentId);
        }
    }

    /// <summary>The person logged in.</summary>
    /// <exception cref="HttpRequestException">The server can't be reached, or the browser kept no session.</exception>
    public async Task BeginAsync()
    {
        await _browser.KeepAsync(KeptSession, Present);
        await LoadAsync();
        if (Me is null)
        {
            throw new BrowserException("The browser kept no session: it needs https, or localhost.");
        }
    }

    /// <summary>Ends the session.</summary>
    /// <exception cref="HttpRequestException">The server can't be reached: the session goes on.</exception>
    public async Task LogOutAsync()
    {
        try
        {
            await _client.Sessions.LogoutAsync();
        }
        catch (TollgateException exception) when (exception.Status == HttpStatusCode.Unauthorized)
        {
            // It was over already.
        }

        await EndedAsync();
    }

    private async Task EndedAsync()
    {
        _turn++;
        // Whoever comes next begins in the tenant's first environment.
        _chosen.Id = null;
        await _browser.KeepAsync(KeptSession, "");
        if (Me is not null)
        {
            (Me, Environments) = (null, []);
            Changed?.Invoke();
        }
    }

    private async Task ReadAsync(string? environmentId)
    {
        var turn = ++_turn;
        try
        {
            var me = environmentId is null ? await _client.Accounts.GetMeAsync() : await _chosen.InAsync(environmentId, () => _client.Accounts.GetMeAsync());
            var environments = me.Principal.Permissions.Contains(Permissions.EnvironmentRead) && !me.Principal.PasswordChangeRequired
                ? (await _client.Environments.ListAsync(new ListEnvironmentsQuery { Limit = 1000 })).Environments
                : [];
            // Of two that were asked for, the later counts, whichever is answered first.
            if (turn == _turn)
            {
                (_chosen.Id, Me, Environments) = (me.Principal.EnvironmentId, me, environments);
                Changed?.Invoke();
            }
        }
        catch (TollgateException exception) when (exception.Status == HttpStatusCode.Unauthorized)
        {
            await EndedAsync();
        }
    }
}
