using System.Diagnostics;
using Xunit;

namespace Tollgate.DashboardTests;

/// <summary>Programs that a person pastes what the dashboard copied into.</summary>
internal static class Shell
{
    /// <summary>Runs a program that finds a key where the examples look for it; what it wrote.</summary>
    public static async Task<string> RunAsync(string program, string[] arguments, string key)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            Environment = { ["TOLLGATE_API_KEY"] = key },
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        // Both at once: a program waits when nobody reads what it writes.
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var errors = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await Task.WhenAll(output, errors);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(process.ExitCode == 0, await errors);
        return await output;
    }
}
