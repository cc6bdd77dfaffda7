using System.Collections.Concurrent;
using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.Playwright;
using Xunit;

namespace Tollgate.DashboardTests;

/// <summary>How the dashboard comes to the browser: how many bytes, and what the page may do.</summary>
public sealed class DeliveryTests(Dashboard dashboard) : IClassFixture<Dashboard>
{
    private const long MaxBytes = 5_000_000;

    // The page itself, and that each file is still the same: no file of the program is so small.
    private const long MaxBytesAgain = 50_000;

    [Fact]
    public async Task A_first_visit_takes_less_than_5_MB_and_a_second_almost_nothing()
    {
        await using var visit = await dashboard.VisitAsync();
        var network = await visit.Page.Context.NewCDPSessionAsync(visit.Page);
        var bytes = 0L;
        // Files only: what the server says about meters is as long as it is.
        var files = new ConcurrentDictionary<string, bool>(StringComparer.Ordinal);
        network.Event("Network.responseReceived").OnEvent += (_, received) =>
            files[received!.Value.GetProperty("requestId").GetString()!] =
                !received.Value.GetProperty("response").GetProperty("url").GetString()!.Contains("/v1/", StringComparison.Ordinal);
        network.Event("Network.loadingFinished").OnEvent += (_, finished) =>
        {
            if (files.GetValueOrDefault(finished!.Value.GetProperty("requestId").GetString()!))
            {
                Interlocked.Add(ref bytes, (long)finished.Value.GetProperty("encodedDataLength").GetDouble());
            }
        };
        await network.SendAsync("Network.enable");

        await visit.OpenAsync("/login");
        var first = Interlocked.Exchange(ref bytes, 0);
        await visit.LogInQuicklyAsync(Dashboard.Email, Dashboard.Password);
        await visit.OpenAsync("/meters");
        var second = Interlocked.Read(ref bytes);

        TestContext.Current.TestOutputHelper!.WriteLine($"first visit {first:N0} bytes, second {second:N0} bytes");
        Assert.InRange(first, 500_000, MaxBytes);
        Assert.InRange(second, 0, MaxBytesAgain);
    }

    [Fact]
    public async Task The_page_shows_something_before_the_program_is_there()
    {
        await using var visit = await dashboard.VisitAsync();
        await visit.Page.RouteAsync("**/_framework/**", route => route.AbortAsync());
        var refused = new List<string>();
        visit.Page.RequestFailed += (_, request) => refused.Add(request.Url);

        await visit.Page.GotoAsync("/");

        await Assertions.Expect(visit.Page.Locator(".skeleton")).ToBeVisibleAsync();
        Assert.NotEmpty(refused);
        Assert.All(visit.TakeComplaints(), complaint => Assert.Contains("/_framework/", complaint, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Every_page_forbids_inline_scripts_and_frames()
    {
        using var http = new HttpClient { BaseAddress = new Uri(dashboard.Url) };
        http.DefaultRequestHeaders.Accept.Add(new MediaTypeWithQualityHeaderValue("text/html"));
        foreach (var path in new[] { "/", "/login", "/api-keys/secret_x", "/no/such/page" })
        {
            using var answer = await http.GetAsync(new Uri(path, UriKind.Relative), TestContext.Current.CancellationToken);
            var policy = answer.Headers.GetValues("Content-Security-Policy").Single().Split(';', StringSplitOptions.TrimEntries);

            Assert.Contains("frame-ancestors 'none'", policy);
            Assert.Contains("default-src 'none'", policy);
            Assert.DoesNotContain("unsafe-inline", policy.Single(part => part.StartsWith("script-src ", StringComparison.Ordinal)), StringComparison.Ordinal);
            Assert.DoesNotContain("'unsafe-eval'", policy.Single(part => part.StartsWith("script-src ", StringComparison.Ordinal)), StringComparison.Ordinal);
            Assert.Equal("DENY", answer.Headers.GetValues("X-Frame-Options").Single());
            Assert.Equal("nosniff", answer.Headers.GetValues("X-Content-Type-Options").Single());
            Assert.Equal("no-referrer", answer.Headers.GetValues("Referrer-Policy").Single());
        }
    }

    [Fact]
    public async Task A_script_in_the_page_does_not_run()
    {
        await using var visit = await dashboard.VisitAsync("/");

        await visit.Page.RunAndWaitForConsoleMessageAsync(
            () => visit.Page.EvaluateAsync("document.body.append(Object.assign(document.createElement('script'), { textContent: 'window.ran = true' }))"),
            new() { Predicate = message => message.Text.Contains("Content Security Policy", StringComparison.Ordinal) });

        Assert.False(await visit.Page.EvaluateAsync<bool>("window.ran === true"));
        Assert.Contains("Content Security Policy", Assert.Single(visit.TakeComplaints()), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_files_are_no_routes_of_the_API()
    {
        using var http = dashboard.HttpWith(dashboard.ApiKey);
        using var answer = await http.GetAsync(new Uri("/v1/rbac/manifest", UriKind.Relative), TestContext.Current.CancellationToken);
        var manifest = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement;

        Assert.All(
            manifest.GetProperty("routes").EnumerateArray().Select(route => route.GetProperty("path").GetString()!),
            path => Assert.True(path.StartsWith("/v1/", StringComparison.Ordinal) || path is "/health" or "/healthz/live" or "/healthz/ready" or "/errors/{code}" or "/openapi/v1.json", path));
        using var mistyped = await http.GetAsync(new Uri("/v1/evnts", UriKind.Relative), TestContext.Current.CancellationToken);
        Assert.Equal(404, (int)mistyped.StatusCode);
        Assert.Equal("application/problem+json", mistyped.Content.Headers.ContentType?.MediaType);
    }
}
