using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Tollgate.Contracts;
using Xunit;

namespace Tollgate.DashboardTests;

public sealed partial class EnvironmentTests(Dashboard dashboard) : IClassFixture<Dashboard>
{
    [Fact]
    public async Task Another_environment_shows_and_changes_other_data_and_Production_is_marked()
    {
        var token = TestContext.Current.CancellationToken;
        var (production, sandbox) = await EnvironmentsAsync();
        await dashboard.Api.Customers.CreateAsync(new CreateCustomerRequest { ExternalId = "sandy", Name = "Of the sandbox" }, token);
        await using var visit = await dashboard.VisitAsync("/customers");
        var chosen = visit.Page.Locator(".environment");
        await Assertions.Expect(chosen).ToContainTextAsync(sandbox.Name);
        await Assertions.Expect(chosen).Not.ToHaveClassAsync(Marked());
        await visit.ShouldSayAsync("Of the sandbox");

        await visit.ChooseEnvironmentAsync(production.Name);

        await Assertions.Expect(chosen).ToContainTextAsync(production.Name);
        await Assertions.Expect(chosen).ToHaveClassAsync(Marked());
        await visit.LoadedAsync();
        await Assertions.Expect(visit.Page.GetByText("Of the sandbox")).ToHaveCountAsync(0);
        Assert.Equal(production.Id, await AskedOfAsync(visit, "/meters", "Meters", "/v1/meters"));

        await visit.GoAsync("/customers", "Customers");
        await visit.Button("New customer").First.ClickAsync();
        var dialog = visit.Page.GetByRole(AriaRole.Dialog);
        await dialog.GetByLabel("Id in your system").FillAsync("prod");
        await dialog.GetByLabel("Name", new() { Exact = true }).FillAsync("Of production");
        await dialog.GetByRole(AriaRole.Button, new() { Name = "Create" }).ClickAsync();
        await Assertions.Expect(visit.Page.Locator("h1")).ToHaveTextAsync("Of production");
        // The key of the API is of the sandbox.
        Assert.DoesNotContain((await dashboard.Api.Customers.ListAsync(null, token)).Items, customer => customer.ExternalId == "prod");

        // It stays chosen.
        await visit.OpenAsync("/customers");
        await visit.ShouldSayAsync("Of production");
        await Assertions.Expect(chosen).ToHaveClassAsync(Marked());
        await visit.ChooseEnvironmentAsync(sandbox.Name);
        await visit.ShouldSayAsync("Of the sandbox");
        await Assertions.Expect(chosen).Not.ToHaveClassAsync(Marked());
    }

    [Fact]
    public async Task A_switch_that_fails_changes_nothing()
    {
        var (production, sandbox) = await EnvironmentsAsync();
        await using var visit = await dashboard.VisitAsync("/customers");
        await visit.Page.RouteAsync("**/v1/users/me", route => route.AbortAsync());

        var failed = new TaskCompletionSource();
        visit.Page.RequestFailed += (_, request) =>
        {
            if (request.Url.EndsWith("/v1/users/me", StringComparison.Ordinal))
            {
                failed.TrySetResult();
            }
        };
        await visit.ChooseEnvironmentAsync(production.Name);
        await failed.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);

        Assert.NotEqual(production.Id, await AskedOfAsync(visit, "/meters", "Meters", "/v1/meters"));
        await Assertions.Expect(visit.Page.Locator(".environment")).ToContainTextAsync(sandbox.Name);
        Assert.All(visit.TakeComplaints(), complaint => Assert.Contains("/v1/users/me", complaint, StringComparison.Ordinal));
    }

    private async Task<(EnvironmentResponse Production, EnvironmentResponse Sandbox)> EnvironmentsAsync()
    {
        var environments = (await dashboard.Api.Environments.ListAsync(null, TestContext.Current.CancellationToken)).Environments;
        return (environments.Single(each => each.Type == "production"), environments.Single(each => each.Type != "production"));
    }

    /// <summary>The environment that a page's request names; null: the server's choice.</summary>
    private static async Task<string?> AskedOfAsync(Visit visit, string path, string title, string route)
    {
        var request = await visit.Page.RunAndWaitForRequestAsync(
            () => visit.GoAsync(path, title), sent => new Uri(sent.Url).AbsolutePath == route);
        return (await request.AllHeadersAsync()).GetValueOrDefault("x-environment-id");
    }

    [GeneratedRegex(@"\bproduction\b")]
    private static partial Regex Marked();
}
