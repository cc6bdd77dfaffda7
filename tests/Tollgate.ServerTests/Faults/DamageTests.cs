using System.Text.RegularExpressions;
using Xunit;

namespace Tollgate.ServerTests.Faults;

/// <summary>Damaged files are named or mended, and never make the answers silently smaller.</summary>
[Collection("Alone")]
public sealed partial class DamageTests(UndamagedFolder undamaged) : IClassFixture<UndamagedFolder>, IDisposable
{
    private readonly string _scratch = Directory.CreateTempSubdirectory("tollgate-test-").FullName;

    private string Good => undamaged.Good;

    public void Dispose() => Directory.Delete(_scratch, recursive: true);

    [Theory]
    [InlineData("missing", false)]
    [InlineData("older", false)]
    [InlineData("garbage", true)]
    [InlineData("empty", true)]
    [InlineData("cut", true)]
    [InlineData("flipped", true)]
    public async Task A_bad_store_of_events_is_noticed_at_the_start_and_built_again(string damage, bool setAside)
    {
        var folder = Path.Combine(_scratch, damage);
        UndamagedFolder.Copy(Good, folder);
        var store = Directory.GetFiles(folder, "*.duckdb").Single();
        File.Delete(store + ".wal");
        switch (damage)
        {
            case "missing":
                File.Delete(store);
                break;
            case "older":
                File.Copy(Path.Combine(undamaged.Early, Path.GetFileName(store)), store, overwrite: true);
                break;
            case "garbage":
                await File.WriteAllTextAsync(store, new string('x', 100_000), TestContext.Current.CancellationToken);
                break;
            case "empty":
                await File.WriteAllBytesAsync(store, [], TestContext.Current.CancellationToken);
                break;
            case "cut":
                Cut(store, new FileInfo(store).Length / 2);
                break;
            default:
                // Both database headers: one alone is what the other is for.
                Flip(store, 4096 + 20);
                Flip(store, 8192 + 20);
                break;
        }

        await using var server = await ServerProcess.StartAsync(folder);

        Assert.Equal(undamaged.Answers, await undamaged.AnswersAsync(server.Url));
        Assert.Equal(setAside, Directory.GetFiles(folder, "*.corrupt-*").Length > 0);
    }

    [Fact]
    public async Task Damage_to_any_other_file_is_named_or_costs_nothing()
    {
        var files = Directory.GetFiles(Good, "*", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(Good, file))
            .Where(file => !file.Contains("duckdb", StringComparison.Ordinal) && !file.StartsWith("control.db", StringComparison.Ordinal))
            .Where(file => file is not ("lock" or "readiness") && new FileInfo(Path.Combine(Good, file)).Length > 0)
            .ToList();
        Assert.Contains(files, file => file.StartsWith("sums", StringComparison.Ordinal));
        string[] damages = ["cut in half", "cut by one", "flipped at the start", "flipped in the middle", "junk behind", "missing"];
        var named = 0;
        await Parallel.ForEachAsync(
            files.SelectMany(file => damages.Select(damage => (file, damage))).Index(),
            new ParallelOptions { MaxDegreeOfParallelism = 2, CancellationToken = TestContext.Current.CancellationToken },
            async (harm, _) =>
            {
                var (number, (file, damage)) = harm;
                var folder = Path.Combine(_scratch, $"case {number}");
                UndamagedFolder.Copy(Good, folder);
                Harm(Path.Combine(folder, file), damage);
                if (await ShouldBeNamedOrWholeAsync(folder, file, damage))
                {
                    Interlocked.Increment(ref named);
                }

                Directory.Delete(folder, recursive: true);
            });

        Assert.True(named > 0, "Some damage can't be mended and must be named.");
    }

    private async Task<bool> ShouldBeNamedOrWholeAsync(string folder, string file, string damage)
    {
        await using var server = await ServerProcess.TryStartAsync(folder);
        if (server.Url.Length > 0)
        {
            var answers = await undamaged.AnswersAsync(server.Url);
            Assert.True(answers == undamaged.Answers, $"{file}, {damage}: {answers} instead of {undamaged.Answers}");
            return false;
        }

        Assert.True(server.ExitCode == 2, $"{file}, {damage}: ended with {server.ExitCode}: {server.Errors}");
        Assert.Contains(Path.GetFileName(file), server.Errors, StringComparison.Ordinal);
        // Checkpoints of the audit log are no events; a folder whose checkpoints can't be read must not start unnoticed either.
        var holdsEvents = file != "audit-checkpoints.ndjson" && !file.StartsWith("sums", StringComparison.Ordinal);
        Assert.True(!holdsEvents || LostEvent().IsMatch(server.Errors), $"{file}, {damage}: {server.Errors}");
        return true;
    }

    [GeneratedRegex(@"first lost event is number \d+")]
    private static partial Regex LostEvent();

    private static void Harm(string file, string damage)
    {
        var length = new FileInfo(file).Length;
        switch (damage)
        {
            case "cut in half":
                Cut(file, length / 2);
                break;
            case "cut by one":
                Cut(file, length - 1);
                break;
            case "flipped at the start":
                Flip(file, 0);
                break;
            case "flipped in the middle":
                Flip(file, length / 2);
                break;
            case "missing":
                File.Delete(file);
                break;
            default:
                File.AppendAllText(file, "junk that nobody wrote on purpose");
                break;
        }
    }

    private static void Cut(string file, long length)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Write);
        stream.SetLength(length);
    }

    private static void Flip(string file, long position)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.ReadWrite);
        stream.Position = position;
        var value = stream.ReadByte();
        stream.Position = position;
        stream.WriteByte((byte)(value ^ 0x10));
    }
}
