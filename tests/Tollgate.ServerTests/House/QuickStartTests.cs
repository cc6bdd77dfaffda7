using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.RegularExpressions;
using Xunit;

namespace Tollgate.ServerTests.House;

/// <summary>The README's quick start, command by command, against <c>./run</c>.</summary>
public sealed partial class QuickStartTests : IDisposable
{
    private const string DocumentedUrl = "http://127.0.0.1:8080";
    private const string KeyToFillIn = "'the API key that ./run printed'";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("tollgate-quick-start-");

    [Fact]
    public async Task Every_command_does_what_the_readme_shows()
    {
        var steps = Steps(await File.ReadAllTextAsync(Path.Combine(Clone.Root, "README.md"), TestContext.Current.CancellationToken));
        Assert.Equal("./run", steps[0].Command);
        Assert.Contains(steps, step => step.Command.Contains(KeyToFillIn, StringComparison.Ordinal));
        Assert.Contains(steps, step => step.Expected?.Contains("permission_denied", StringComparison.Ordinal) == true);

        using var server = Bash(steps[0].Command);
        var printed = await ReadUntilAsync(server, Listening());
        var url = Listening().Match(printed).Groups[1].Value;
        var key = FirstKey().Match(printed).Value;
        using var terminal = Bash("exec bash");
        try
        {
            foreach (var (command, expected) in steps.Skip(1))
            {
                var answer = await RunAsync(terminal, command
                    .Replace(DocumentedUrl, url, StringComparison.Ordinal)
                    .Replace(KeyToFillIn, $"'{key}'", StringComparison.Ordinal));

                if (expected is not null)
                {
                    Assert.Matches(PatternOf(expected), answer);
                }
            }
        }
        finally
        {
            terminal.Kill(entireProcessTree: true);
            server.Kill(entireProcessTree: true);
            await server.WaitForExitAsync(TestContext.Current.CancellationToken);
        }
    }

    public void Dispose() => _folder.Delete(recursive: true);

    /// <summary>Each block of commands, with the answer that the README shows under it.</summary>
    private static List<(string Command, string? Expected)> Steps(string readme)
    {
        var start = readme.IndexOf("\n## Quick start\n", StringComparison.Ordinal);
        var section = readme[start..readme.IndexOf("\n## ", start + 1, StringComparison.Ordinal)];
        var steps = new List<(string Command, string? Expected)>();
        foreach (Match block in Block().Matches(section))
        {
            var (language, text) = (block.Groups[1].Value, block.Groups[2].Value.Trim());
            if (language == "bash")
            {
                steps.Add((text, null));
            }
            else
            {
                steps[^1] = (steps[^1].Command, text);
            }
        }

        return steps;
    }

    /// <summary>What the README shows, where … stands for anything.</summary>
    private static string PatternOf(string expected) =>
        $"\\A{string.Join(".*", expected.Split('…').Select(Regex.Escape))}\\z";

    private Process Bash(string command)
    {
        var start = new ProcessStartInfo("bash")
        {
            WorkingDirectory = Clone.Root,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add(command);
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("TOLLGATE_", StringComparison.Ordinal)).ToList())
        {
            start.Environment.Remove(name);
        }

        // The one difference from a person's terminal: the port may be taken on this machine, and ./data may be in use.
        start.Environment["TOLLGATE_URLS"] = "http://127.0.0.1:0";
        start.Environment["TOLLGATE_STORAGE__FOLDER"] = _folder.FullName;
        var process = Process.Start(start) ?? throw new InvalidOperationException("There is no bash.");
        process.ErrorDataReceived += (_, line) => Errors.Enqueue(line.Data ?? "");
        process.BeginErrorReadLine();
        return process;
    }

    private ConcurrentQueue<string> Errors { get; } = new();

    /// <summary>Runs commands in a terminal that keeps its variables, and returns what they print.</summary>
    private async Task<string> RunAsync(Process terminal, string command)
    {
        await terminal.StandardInput.WriteLineAsync(command);
        await terminal.StandardInput.WriteLineAsync("printf '\\n<<%s>>\\n' $?");
        await terminal.StandardInput.FlushAsync(TestContext.Current.CancellationToken);
        var output = await ReadUntilAsync(terminal, EndOfCommand());
        var end = EndOfCommand().Match(output);
        Assert.True(end.Groups[1].Value == "0", $"{command}\nended with {end.Groups[1].Value}: {output} {string.Join('\n', Errors)}");
        return output[..end.Index].Trim();
    }

    private async Task<string> ReadUntilAsync(Process process, Regex end)
    {
        var text = "";
        while (!end.IsMatch(text))
        {
            var line = await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken).AsTask()
                .WaitAsync(Patience, TestContext.Current.CancellationToken);
            Assert.True(line is not null, $"ended after: {text} {string.Join('\n', Errors)}");
            text += line + "\n";
        }

        return text;
    }

    [GeneratedRegex(@"```(\w+)\n(.*?)\n```", RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex(@"Tollgate listens at (\S+) ")]
    private static partial Regex Listening();

    [GeneratedRegex("tgsk_[0-9A-Za-z]{49}")]
    private static partial Regex FirstKey();

    [GeneratedRegex(@"\n<<(\d+)>>\n")]
    private static partial Regex EndOfCommand();
}
