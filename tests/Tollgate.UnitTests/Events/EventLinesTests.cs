using System.Text;
using Tollgate.Server.Events;
using Tollgate.Server.Hosting;
using Xunit;

namespace Tollgate.UnitTests.Events;

/// <summary>However a body of lines is cut into pieces and whatever is in it, it is read or refused, and the same way.</summary>
public sealed class EventLinesTests
{
    private const int Mutations = 100_000;

    private static readonly string[] Seeds =
    [
        """{"event_name":"n","external_customer_id":"c","event_id":"1"}""" + "\n" + """{"event_name":"n","external_customer_id":"c","properties":{"a":1.50,"b":[true,null,"\u00fc"]}}""",
        "\r\n \t\r\n" + """{"event_name":"n","external_customer_id":"ü日本😀","timestamp":"2026-03-01T00:00:00Z"}""" + "\r\n\r\n",
        """{"event_name":"n","external_customer_id":"c","properties":{"a":{"b":{"c":[[[{}]]]}},"__proto__":1e-7}}""" + "\n{}\n[]\n7\n\"x\"\n",
    ];

    [Fact]
    public void A_hundred_thousand_mutated_bodies_are_read_or_refused_the_same_way_however_they_are_cut()
    {
        var random = new Random(20260315);
        var (read, refused) = (0, 0);
        for (var count = 0; count < Mutations; count++)
        {
            var body = Mutation.Of(Encoding.UTF8.GetBytes(Seeds[random.Next(Seeds.Length)]), random);

            var whole = Read(body, body.Length + 1, random);
            var pieces = Read(body, random.Next(1, 40), random);

            Assert.Equal(whole, pieces);
            (read, refused) = whole.Contains("fit", StringComparison.Ordinal) ? (read + 1, refused) : (read, refused + 1);
        }

        // Both happen, often: otherwise nothing would have been tried.
        Assert.InRange(read, 1000, Mutations - 1000);
        Assert.InRange(refused, 1000, Mutations - 1000);
    }

    [Fact]
    public void A_line_may_be_as_long_as_the_limit_and_no_longer_however_it_comes()
    {
        var random = new Random(1);
        var longest = Seeds[0].Split('\n')[0].PadRight(Limits.MaxEventLineBytes);

        Assert.Equal("1 fit", Read(Encoding.UTF8.GetBytes(longest), 4096, random));
        Assert.Equal("1 fit", Read(Encoding.UTF8.GetBytes(longest + "\n"), longest.Length + 9, random));
        Assert.Equal("413", Read(Encoding.UTF8.GetBytes(longest + " "), 4096, random));
        Assert.Equal("413", Read(Encoding.UTF8.GetBytes(longest + " \n"), longest.Length + 9, random));
    }

    [Fact]
    public void Nesting_beyond_the_limit_is_said_of_its_line_and_the_next_is_read()
    {
        var deep = $$$"""{"event_name":"n","external_customer_id":"c","properties":{"a":{{{new string('[', 100)}}}{{{new string(']', 100)}}}}}""";

        Assert.Equal("1 ;2 fit", Read(Encoding.UTF8.GetBytes($"{deep}\n{Seeds[0].Split('\n')[0]}"), 4096, new Random(1)));
        Assert.Equal("1 ", Read(Encoding.UTF8.GetBytes(new string('[', 100_000)), 4096, new Random(1)));
    }

    /// <summary>What became of each line, in one text.</summary>
    private static string Read(byte[] body, int longestPiece, Random random)
    {
        var lines = new EventLines(Parsing.NewParser());
        try
        {
            for (var at = 0; at < body.Length;)
            {
                var length = Math.Min(body.Length - at, longestPiece > body.Length ? body.Length : random.Next(1, longestPiece + 1));
                lines.Take(body.AsSpan(at, length));
                at += length;
            }

            lines.End();
        }
        catch (ProblemException refusal)
        {
            return $"{refusal.Problem.Status}";
        }

        Assert.All(lines.Events, parsed => Assert.Equal(parsed.Logged is null, parsed.Errors.Count > 0));
        return string.Join(';', lines.Events.Zip(lines.Numbers, (parsed, number) => $"{number} {(parsed.Logged is null ? "" : "fit")}"));
    }
}
