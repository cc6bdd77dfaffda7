using Microsoft.Playwright;
using Tollgate.Client;
using Tollgate.Contracts;
using Xunit;

namespace Tollgate.DashboardTests;

public sealed class ServiceAccountTests(Dashboard dashboard) : IClassFixture<Dashboard>
{
    [Fact]
    public async Task An_ingestor_only_sends_and_a_reader_only_reads()
    {
        await using var visit = await dashboard.VisitAsync("/service-accounts");

        var ingestor = await NewAccountWithKeyAsync(visit, "sender", "Event ingestor", "send events");
        var reader = await NewAccountWithKeyAsync(visit, "analyst", "Event reader", "read events and usage");

        await dashboard.SendAsync(ingestor, "made.in.the.dashboard");
        var seen = await new TollgateClient(dashboard.HttpWith(reader)).Events.ListAsync(null, TestContext.Current.CancellationToken);
        Assert.Contains(seen.Events, each => each.EventName == "made.in.the.dashboard");
        await IsDeniedAsync(() => dashboard.SendAsync(reader, "never"));
        await IsDeniedAsync(() => new TollgateClient(dashboard.HttpWith(ingestor)).Events.ListAsync(null, TestContext.Current.CancellationToken));

        // What was denied is on the account's page.
        await visit.GoAsync("/service-accounts", "Service accounts");
        await visit.Link("analyst").ClickAsync();
        await visit.LoadedAsync();
        await Assertions.Expect(visit.Page.GetByRole(AriaRole.Region, new() { Name = "Denials" })).ToContainTextAsync("event:write");
    }

    [Fact]
    public async Task New_roles_are_previewed_and_a_disabled_account_stops_at_once()
    {
        var (account, key) = await dashboard.CreateKeyAsync("changing", BuiltInRoles.EventIngestor);
        await dashboard.SendAsync(key.ApiKey, "before");
        await using var visit = await dashboard.VisitAsync($"/service-accounts/{account.Id}");

        await visit.Button("Change roles").ClickAsync();
        await visit.Page.GetByText("Event ingestor").Last.ClickAsync();
        await visit.Page.GetByText("Event reader").Last.ClickAsync();
        await visit.ShouldSayAsync("What would change");
        await visit.ShouldSayAsync("this would have been refused");
        await Assertions.Expect(visit.Page.GetByRole(AriaRole.Dialog)).ToContainTextAsync("changing key");
        await visit.Button("Change the roles").ClickAsync();
        await Assertions.Expect(visit.Page.GetByRole(AriaRole.Dialog)).ToHaveCountAsync(0);
        await IsDeniedAsync(() => dashboard.SendAsync(key.ApiKey, "after"));

        await visit.Button("Disable").ClickAsync();
        await visit.Page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Disable" }).ClickAsync();
        await visit.ShouldSayAsync("The account is disabled");
        var refused = await Assert.ThrowsAsync<TollgateException>(() => dashboard.SendAsync(key.ApiKey, "after"));
        Assert.Equal(System.Net.HttpStatusCode.Unauthorized, refused.Status);

        await visit.Button("Delete").ClickAsync();
        await visit.Page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Delete" }).ClickAsync();
        await visit.Page.WaitForURLAsync("**/service-accounts");
    }

    private static async Task IsDeniedAsync(Func<Task> request)
    {
        var refused = await Assert.ThrowsAsync<TollgateException>(request);
        Assert.Equal(System.Net.HttpStatusCode.Forbidden, refused.Status);
    }

    private static async Task<string> NewAccountWithKeyAsync(Visit visit, string name, string role, string can)
    {
        await visit.GoAsync("/service-accounts", "Service accounts");
        await visit.Button("New service account").ClickAsync();
        await Assertions.Expect(visit.Button("Create")).ToBeDisabledAsync();
        await visit.Field("Name").FillAsync(name);
        await visit.Page.GetByText(role).Last.ClickAsync();
        await Assertions.Expect(visit.Page.Locator(".will-be")).ToContainTextAsync(can);
        await visit.Button("Create").ClickAsync();
        await visit.Page.WaitForURLAsync("**/service-accounts/user_*");
        await visit.LoadedAsync();
        await visit.Button("New key").ClickAsync();
        await Assertions.Expect(visit.Page.GetByRole(AriaRole.Dialog)).ToContainTextAsync("service account");
        await visit.Field("Name").FillAsync($"{name} key");
        await visit.Button("Create the key").ClickAsync();
        return await visit.TakeSecretAsync();
    }
}
