using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using Xunit;

namespace Tollgate.ServerTests.House;

/// <summary>With the repository's build settings, no way to put a route or an answering middleware into a server compiles but <c>Api</c>.</summary>
public sealed partial class OneDoorTests : IDisposable
{
    /// <summary>Each on a line of its own; each must be refused.</summary>
    private static readonly string[] Refused =
    [
        "app.MapGet(\"/x\", () => \"x\");",
        "app.MapPost(\"/x\", () => \"x\");",
        "app.MapPut(\"/x\", () => \"x\");",
        "app.MapDelete(\"/x\", () => \"x\");",
        "app.MapPatch(\"/x\", () => \"x\");",
        "app.MapMethods(\"/x\", [\"GET\"], () => \"x\");",
        "app.Map(\"/x\", () => \"x\");",
        "app.Map(\"/x\", branch => { });",
        "app.MapGroup(\"/x\");",
        "app.MapFallback(() => \"x\");",
        "app.MapFallbackToFile(\"x\");",
        "app.MapControllers();",
        "app.MapHealthChecks(\"/x\");",
        "app.MapStaticAssets();",
        "app.MapRazorPages();",
        "app.MapBlazorHub();",
        "app.MapShortCircuit(404, \"x\");",
        "_ = ((IEndpointRouteBuilder)app).DataSources;",
        "EndpointRouteBuilderExtensions.MapGet(app, \"/x\", () => \"x\");",
        "_ = new Func<IEndpointRouteBuilder, string, RequestDelegate, IEndpointConventionBuilder>(EndpointRouteBuilderExtensions.MapGet);",
        "app.UseEndpoints(routes => routes.MapGet(\"/x\", () => \"x\"));",
        "app.Run(context => Task.CompletedTask);",
        "app.MapWhen(context => true, branch => { });",
        "app.UseWhen(context => true, branch => { });",
        "app.Use((HttpContext context, Func<Task> next) => Task.CompletedTask);",
        "app.Use((HttpContext context, RequestDelegate next) => Task.CompletedTask);",
        "app.Use(next => context => Task.CompletedTask);",
        "((IApplicationBuilder)app).Use(next => context => Task.CompletedTask);",
        "app.UseMiddleware<Probe>();",
        "app.UseStaticFiles();",
        "app.UseDefaultFiles();",
        "app.UseFileServer();",
        "app.UseDirectoryBrowser();",
        "app.UseWelcomePage();",
        "app.UseHealthChecks(\"/x\");",
        "app.UseMvcWithDefaultRoute();",
        "app.UseRouter(routes => { });",
    ];

    /// <summary>What the server itself uses; must compile, or the refusals above would prove nothing.</summary>
    private static readonly string[] Allowed = ["app.UseRouting();", "app.Use404();"];

    private readonly DirectoryInfo _folder = Directory.CreateDirectory(Path.Combine(Clone.Root, "artifacts", "one-door", Path.GetRandomFileName()));

    [Fact]
    public async Task Every_other_way_to_map_a_route_is_a_compile_error()
    {
        var source = new StringBuilder();
        source.AppendLine("namespace Probing;");
        source.AppendLine("internal sealed class Probe { public Probe(RequestDelegate next) => _ = next; public Task InvokeAsync(HttpContext context) => Task.CompletedTask; }");
        source.AppendLine("internal static class Extension { public static void Use404(this WebApplication app) => _ = app; }");
        source.AppendLine("internal static class Program { private static void Main(string[] args) { var app = WebApplication.Create(args);");
        var first = source.ToString().Count(character => character == '\n') + 1;
        foreach (var line in Refused.Concat(Allowed))
        {
            source.AppendLine(line);
        }

        source.AppendLine("} }");
        await WriteAsync("Program.cs", source.ToString());
        await WriteAsync("Probe.csproj", "<Project Sdk=\"Microsoft.NET.Sdk.Web\" />");

        var output = await BuildAsync();
        var errors = Error().Matches(output).Select(match => (Line: int.Parse(match.Groups[1].ValueSpan, provider: null), Rule: match.Groups[2].Value)).ToList();
        var refusedLines = errors.Where(error => error.Rule == "RS0030").Select(error => error.Line - first).ToHashSet();

        Assert.True(errors.Count > 0, output);
        Assert.Empty(Refused.Where((_, index) => !refusedLines.Contains(index)));
        // A line that does not compile for another reason would not have shown that it is refused.
        Assert.DoesNotContain(errors, error => error.Rule.StartsWith("CS", StringComparison.Ordinal));
        Assert.All(Allowed.Select((_, index) => Refused.Length + index), line => Assert.DoesNotContain(line, refusedLines));
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private Task WriteAsync(string name, string text) =>
        File.WriteAllTextAsync(Path.Combine(_folder.FullName, name), text, TestContext.Current.CancellationToken);

    private async Task<string> BuildAsync()
    {
        var start = new ProcessStartInfo("dotnet") { WorkingDirectory = _folder.FullName, RedirectStandardOutput = true };
        string[] arguments =
        [
            // The lock file of a project that lives for a test is of no use; its output must not lie among the product's.
            "build", "-nodeReuse:false", "-p:RestorePackagesWithLockFile=false", "-p:RestoreLockedMode=false", $"-p:ArtifactsPath={_folder.FullName}/out",
        ];
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        using var build = Process.Start(start) ?? throw new InvalidOperationException("There is no dotnet.");
        var output = await build.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await build.WaitForExitAsync(TestContext.Current.CancellationToken);
        return output;
    }

    [GeneratedRegex(@"Program\.cs\((\d+),\d+\): error (\w+):")]
    private static partial Regex Error();
}
