using Microsoft.Playwright;
using Tollgate.Contracts;
using Xunit;

namespace Tollgate.DashboardTests;

public sealed class RoleTests(Dashboard dashboard) : IClassFixture<Dashboard>
{
    [Fact]
    public async Task A_custom_role_is_made_given_and_tried()
    {
        await using var visit = await dashboard.VisitAsync("/roles");
        await visit.Button("New role").ClickAsync();
        await visit.Field("Id").FillAsync("meter_keeper");
        await visit.Field("Name").FillAsync("Meter keeper");
        await visit.Field("What it is for").FillAsync("Keeps the meters.");
        await visit.Field("meter:read").CheckAsync();
        await visit.Field("meter:write").CheckAsync();
        await visit.Button("Save the role").ClickAsync();
        await Assertions.Expect(visit.Page.GetByRole(AriaRole.Row).Filter(new() { HasText = "Meter keeper" })).ToBeVisibleAsync();
        var role = await dashboard.Api.Roles.GetAsync("meter_keeper", TestContext.Current.CancellationToken);
        Assert.Equal(["read", "write"], role.Role.Permissions["meter"].Order());

        var (account, _) = await dashboard.CreateKeyAsync("keeper", "meter_keeper");
        await visit.OpenAsync("/roles");
        await visit.Button("Meter keeper").ClickAsync();
        await Assertions.Expect(visit.Page.GetByRole(AriaRole.Dialog)).ToContainTextAsync("keeper");

        await TryAsync(visit, account.Id, Permissions.MeterWrite);
        await Assertions.Expect(visit.TestId("verdict")).ToContainTextAsync("Allowed");
        await Assertions.Expect(visit.TestId("verdict")).ToContainTextAsync("meter_keeper");
        await TryAsync(visit, account.Id, Permissions.EventWrite);
        await Assertions.Expect(visit.TestId("verdict")).ToContainTextAsync("Refused");
        await Assertions.Expect(visit.TestId("verdict")).ToContainTextAsync(Permissions.EventWrite);
        await Assertions.Expect(visit.TestId("verdict")).ToContainTextAsync(BuiltInRoles.EventIngestor);
    }

    private static async Task TryAsync(Visit visit, string who, string permission)
    {
        await visit.OpenAsync($"/try?who={who}&permission={permission}");
        await visit.Button("Try").ClickAsync();
    }
}
