using Microsoft.Playwright;
using Xunit;

namespace Tollgate.DashboardTests;

public sealed class FirstEventTests(Dashboard dashboard) : IClassFixture<Dashboard>
{
    [Fact]
    public async Task From_the_first_login_to_the_first_event()
    {
        await using var visit = await dashboard.VisitAsync();
        var page = visit.Page;

        // A person who is not logged in comes to the login, and from there to where they wanted.
        await visit.OpenAsync("/");
        await Assertions.Expect(page.Locator("h1")).ToHaveTextAsync("Log in");
        await visit.Field("Email").FillAsync(Dashboard.Email);
        await visit.Field("Password").FillAsync(Dashboard.Password);
        await visit.Button("Log in").ClickAsync();
        await Assertions.Expect(page.Locator("h1")).ToHaveTextAsync("Overview");

        await StepIsAsync(visit, "account", done: false);
        await visit.Button("New service account").ClickAsync();
        await visit.Field("Name").FillAsync("checkout");
        await page.GetByText("Event ingestor", new() { Exact = true }).ClickAsync();
        await visit.ShouldSayAsync("This account will be able to");
        await visit.Button("Create").ClickAsync();
        await StepIsAsync(visit, "account", done: true);
        await StepIsAsync(visit, "key", done: false);

        await visit.Button("New key").ClickAsync();
        await visit.Field("Name").FillAsync("checkout in Frankfurt");
        await visit.Button("Create the key").ClickAsync();
        var secret = await visit.TakeSecretAsync();
        await StepIsAsync(visit, "key", done: true);
        await StepIsAsync(visit, "event", done: false);

        // What is copied is what a person pastes into a shell.
        await visit.Button("Copy").ClickAsync();
        var command = await page.EvaluateAsync<string>("navigator.clipboard.readText()");
        Assert.DoesNotContain(secret, command, StringComparison.Ordinal);
        await Shell.RunAsync("bash", ["-c", command], secret);

        await StepIsAsync(visit, "event", done: true);
        await visit.Link("Look at it").ClickAsync();
        await visit.LoadedAsync();
        await visit.ShouldSayAsync("api.request");
    }

    private static Task StepIsAsync(Visit visit, string step, bool done) => Assertions.Expect(visit.TestId($"step-{step}"))
        .ToHaveClassAsync(done ? "step done" : "step", new() { Timeout = 30_000 });
}
