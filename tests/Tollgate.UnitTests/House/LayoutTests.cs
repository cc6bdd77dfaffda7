using System.Text.RegularExpressions;
using Xunit;

namespace Tollgate.UnitTests.House;

/// <summary>Where things are.</summary>
public sealed partial class LayoutTests
{
    [Fact]
    public void An_endpoint_is_a_file_of_its_name()
    {
        var endpoints = Repository.SourceFiles
            .Select(file => (File: file, Maps: MapMethod().Matches(File.ReadAllText(file)).Select(match => match.Groups[1].Value).ToList()))
            .Where(each => each.Maps.Count > 0)
            .ToList();

        Assert.True(endpoints.Count > 60);
        Assert.All(endpoints, each => Assert.Equal([Path.GetFileNameWithoutExtension(each.File)], each.Maps));
    }

    [GeneratedRegex(@"public static void Map([A-Z]\w+)\(this Api ")]
    private static partial Regex MapMethod();
}
