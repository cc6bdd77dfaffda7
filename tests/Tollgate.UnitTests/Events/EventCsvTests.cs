using Tollgate.Server.Events;
using Xunit;

namespace Tollgate.UnitTests.Events;

public sealed class EventCsvTests
{
    [Theory]
    [InlineData("=1")]
    [InlineData("+1")]
    [InlineData("-1-1")]
    [InlineData("--1")]
    [InlineData("-")]
    [InlineData("-1e5")]
    [InlineData("-1,5")]
    [InlineData("-1 ")]
    [InlineData("@x")]
    [InlineData(" =1")]
    [InlineData("\u00a0=1")]
    [InlineData("\tx")]
    [InlineData("\rx")]
    [InlineData("\nx")]
    [InlineData("\uff1d1")]
    [InlineData("\uff0b1")]
    [InlineData("\uff0d1")]
    [InlineData("\uff20x")]
    [InlineData("'x")]
    public void What_may_be_taken_for_a_formula_gets_an_apostrophe(string text) => Assert.Equal("'" + text, EventCsv.Harmless(text));

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("x")]
    [InlineData("x=1")]
    [InlineData("1")]
    [InlineData("-1")]
    [InlineData("-0.000000000000000000000000001")]
    [InlineData("{\"a\":\"=1\"}")]
    public void Everything_else_stays_as_it_is(string? text) => Assert.Equal(text, EventCsv.Harmless(text));
}
