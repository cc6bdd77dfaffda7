using Microsoft.AspNetCore.Components.Web;
using Microsoft.AspNetCore.Components.WebAssembly.Hosting;
using MudBlazor;
using MudBlazor.Services;
using Tollgate.Client;
using Tollgate.Dashboard;
using Tollgate.Dashboard.State;

var builder = WebAssemblyHostBuilder.CreateDefault(args);
builder.RootComponents.Add<App>("#app");
builder.RootComponents.Add<HeadOutlet>("head::after");
builder.Services.AddMudServices(mud =>
{
    mud.SnackbarConfiguration.PositionClass = Defaults.Classes.Position.BottomRight;
    mud.SnackbarConfiguration.VisibleStateDuration = 6000;
});
builder.Services.AddSingleton(TimeProvider.System);
builder.Services.AddSingleton<ChosenEnvironment>();
builder.Services.AddSingleton<SessionEnd>();
builder.Services.AddSingleton(services => new HttpClient(new OwnServer(services.GetRequiredService<ChosenEnvironment>(), services.GetRequiredService<SessionEnd>()))
{
    BaseAddress = new Uri(builder.HostEnvironment.BaseAddress),
    // Streams end when their page does.
    Timeout = Timeout.InfiniteTimeSpan,
});
builder.Services.AddSingleton<TollgateClient>();
builder.Services.AddSingleton<Browser>();
builder.Services.AddSingleton<DashboardSession>();
await builder.Build().RunAsync();
