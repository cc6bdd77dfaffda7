using System.Text.RegularExpressions;
using Xunit;

namespace Tollgate.UnitTests.House;

/// <summary>What the documents say about the repository is so.</summary>
public sealed partial class DocumentsTests
{
    private static readonly string[] Tops = ["src/", "tests/", "docs/", "openapi/", ".ci/", "faults/", "bench/"];

    private static readonly string[] TopPages = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md"];
    private static readonly string[] BuildFiles = [".editorconfig", "Directory.Build.props"];
    private static readonly string[] Sections = ["## Context", "## Options", "## Decision", "## Consequences", "## Revisit when"];

    public static TheoryData<string> Pages => [.. PageFiles()];

    [Theory]
    [MemberData(nameof(Pages))]
    public void Every_path_that_a_page_names_exists(string page)
    {
        var text = Repository.Read(page);
        var paths = Repository.Code(text)
            .Where(code => Tops.Any(top => code.StartsWith(top, StringComparison.Ordinal)) && !code.Contains('<', StringComparison.Ordinal))
            .Select(path => path.TrimEnd('/'));

        Assert.All(paths, path => Assert.True(Path.Exists(Path.Combine(Repository.Root, path)), $"{page} names {path}, which does not exist"));
    }

    [Theory]
    [MemberData(nameof(Pages))]
    public void Every_link_of_a_page_leads_to_a_file_and_a_heading(string page)
    {
        var folder = Path.GetDirectoryName(Path.Combine(Repository.Root, page))!;
        foreach (Match link in Link().Matches(Repository.Read(page)))
        {
            var (path, heading) = (link.Groups[1].Value, link.Groups[2].Value);
            if (path.Contains("://", StringComparison.Ordinal))
            {
                continue;
            }

            var file = path.Length == 0 ? Path.Combine(Repository.Root, page) : Path.Combine(folder, path);
            Assert.True(Path.Exists(file), $"{page} links to {path}, which does not exist");
            if (heading.Length > 0)
            {
                Assert.Contains($"\n## {heading}\n", File.ReadAllText(file), StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void The_architecture_names_every_part_of_the_product()
    {
        var named = Repository.Code(Repository.Read("docs/architecture.md")).ToHashSet();
        var parts = Directory.EnumerateDirectories(Path.Combine(Repository.Root, "src"))
            .Concat(Directory.EnumerateDirectories(Path.Combine(Repository.Root, "src/Tollgate.Server")))
            .Concat(Directory.EnumerateDirectories(Path.Combine(Repository.Root, "tests")))
            .Select(folder => Path.GetRelativePath(Repository.Root, folder))
            .Where(folder => Directory.EnumerateFiles(Path.Combine(Repository.Root, folder)).Any());

        Assert.All(parts, part => Assert.Contains(part, named));
    }

    [Fact]
    public void Every_decision_is_in_the_index_under_its_number_and_title()
    {
        var pages = Directory.EnumerateFiles(Path.Combine(Repository.Root, "docs/decisions"), "0*.md").Order(StringComparer.Ordinal)
            .Select(file => (Name: Path.GetFileName(file), Text: File.ReadAllText(file)))
            .ToList();

        Assert.Equal(
            pages.Select(page => $"[{page.Name[..4]}]({page.Name}) | {Heading().Match(page.Text).Groups[2].Value}"),
            Repository.Table("docs/decisions/README.md", "page").Select(row => $"{row[0]} | {row[1]}"));
        Assert.All(pages, page => Assert.Equal(page.Name[..4], Heading().Match(page.Text).Groups[1].Value));
    }

    [Fact]
    public void Every_decision_has_all_its_sections()
    {
        foreach (var file in Directory.EnumerateFiles(Path.Combine(Repository.Root, "docs/decisions"), "0*.md"))
        {
            var lines = File.ReadAllLines(file);

            Assert.Equal(Sections, lines.Where(line => line.StartsWith("## ", StringComparison.Ordinal)));
            Assert.Matches(@"\AStatus: (accepted|superseded by \d{4}) · Date: \d{4}-\d\d-\d\d · Supersedes: ", lines[2]);
        }
    }

    [Fact]
    public void Every_decision_that_the_code_names_is_written_down()
    {
        var pages = Directory.EnumerateFiles(Path.Combine(Repository.Root, "docs/decisions"), "0*.md").Select(file => Path.GetFileName(file)[..4]).ToHashSet();
        var lines = Repository.Table("docs/architecture.md", "#").Select(row => row[0]).ToHashSet();
        var named = Repository.SourceFiles.SelectMany(file => DecisionInCode().Matches(File.ReadAllText(file))).Select(match => match.Groups[1].Value).ToList();

        Assert.NotEmpty(named);
        Assert.All(named, number => Assert.Contains(number, number.Length == 4 ? pages : lines));
    }

    [Fact]
    public void Every_package_has_its_reason_in_the_decision_about_dependencies()
    {
        var explained = Repository.Table("docs/decisions/0012-dependencies.md", "package").SelectMany(row => row[0].Split(", ")).ToHashSet();
        var used = Directory.EnumerateFiles(Repository.Root, "*.csproj", SearchOption.AllDirectories)
            .Where(file => !file.Contains("/artifacts/", StringComparison.Ordinal))
            .Append(Path.Combine(Repository.Root, "Directory.Packages.props"))
            .SelectMany(file => Package().Matches(File.ReadAllText(file)))
            .Select(match => match.Groups[1].Value)
            .ToHashSet();

        Assert.NotEmpty(used);
        Assert.All(used, package => Assert.Contains(package, explained));
        Assert.All(explained.Where(package => !package.Contains("(npm)", StringComparison.Ordinal)), package => Assert.Contains(package, used));
    }

    [Fact]
    public void The_door_for_routes_is_the_one_place_that_may_map_them()
    {
        var exempt = Repository.SourceFiles.Where(file => File.ReadAllText(file).Contains("#pragma warning disable RS0030", StringComparison.Ordinal))
            .Select(file => Path.GetRelativePath(Repository.Root, file));
        var elsewhere = BuildFiles
            .Concat(Directory.EnumerateFiles(Path.Combine(Repository.Root, "src"), "*.csproj", SearchOption.AllDirectories))
            .Where(file => Repository.Read(file).Contains("RS0030", StringComparison.Ordinal));

        Assert.Equal("src/Tollgate.Server/Access/Api.cs", Assert.Single(exempt));
        Assert.Empty(elsewhere);
        Assert.DoesNotContain(Repository.SourceFiles, file => SuppressesInAnAttribute().IsMatch(File.ReadAllText(file)));
    }

    [Fact]
    public void What_a_caller_may_see_of_the_events_is_said_in_one_place()
    {
        var makers = Repository.SourceFiles
            .Where(file => file.Contains("/Tollgate.Server/", StringComparison.Ordinal))
            .Where(file => MakesAReach().IsMatch(File.ReadAllText(file)))
            .Select(file => Path.GetRelativePath(Repository.Root, file));

        Assert.Equal("src/Tollgate.Server/Events/EventReaches.cs", Assert.Single(makers));
    }

    private static IEnumerable<string> PageFiles() => TopPages
        .Concat(Directory.EnumerateFiles(Path.Combine(Repository.Root, "docs"), "*.md", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(Repository.Root, file))
            .Order(StringComparer.Ordinal));

    [GeneratedRegex(@"\]\(([^)#\s]*)#?([^)\s]*)\)")]
    private static partial Regex Link();

    [GeneratedRegex("<(?:Global)?PackageReference Include=\"([^\"]+)\"")]
    private static partial Regex Package();

    [GeneratedRegex(@"\A# (\d{4}) (.+)\n")]
    private static partial Regex Heading();

    [GeneratedRegex(@"[Dd]ecision (\d+)\b")]
    private static partial Regex DecisionInCode();

    // By name, by a target-typed new where a reach is asked for, or as a copy without its bounds.
    [GeneratedRegex(@"new EventReach\b|Reach = new\b|Reach with\b|EventReach \w+ = new|static EventReach|\bBounds = null")]
    private static partial Regex MakesAReach();

    [GeneratedRegex(@"SuppressMessage\([^)]*RS0030")]
    private static partial Regex SuppressesInAnAttribute();
}
