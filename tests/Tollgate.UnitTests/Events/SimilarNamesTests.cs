using CsCheck;
using Tollgate.Server.Meters;
using Xunit;

namespace Tollgate.UnitTests.Events;

public sealed class SimilarNamesTests
{
    private static readonly Gen<string> Short = Gen.Char["abc"].Array[0, 6].Select(letters => new string(letters));

    [Fact]
    public void The_distance_is_what_trying_every_edit_comes_to() => Gen.Select(Short, Short).Sample(
        (one, other) => Assert.Equal(Tried(one, one.Length, other, other.Length), SimilarNames.Distance(one, other)), iter: 5000);

    [Theory]
    [InlineData("llm_request", "llm_reqeust", 1)]
    [InlineData("api.call", "api_call", 1)]
    [InlineData("", "abc", 3)]
    [InlineData("same", "same", 0)]
    public void Slips_of_the_pen_are_near(string one, string other, int distance) => Assert.Equal(distance, SimilarNames.Distance(one, other));

    // The definition, by recursion.
    private static int Tried(string one, int length, string other, int otherLength)
    {
        if (length == 0 || otherLength == 0)
        {
            return length + otherLength;
        }

        var least = Math.Min(
            Math.Min(Tried(one, length - 1, other, otherLength), Tried(one, length, other, otherLength - 1)) + 1,
            Tried(one, length - 1, other, otherLength - 1) + (one[length - 1] == other[otherLength - 1] ? 0 : 1));
        return length > 1 && otherLength > 1 && one[length - 1] == other[otherLength - 2] && one[length - 2] == other[otherLength - 1]
            ? Math.Min(least, Tried(one, length - 2, other, otherLength - 2) + 1)
            : least;
    }
}
