using System.Collections.Concurrent;
using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using Tollgate.Server.Hosting;
using Xunit;

namespace Tollgate.ServerTests;

/// <summary>The built server as a process of its own, for what one process can't do to itself: kill -9, signals, a second server, exit codes.</summary>
internal sealed partial class ServerProcess : IAsyncDisposable
{
    private const int Sigterm = 15;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    // ./test names the published one; a test that is run by hand starts the one that was built with it.
    private static readonly string Program = Environment.GetEnvironmentVariable("TOLLGATE_TEST_SERVER") ?? typeof(TollgateHost).Assembly.Location;

    private readonly Process _process;
    private readonly ConcurrentQueue<string> _output = new();
    private readonly ConcurrentQueue<string> _errors = new();
    private readonly TaskCompletionSource<string> _listening = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private ServerProcess(Process process) => _process = process;

    /// <summary>Where the server listens.</summary>
    public string Url { get; private set; } = "";

    /// <summary>Time from the start of the process until it said that it listens.</summary>
    public TimeSpan StartUp { get; private set; }

    public int Id => _process.Id;

    /// <summary>What it has computed until now, whatever else the machine did.</summary>
    public TimeSpan ProcessorTime
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    public int ExitCode => _process.ExitCode;

    public bool HasExited => _process.HasExited;

    public string Output => string.Join('\n', _output);

    public string Errors => string.Join('\n', _errors);

    /// <summary>The first key, from the block that a first start prints.</summary>
    public string ApiKey => FirstKey().Match(Output) is { Success: true } match
        ? match.Value
        : throw new InvalidOperationException("This was not the first start on the folder.");

    /// <summary>Starts a server and waits until it listens. Options are like <c>Storage:Folder=/x</c>.</summary>
    public static async Task<ServerProcess> StartAsync(string folder, params string[] options)
    {
        var server = await TryStartAsync(folder, options);
        if (server.Url.Length == 0)
        {
            var (code, errors) = (server.ExitCode, server.Errors);
            await server.DisposeAsync();
            Assert.Fail($"The server ended with {code} instead of listening: {errors}");
        }

        return server;
    }

    /// <summary>Starts a server and waits until it listens or has ended; then it has no <see cref="Url"/>.</summary>
    public static async Task<ServerProcess> TryStartAsync(string folder, params string[] options)
    {
        var began = Stopwatch.GetTimestamp();
        var server = Launch(Arguments(folder, options), new Dictionary<string, string>());
        var ended = server._process.WaitForExitAsync(TestContext.Current.CancellationToken);
        if (await Task.WhenAny(server._listening.Task, ended).WaitAsync(Patience, TestContext.Current.CancellationToken) != ended)
        {
            server.Url = await server._listening.Task;
            server.StartUp = Stopwatch.GetElapsedTime(began);
        }

        return server;
    }

    /// <summary>Runs the server until it ends by itself.</summary>
    public static async Task<(int ExitCode, string Output, string Errors)> RunAsync(
        IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        await using var server = Launch(arguments, environment ?? new Dictionary<string, string>());
        await server.WaitForExitAsync();
        return (server.ExitCode, server.Output, server.Errors);
    }

    /// <summary>The arguments of a server on this folder at a free port.</summary>
    public static string[] Arguments(string folder, params string[] options) =>
        ["--Urls=http://127.0.0.1:0", $"--Storage:Folder={folder}", .. options.Select(option => $"--{option}")];

    /// <summary>kill -9: the process has no chance to do anything.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await WaitForExitAsync();
    }

    /// <summary>SIGTERM, as systemd and Kubernetes send it.</summary>
    public void Terminate() => SendSignal(_process.Id, Sigterm);

    /// <summary>Waits until the process has ended and all its output is here.</summary>
    public Task WaitForExitAsync() => _process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(Patience);

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
            await _process.WaitForExitAsync(CancellationToken.None);
        }

        _process.Dispose();
    }

    private static ServerProcess Launch(IEnumerable<string> arguments, IReadOnlyDictionary<string, string> environment)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        start.ArgumentList.Add(Program);
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        // What the test runner was told must not reach the server.
        foreach (var name in start.Environment.Keys.Where(name => name.StartsWith("TOLLGATE_", StringComparison.Ordinal)).ToList())
        {
            start.Environment.Remove(name);
        }

        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        var server = new ServerProcess(new Process { StartInfo = start });
        server._process.OutputDataReceived += (_, line) => server.Read(line.Data);
        server._process.ErrorDataReceived += (_, line) => Keep(server._errors, line.Data);
        server._process.Start();
        server._process.BeginOutputReadLine();
        server._process.BeginErrorReadLine();
        return server;
    }

    private static void SendSignal(int processId, int signal)
    {
        if (Kill(processId, signal) != 0)
        {
            throw new Win32Exception(Marshal.GetLastPInvokeError());
        }
    }

    private static void Keep(ConcurrentQueue<string> lines, string? line)
    {
        if (line is not null)
        {
            lines.Enqueue(line);
        }
    }

    private void Read(string? line)
    {
        Keep(_output, line);
        if (line is not null && Listening().Match(line) is { Success: true } match)
        {
            _listening.TrySetResult(match.Groups[1].Value);
        }
    }

    [GeneratedRegex(@"^Tollgate listens at (\S+) ")]
    private static partial Regex Listening();

    [GeneratedRegex(@"tgsk_[0-9A-Za-z]{49}")]
    private static partial Regex FirstKey();

    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int processId, int signal);
}
