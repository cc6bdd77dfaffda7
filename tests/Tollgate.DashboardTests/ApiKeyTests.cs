using Microsoft.Playwright;
using Tollgate.Client;
using Tollgate.Contracts;
using Xunit;

namespace Tollgate.DashboardTests;

public sealed class ApiKeyTests(Dashboard dashboard) : IClassFixture<Dashboard>
{
    [Fact]
    public async Task A_key_is_shown_once_and_never_again()
    {
        var (account, _) = await dashboard.CreateKeyAsync("once", BuiltInRoles.EventIngestor);
        await using var visit = await dashboard.VisitAsync($"/service-accounts/{account.Id}");
        await visit.Button("New key").ClickAsync();
        await visit.Field("Name").FillAsync("shown once");
        await visit.Button("Create the key").ClickAsync();

        // Neither Escape nor a click beside the panel loses it.
        await visit.Page.Keyboard.PressAsync("Escape");
        await Assertions.Expect(visit.TestId("secret")).ToBeVisibleAsync();
        var secret = await visit.TakeSecretAsync();
        await dashboard.SendAsync(secret, "works");

        foreach (var path in new[] { $"/service-accounts/{account.Id}", "/api-keys", "/" })
        {
            await visit.OpenAsync(path);
            Assert.DoesNotContain(secret, await visit.Page.ContentAsync(), StringComparison.Ordinal);
        }

        await visit.GoAsync("/api-keys", "API keys");
        await visit.Link("shown once").ClickAsync();
        await visit.LoadedAsync();
        Assert.DoesNotContain(secret, await visit.Page.ContentAsync(), StringComparison.Ordinal);
        var kept = await visit.Page.EvaluateAsync<string>("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])");
        Assert.DoesNotContain(secret, kept, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_is_rotated_in_two_phases_and_the_old_one_revoked_with_a_proof()
    {
        var (_, old) = await dashboard.CreateKeyAsync("rotating", BuiltInRoles.EventIngestor);
        await using var visit = await dashboard.VisitAsync($"/api-keys/{old.Id}");

        await visit.Button("Rotate").ClickAsync();
        await visit.Button("Make the new key").ClickAsync();
        var secret = await visit.TakeSecretAsync();
        await dashboard.SendAsync(secret, "by.the.new.key");
        await dashboard.SendAsync(old.ApiKey, "by.the.old.key");

        await visit.OpenAsync($"/api-keys/{old.Id}");
        await visit.ShouldSayAsync("being replaced");
        await visit.ShouldSayAsync("The old one was last seen");
        await visit.ShouldSayAsync("POST /v1/events");
        await visit.ShouldSayAsync("in use");

        await visit.Button("Revoke").ClickAsync();
        await visit.Page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Revoke" }).ClickAsync();
        await Assertions.Expect(visit.TestId("proof")).ToContainTextAsync("POST /v1/events", new() { Timeout = 30_000 });
        var proof = await dashboard.Api.ApiKeys.GetRevocationAsync(old.Id, TestContext.Current.CancellationToken);
        await Assertions.Expect(visit.TestId("proof")).ToContainTextAsync(Rfc3339.Format(proof.RevokedAt!.Value)[..10]);
        var refused = await Assert.ThrowsAsync<TollgateException>(() => dashboard.SendAsync(old.ApiKey, "too.late"));
        Assert.Equal(System.Net.HttpStatusCode.Unauthorized, refused.Status);
        await dashboard.SendAsync(secret, "the.new.one.goes.on");

        await visit.OpenAsync($"/api-keys/{old.Id}");
        await Assertions.Expect(visit.TestId("proof")).ToContainTextAsync("1, all refused");
    }

    [Fact]
    public async Task A_key_with_constraints_rests_and_works_again()
    {
        await using var visit = await dashboard.VisitAsync("/api-keys");
        var (account, _) = await dashboard.CreateKeyAsync("narrow", BuiltInRoles.EventIngestor);
        await visit.GoAsync($"/service-accounts/{account.Id}", "narrow");
        await visit.Button("New key").ClickAsync();
        await visit.Field("Name").FillAsync("only tokens");
        await visit.Page.GetByText("Constraints: narrow it further").ClickAsync();
        await visit.Page.GetByLabel("Event names").FillAsync("tokens.*");
        await visit.Button("Create the key").ClickAsync();
        var secret = await visit.TakeSecretAsync();
        await dashboard.SendAsync(secret, "tokens.used");
        var outside = await Assert.ThrowsAsync<TollgateException>(() => dashboard.SendAsync(secret, "seats.used"));
        Assert.Equal(System.Net.HttpStatusCode.Forbidden, outside.Status);

        await visit.Link("only tokens").ClickAsync();
        await visit.LoadedAsync();
        await visit.ShouldSayAsync("tokens.*");
        await visit.Button("Disable").ClickAsync();
        await visit.Page.GetByRole(AriaRole.Dialog).GetByRole(AriaRole.Button, new() { Name = "Disable" }).ClickAsync();
        await visit.ShouldSayAsync("The key rests");
        await Assert.ThrowsAsync<TollgateException>(() => dashboard.SendAsync(secret, "tokens.used"));
        await visit.Button("Enable").ClickAsync();
        await visit.ShouldSayAsync("The key works again");
        await dashboard.SendAsync(secret, "tokens.used");
    }

    [Fact]
    public async Task Keys_that_need_attention_are_found()
    {
        await dashboard.CreateKeyAsync("never", BuiltInRoles.EventReader);
        await using var visit = await dashboard.VisitAsync("/api-keys");

        await visit.Link("Needs attention").ClickAsync();
        await visit.LoadedAsync();

        await Assertions.Expect(visit.Page.GetByRole(AriaRole.Row).Filter(new() { HasText = "never key" })).ToContainTextAsync("never used");
    }
}
