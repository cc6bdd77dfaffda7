using System.Globalization;
using System.Reflection;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Xunit;

namespace Tollgate.UnitTests.House;

/// <summary>Each page of the reference lists what the code has: nothing less, nothing more, the same values.</summary>
public sealed class ReferencePagesTests
{
    [Fact]
    public void Every_test_that_the_page_of_hostile_inputs_names_exists()
    {
        var tests = string.Concat(Directory.EnumerateFiles(Path.Combine(Repository.Root, "tests"), "*.cs", SearchOption.AllDirectories)
            .Where(file => !file.Contains("/obj/", StringComparison.Ordinal))
            .Select(File.ReadAllText));
        var named = Repository.Table("docs/reference/hostile-inputs.md", "attempt").Select(row => row[1].Trim('`')).ToList();

        Assert.True(named.Count > 40);
        Assert.All(named, name => Assert.Contains($" {name}(", tests, StringComparison.Ordinal));
    }

    [Fact]
    public void The_permissions_page_lists_every_permission_in_order() =>
        Assert.Equal(
            [.. Permissions.Entities.SelectMany(entity => Permissions.Actions.Select(action => $"{entity}:{action}"))],
            Repository.Table("docs/reference/permissions.md", "permission").Select(row => row[0].Trim('`')));

    [Fact]
    public void The_permissions_page_lists_every_built_in_role_with_its_permissions_and_holders()
    {
        var names = new Dictionary<string, string> { [AccountTypes.User] = "people", [AccountTypes.ServiceAccount] = "service accounts" };
        var expected = Role.BuiltInOnes.Select(role => string.Join(" | ",
            role.Id,
            string.Join(' ', role.Grants),
            string.Join(", ", role.AssignableTo.Select(type => names[type]))));
        var actual = Repository.Table("docs/reference/permissions.md", "role").Select(row => string.Join(" | ",
            row[0].Trim('`'),
            string.Join(' ', Repository.Code(row[1])),
            row[2]));

        Assert.Equal(expected, actual);
    }

    [Fact]
    public void The_errors_page_has_a_section_for_every_code_and_for_nothing_else() =>
        Assert.Equal(ConstantsOf(typeof(ErrorCodes)).Select(code => (string)code.Value!).Order(StringComparer.Ordinal), ErrorPages.ByCode.Keys.Order(StringComparer.Ordinal));

    [Fact]
    public void Every_section_of_the_errors_page_names_the_status_and_what_to_do() => Assert.All(ErrorPages.ByCode, page =>
    {
        Assert.StartsWith($"# {page.Key}\n\nStatus ", page.Value, StringComparison.Ordinal);
        Assert.Contains("\nWhat to do: ", page.Value, StringComparison.Ordinal);
    });

    [Theory]
    [InlineData(400)]
    [InlineData(404)]
    [InlineData(405)]
    [InlineData(408)]
    [InlineData(413)]
    [InlineData(414)]
    [InlineData(415)]
    [InlineData(431)]
    [InlineData(500)]
    [InlineData(503)]
    public void The_errors_page_gives_a_bare_status_the_code_that_the_server_gives_it(int status) =>
        Assert.Contains($"\nStatus {status}. ", ErrorPages.ByCode[ErrorAnswers.ForStatus(status).Code], StringComparison.Ordinal);

    [Fact]
    public void The_limits_page_lists_every_limit_with_its_value() =>
        Assert.Equal(
            ConstantsOf(typeof(Limits)).Select(limit => $"{limit.Name} = {ValueOf(limit.Value)}"),
            Repository.Table("docs/reference/limits.md", "limit").Select(row => $"{row[0].Trim('`')} = {row[1]}"));

    [Fact]
    public void The_configuration_page_lists_every_option_with_its_variable_and_default() =>
        Assert.Equal(
            ServerOptions.Defaults.Select(option => string.Join(" | ", option.Key, VariableOf(option.Key), option.Value ?? "–")),
            Repository.Table("docs/reference/configuration.md", "option").Select(row => string.Join(" | ", row[0].Trim('`'), row[1].Trim('`'), row[2].Trim('`'))));

    [Fact]
    public void Every_variable_on_the_configuration_page_sets_its_option()
    {
        foreach (var row in Repository.Table("docs/reference/configuration.md", "option"))
        {
            // A value that no option accepts, so that the message names the option that was set.
            var wrong = Assert.Throws<ConfigurationException>(() =>
                ServerOptions.Read([], new Dictionary<string, string> { [row[1].Trim('`')] = " ", ["TOLLGATE_URLS"] = row[0] == "`Urls`" ? " " : "http://127.0.0.1:1" }));

            Assert.Contains(row[0].Trim('`'), wrong.Message, StringComparison.Ordinal);
        }
    }

    private static IEnumerable<(string Name, object? Value)> ConstantsOf(Type type) => type
        .GetFields(BindingFlags.Public | BindingFlags.Static)
        .OrderBy(field => field.MetadataToken)
        .Select(field => (field.Name, field.GetValue(null)));

    private static string ValueOf(object? value) => value switch
    {
        TimeSpan time => time.ToString("c", CultureInfo.InvariantCulture),
        _ => Convert.ToString(value, CultureInfo.InvariantCulture) ?? "",
    };

    private static string VariableOf(string option) =>
        "TOLLGATE_" + option.Replace(":", "__", StringComparison.Ordinal).ToUpperInvariant();
}
