using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;
using Xunit;

namespace Tollgate.DashboardTests;

/// <summary>A person before the dashboard. What the browser complains of on its console fails the test at the end.</summary>
public sealed partial class Visit : IAsyncDisposable
{
    private readonly IBrowserContext _context;
    private readonly ConcurrentQueue<string> _complaints = new();
    private int _refusalsExpected;

    public Visit(IBrowserContext context, IPage page)
    {
        (_context, Page) = (context, page);
        page.Console += (_, message) =>
        {
            if (message.Type is "error" or "warning" && !(IsRefusal(message.Text) && Interlocked.Decrement(ref _refusalsExpected) >= 0))
            {
                _complaints.Enqueue($"{page.Url}: {message.Type}: {message.Text} ({message.Location})");
            }
        };
        page.PageError += (_, error) => _complaints.Enqueue($"{page.Url}: {error}");
    }

    public IPage Page { get; }

    private ILocator ErrorBar => Page.Locator("#blazor-error-ui");

    /// <summary>Logs in without looking at the page, for tests that are about something else.</summary>
    public async Task LogInQuicklyAsync(string email, string password)
    {
        await Page.GotoAsync("/favicon.svg");
        var status = await Page.EvaluateAsync<int>(
            """
            async ([email, password]) => {
              const answer = await fetch('/v1/auth/login', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ email, password }) });
              localStorage.setItem('tollgate.session', 'yes');
              return answer.status;
            }
            """,
            new[] { email, password });
        Assert.Equal(200, status);
    }

    /// <summary>The browser forgets who was logged in.</summary>
    public async Task LeaveAsync()
    {
        await Page.GotoAsync("/favicon.svg");
        await Page.EvaluateAsync("localStorage.removeItem('tollgate.session')");
        await _context.ClearCookiesAsync();
    }

    /// <summary>Types an address, and waits until its page is complete.</summary>
    public async Task OpenAsync(string path)
    {
        await Page.GotoAsync(path);
        await LoadedAsync();
    }

    /// <summary>Goes to an address of the dashboard that is open already. Its title says that the page before is gone.</summary>
    public async Task GoAsync(string path, string title)
    {
        await Page.EvaluateAsync("path => Blazor.navigateTo(path)", path);
        await Page.WaitForURLAsync(url => new Uri(url).PathAndQuery.StartsWith(path, StringComparison.Ordinal));
        await Assertions.Expect(Page.Locator("h1").First).ToHaveTextAsync(title, new() { Timeout = 60_000 });
        await LoadedAsync();
    }

    /// <summary>The same for tests that share a visit: what an earlier one left behind disturbs none.</summary>
    public async Task GoAfreshAsync(string path, string title)
    {
        ForgetComplaints();
        if (await ErrorBar.IsVisibleAsync() || await Page.GetByRole(AriaRole.Dialog).CountAsync() > 0)
        {
            await OpenAsync("/");
        }

        await GoAsync(path, title);
    }

    /// <summary>Chooses another environment in the bar.</summary>
    public async Task ChooseEnvironmentAsync(string name)
    {
        await Page.Locator(".environment button").ClickAsync();
        await Page.Locator(".mud-popover-open").GetByText(name).First.ClickAsync();
    }

    /// <summary>Waits until nothing on the page is loading.</summary>
    public async Task LoadedAsync()
    {
        await Assertions.Expect(Page.Locator("h1").First).ToBeVisibleAsync(new() { Timeout = 60_000 });
        await Assertions.Expect(Page.Locator(".loading, .stale, .skeleton")).ToHaveCountAsync(0, new() { Timeout = 60_000 });
    }

    /// <summary>Waits until nothing moves and no colour changes any more; a second at most, because some never say that they are done.</summary>
    public Task SettledAsync() => Page.EvaluateAsync(
        """
        async () => {
          const moves = each => each.playState === 'running' && each.effect?.getTiming().iterations !== Infinity;
          const end = performance.now() + 1000;
          while (performance.now() < end && document.getAnimations().some(moves)) {
            await new Promise(done => setTimeout(done, 20));
          }
        }
        """);

    public ILocator Button(string name) => Page.GetByRole(AriaRole.Button, new() { Name = name, Exact = true });

    public ILocator Link(string name) => Page.GetByRole(AriaRole.Link, new() { Name = name, Exact = true });

    public ILocator Field(string label) => Page.GetByLabel(label, new() { Exact = true });

    public ILocator TestId(string id) => Page.GetByTestId(id);

    /// <summary>What the dialog or page says must have this text in it.</summary>
    public Task ShouldSayAsync(string text) => Assertions.Expect(Page.GetByText(text).First).ToBeVisibleAsync(new() { Timeout = 30_000 });

    /// <summary>Reads a secret that is shown once, says that it is stored, and closes the dialog.</summary>
    public async Task<string> TakeSecretAsync()
    {
        var secret = await TestId("secret").InnerTextAsync();
        await Assertions.Expect(Button("Done")).ToBeDisabledAsync();
        await Page.GetByText("I have stored").ClickAsync();
        await Button("Done").ClickAsync();
        await Assertions.Expect(TestId("secret")).ToHaveCountAsync(0);
        return secret;
    }

    /// <summary>The browser has complained of nothing until now, and the dashboard has not failed.</summary>
    public async Task ShouldNotComplainAsync()
    {
        if (await ErrorBar.IsVisibleAsync())
        {
            _complaints.Enqueue($"{Page.Url}: the dashboard failed");
        }

        var complaints = TakeComplaints();
        Assert.True(complaints.Count == 0, string.Join("\n", complaints));
    }

    /// <summary>What the browser complained of, for a test that makes it complain on purpose; it is told once.</summary>
    public IReadOnlyList<string> TakeComplaints()
    {
        var complaints = new List<string>();
        while (_complaints.TryDequeue(out var complaint))
        {
            complaints.Add(complaint);
        }

        return complaints;
    }

    /// <summary>Chromium writes every answer of 4xx on the console; so many of them are part of the test.</summary>
    public void ExpectRefusals(int count) => Interlocked.Add(ref _refusalsExpected, count);

    /// <summary>No serious violation of the rules that axe knows.</summary>
    public async Task ShouldBeAccessibleAsync(string what)
    {
        var result = await Page.RunAxe(new AxeRunOptions());
        var serious = result.Violations.Where(violation => violation.Impact is "serious" or "critical").ToList();
        Assert.True(
            serious.Count == 0,
            $"{what}: {string.Join("; ", serious.Select(violation => $"{violation.Id}: {violation.Help}: {string.Join(", ", violation.Nodes.Take(3).Select(node => $"{node.Html} ({string.Join(" ", node.Any.Select(check => check.Message))})"))}"))}");
    }

    public async ValueTask DisposeAsync()
    {
        try
        {
            await ShouldNotComplainAsync();
        }
        finally
        {
            await _context.DisposeAsync();
        }
    }

    private void ForgetComplaints()
    {
        _complaints.Clear();
        Interlocked.Exchange(ref _refusalsExpected, 0);
    }

    private static bool IsRefusal(string text) => Refusal().IsMatch(text);

    [GeneratedRegex(@"^Failed to load resource: the server responded with a status of 4\d\d")]
    private static partial Regex Refusal();
}
