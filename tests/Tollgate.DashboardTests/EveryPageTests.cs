using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Xunit;

namespace Tollgate.DashboardTests;

/// <summary>
/// Every page, light and dark, wide and narrow: accessible, without a complaint of the browser, nothing sideways, every name shown as text. Leaves
/// screenshots in <c>artifacts/screenshots</c>.
/// </summary>
public sealed partial class EveryPageTests(Furnished furnished) : IClassFixture<Furnished>
{
    private const int Wide = 1440;
    private const int Narrow = 390;

    private static readonly string Screenshots = Path.Combine(Root(), "artifacts", "screenshots");

    [Theory]
    [InlineData("overview"), InlineData("overview-month"), InlineData("events"), InlineData("event"), InlineData("events-live")]
    [InlineData("events-quarantine"), InlineData("events-diagnostics"), InlineData("usage"), InlineData("usage-meter")]
    [InlineData("meters"), InlineData("meter"), InlineData("customers"), InlineData("customer")]
    [InlineData("invoices"), InlineData("invoice-new"), InlineData("invoice")]
    [InlineData("service-accounts"), InlineData("service-account"), InlineData("api-keys"), InlineData("api-keys-attention")]
    [InlineData("api-key"), InlineData("api-key-rotating"), InlineData("api-key-revoked"), InlineData("roles"), InlineData("try")]
    [InlineData("people"), InlineData("person"), InlineData("audit"), InlineData("audit-denied"), InlineData("audit-record")]
    [InlineData("settings"), InlineData("settings-environments"), InlineData("settings-tenant"), InlineData("settings-keys")]
    [InlineData("settings-retention"), InlineData("settings-limits"), InlineData("profile"), InlineData("not-found")]
    public async Task A_page_of_the_dashboard_is_fit_to_ship(string name)
    {
        var (path, title) = furnished.Pages[name];
        await furnished.Visit.GoAfreshAsync(path, title);
        await LookAsync(furnished.Visit, name);
    }

    [Fact]
    public async Task The_explanation_of_a_403_is_fit_to_ship()
    {
        await furnished.Limited.GoAfreshAsync("/events", "Events");
        await Assertions.Expect(furnished.Limited.Page.Locator(".denial")).ToBeVisibleAsync();
        await LookAsync(furnished.Limited, "denial");
    }

    [Fact]
    public async Task A_failure_is_fit_to_ship()
    {
        var page = furnished.Limited.Page;
        await furnished.Limited.GoAfreshAsync("/", "Overview");
        await page.RouteAsync("**/v1/meters*", route => route.AbortAsync());
        try
        {
            await furnished.Limited.GoAsync("/meters", "Meters");
            await Assertions.Expect(page.Locator(".trouble")).ToBeVisibleAsync();
            Assert.All(furnished.Limited.TakeComplaints(), complaint => Assert.Contains("/v1/meters", complaint, StringComparison.Ordinal));
            await LookAsync(furnished.Limited, "failure");
        }
        finally
        {
            await page.UnrouteAsync("**/v1/meters*");
        }
    }

    [Fact]
    public async Task The_login_is_fit_to_ship() => await LookOutsideAsync("login", _ => furnished.Outside.OpenAsync("/login"));

    [Fact]
    public async Task The_second_step_of_the_login_is_fit_to_ship() => await LookOutsideAsync("login-second-factor", async visit =>
    {
        visit.ExpectRefusals(1);
        await visit.OpenAsync("/login");
        await visit.Field("Email").FillAsync(furnished.Careful);
        await visit.Field("Password").FillAsync(Dashboard.Password);
        await visit.Button("Log in").ClickAsync();
        await Assertions.Expect(visit.Field("Code")).ToBeVisibleAsync();
    });

    [Fact]
    public async Task An_invitation_is_fit_to_ship() => await LookOutsideAsync("invitation", async visit =>
    {
        // An address that differs behind the # only is no new page.
        await visit.LeaveAsync();
        await visit.OpenAsync(furnished.InvitePath);
        await Assertions.Expect(visit.Field("Password")).ToBeVisibleAsync();
    });

    [Fact]
    public async Task The_first_password_is_fit_to_ship()
    {
        await furnished.Outside.LogInQuicklyAsync(furnished.Newcomer.Email, furnished.Newcomer.Password);
        try
        {
            await LookOutsideAsync("first-password", async visit =>
            {
                await visit.OpenAsync("/meters");
                await Assertions.Expect(visit.Page.Locator("h1")).ToHaveTextAsync("Choose a password");
            });
        }
        finally
        {
            await furnished.Outside.LeaveAsync();
        }
    }

    [Theory]
    [InlineData("new-service-account", "service-accounts", "New service account")]
    [InlineData("new-key", "api-keys", "New key")]
    [InlineData("new-role", "roles", "New role")]
    [InlineData("invite", "people", "Invite")]
    [InlineData("new-meter", "meters", "New meter")]
    [InlineData("new-customer", "customers", "New customer")]
    [InlineData("new-quarantine", "events-quarantine", "New quarantine")]
    [InlineData("rotate", "api-key", "Rotate")]
    [InlineData("revoke", "api-key", "Revoke")]
    [InlineData("change-roles", "service-account", "Change roles")]
    [InlineData("verify", "audit", "Verify")]
    [InlineData("new-price", "meter", "New price")]
    public async Task A_dialog_is_fit_to_ship(string name, string on, string button)
    {
        var visit = furnished.Visit;
        var (path, title) = furnished.Pages[on];
        await visit.GoAfreshAsync(path, title);
        await visit.Button(button).First.ClickAsync();
        var dialog = visit.Page.GetByRole(AriaRole.Dialog);
        await Assertions.Expect(dialog).ToBeVisibleAsync();
        await visit.LoadedAsync();
        await ShootAsync(visit, name, Wide, fullPage: false);
        await visit.ShouldBeAccessibleAsync($"{name}, light");
        await ShootAsync(visit, name, Narrow, fullPage: false);

        await SetDarkAsync(visit, dark: true);
        try
        {
            await ShootAsync(visit, $"{name}-dark", Narrow, fullPage: false);
            await visit.ShouldBeAccessibleAsync($"{name}, dark");
        }
        finally
        {
            await SetDarkAsync(visit, dark: false);
        }

        await dialog.GetByRole(AriaRole.Button, new() { NameRegex = Leaving() }).Last.ClickAsync();
        await Assertions.Expect(dialog).ToHaveCountAsync(0);
        await visit.ShouldNotComplainAsync();
    }

    [GeneratedRegex("^(Cancel|Close)$")]
    private static partial Regex Leaving();

    private static async Task LookAsync(Visit visit, string name)
    {
        var page = visit.Page;
        await LookLightAsync(visit, name);
        await SetDarkAsync(visit, dark: true);
        try
        {
            await LookDarkAsync(visit, name);
        }
        finally
        {
            await SetDarkAsync(visit, dark: false);
        }

        Assert.False(await page.EvaluateAsync<bool>("window.ran === true"), $"{name} took a name for markup.");
        Assert.Equal(0, await page.Locator("main script, main img[src=x]").CountAsync());
        await visit.ShouldNotComplainAsync();
    }

    // Before a login nothing switches the theme: it is as the browser wants it when the page is opened.
    private async Task LookOutsideAsync(string name, Func<Visit, Task> open)
    {
        var visit = furnished.Outside;
        await open(visit);
        await LookLightAsync(visit, name);
        await visit.Page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Dark });
        try
        {
            await open(visit);
            await Assertions.Expect(visit.Page.Locator("html")).ToHaveAttributeAsync("data-theme", "dark");
            await LookDarkAsync(visit, name);
        }
        finally
        {
            await visit.Page.EmulateMediaAsync(new() { ColorScheme = ColorScheme.Light });
        }

        Assert.Equal(0, await visit.Page.Locator("main script").CountAsync());
        await visit.ShouldNotComplainAsync();
    }

    private static async Task LookLightAsync(Visit visit, string name)
    {
        await visit.LoadedAsync();
        await ShootAsync(visit, name, Wide, fullPage: true);
        await ShootAsync(visit, name, Narrow, fullPage: true);
        // Axe takes longer than all else: each theme at one width, and both widths.
        await visit.ShouldBeAccessibleAsync($"{name}, light and narrow");
        var sideways = await visit.Page.EvaluateAsync<int>("document.documentElement.scrollWidth");
        Assert.True(sideways <= Narrow, $"{name} is {sideways} pixels wide on a screen of {Narrow}.");
    }

    private static async Task LookDarkAsync(Visit visit, string name)
    {
        await ShootAsync(visit, $"{name}-dark", Narrow, fullPage: true);
        await ShootAsync(visit, $"{name}-dark", Wide, fullPage: true);
        await visit.ShouldBeAccessibleAsync($"{name}, dark and wide");
    }

    // The switch lies behind an open dialog, where no pointer reaches it.
    private static async Task SetDarkAsync(Visit visit, bool dark)
    {
        await visit.Page.Locator(dark ? "button[aria-label=Dark]" : "button[aria-label=Light]").DispatchEventAsync("click");
        await Assertions.Expect(visit.Page.Locator(dark ? "button[aria-label=Light]" : "button[aria-label=Dark]")).ToHaveCountAsync(1);
        await Assertions.Expect(visit.Page.Locator("html")).ToHaveAttributeAsync("data-theme", dark ? "dark" : "light");
    }

    private static async Task ShootAsync(Visit visit, string name, int width, bool fullPage)
    {
        await visit.Page.SetViewportSizeAsync(width, width == Narrow ? 844 : 900);
        var menu = visit.Page.Locator(".mud-drawer");
        if (await menu.CountAsync() > 0)
        {
            // It goes to the side, or comes back.
            await Assertions.Expect(menu).ToContainClassAsync(width == Narrow ? "mud-drawer--closed" : "mud-drawer--open");
        }

        await visit.SettledAsync();
        await visit.Page.ScreenshotAsync(new() { Path = Path.Combine(Screenshots, $"{name}-{width}.png"), FullPage = fullPage });
    }

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Tollgate.slnx")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("The tests are not in the repository.");
        }

        return folder.FullName;
    }
}
