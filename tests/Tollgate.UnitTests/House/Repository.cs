using System.Text.RegularExpressions;

namespace Tollgate.UnitTests.House;

/// <summary>The files of the repository that these tests were built from.</summary>
internal static partial class Repository
{
    public static string Root { get; } = FindRoot();

    public static string Read(string path) => File.ReadAllText(Path.Combine(Root, path));

    /// <summary>The C# files of the product.</summary>
    public static IEnumerable<string> SourceFiles => Directory.EnumerateFiles(Path.Combine(Root, "src"), "*.cs", SearchOption.AllDirectories)
        .Where(file => !file.Contains("/obj/", StringComparison.Ordinal));

    /// <summary>The cells of a Markdown page's tables whose header begins with this cell; head and rule left out.</summary>
    public static IReadOnlyList<string[]> Table(string path, string firstHeader)
    {
        var rows = new List<string[]>();
        var inside = false;
        foreach (var line in Read(path).Split('\n'))
        {
            if (!line.StartsWith('|'))
            {
                inside = false;
                continue;
            }

            var cells = line.Trim().Trim('|').Split('|', StringSplitOptions.TrimEntries);
            if (cells[0] == firstHeader)
            {
                inside = true;
            }
            else if (inside && !cells[0].StartsWith("---", StringComparison.Ordinal))
            {
                rows.Add(cells);
            }
        }

        return rows;
    }

    /// <summary>The text between backticks.</summary>
    public static IEnumerable<string> Code(string markdown) => Backticks().Matches(markdown).Select(match => match.Groups[1].Value);

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Tollgate.slnx")))
            {
                return folder.FullName;
            }
        }

        throw new InvalidOperationException($"No Tollgate.slnx above {AppContext.BaseDirectory}.");
    }

    [GeneratedRegex("`([^`\n]+)`")]
    private static partial Regex Backticks();
}
