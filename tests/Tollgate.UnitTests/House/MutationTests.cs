using System.Text.Json;
using Xunit;

namespace Tollgate.UnitTests.House;

/// <summary>
/// The list of access checks that <c>tests/mutation/run</c> switches off fits the code: running it takes long, so this tells at once
/// whoever moves a check or renames the test that watches over it.
/// </summary>
public sealed class MutationTests
{
    private static readonly JsonElement[] Mutants =
        [.. JsonDocument.Parse(Repository.Read("tests/mutation/mutants.json")).RootElement.EnumerateArray()];

    [Fact]
    public void Each_check_is_in_the_code_exactly_once()
    {
        var edits = Mutants.SelectMany(mutant => mutant.TryGetProperty("and", out var more) ? more.EnumerateArray().Prepend(mutant) : [mutant]);

        Assert.All(edits, edit =>
        {
            var (file, find) = (Text(edit, "file"), Text(edit, "find"));
            Assert.Equal(2, Repository.Read(file).Split(find).Length);
            Assert.NotEqual(find, Text(edit, "replace"));
        });
    }

    [Fact]
    public void Each_check_has_a_name_of_its_own_and_a_test_that_exists()
    {
        var files = Directory.EnumerateFiles(Path.Combine(Repository.Root, "tests"), "*Tests.cs", SearchOption.AllDirectories)
            .Where(file => !file.Contains("/obj/", StringComparison.Ordinal))
            .ToLookup(Path.GetFileNameWithoutExtension);

        Assert.Equal(Mutants.Length, Mutants.Select(mutant => Text(mutant, "name")).Distinct().Count());
        Assert.All(Mutants, mutant =>
        {
            var tests = mutant.GetProperty("tests").EnumerateArray().Select(test => (test.GetString() ?? "").Split('.')).ToList();
            Assert.NotEmpty(tests);
            Assert.All(tests, test =>
            {
                var text = File.ReadAllText(Assert.Single(files[test[0]]));
                Assert.Contains(test.Length == 1 ? $"class {test[0]}" : $" {test[1]}(", text, StringComparison.Ordinal);
            });
        });
    }

    private static string Text(JsonElement mutant, string name) => mutant.GetProperty(name).GetString() ?? "";
}
