using Microsoft.Playwright;
using Xunit;

namespace Tollgate.DashboardTests;

public sealed class SendingExampleTests(Dashboard dashboard) : IClassFixture<Dashboard>
{
    /// <summary>The other languages of the card send what curl sends.</summary>
    [Theory]
    [InlineData("JavaScript", "node", "--input-type=module", "-e")]
    [InlineData("Python", "python3", "-c")]
    public async Task The_examples_work_as_they_are(string language, string program, params string[] arguments)
    {
        var (_, key) = await dashboard.CreateKeyAsync($"{language} program", Contracts.BuiltInRoles.EventIngestor);
        await using var visit = await dashboard.VisitAsync($"/api-keys/{key.Id}");

        var code = await ExampleAsync(visit, language);
        var output = await Shell.RunAsync(program, [.. arguments, code], key.ApiKey);

        Assert.StartsWith("202 ", output, StringComparison.Ordinal);
    }

    /// <summary>The example in C# compiles: it is a program of its own.</summary>
    [Fact]
    public async Task The_example_in_CSharp_works_as_it_is()
    {
        var (_, key) = await dashboard.CreateKeyAsync("C# program", Contracts.BuiltInRoles.EventIngestor);
        await using var visit = await dashboard.VisitAsync($"/api-keys/{key.Id}");
        var folder = Directory.CreateTempSubdirectory("tollgate-example-");
        try
        {
            var file = Path.Combine(folder.FullName, "example.cs");
            await File.WriteAllTextAsync(file, await ExampleAsync(visit, "C#"), TestContext.Current.CancellationToken);

            var output = await Shell.RunAsync("dotnet", ["run", file], key.ApiKey);

            Assert.StartsWith("202 ", output, StringComparison.Ordinal);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static async Task<string> ExampleAsync(Visit visit, string language)
    {
        await visit.Page.GetByText("How to send events").ClickAsync();
        await visit.Page.GetByRole(AriaRole.Tab, new() { Name = language }).ClickAsync();
        return await visit.TestId("example").InnerTextAsync();
    }
}
