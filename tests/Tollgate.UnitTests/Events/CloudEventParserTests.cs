using System.Text;
using CsCheck;
using Microsoft.AspNetCore.Http;
using Tollgate.Server.Events;
using Tollgate.Server.Hosting;
using Xunit;

namespace Tollgate.UnitTests.Events;

public sealed class CloudEventParserTests
{
    private const int Mutations = 100_000;

    private const string Seed = """
        {"specversion":"1.0","id":"1","source":"/s","type":"t","subject":"c","time":"2026-03-01T00:00:00Z","traceparent":"x","data":{"a":1.50,"b":["\u00fc"]}}
        """;

    private static readonly Gen<string> Part = Gen.String[Gen.OneOf('a', '/', ':', '#', '%', '|', 'ü', '"'), 1, 4];

    [Fact]
    public void A_hundred_thousand_mutated_CloudEvents_are_read_or_refused_and_nothing_else()
    {
        var random = new Random(20260315);
        var (read, refused) = (0, 0);
        for (var count = 0; count < Mutations; count++)
        {
            var one = Mutation.Of(Encoding.UTF8.GetBytes(Seed), random);
            try
            {
                var parsed = count % 2 == 0 ? [NewParser().ParseOne(one)] : NewParser().ParseBatch([(byte)'[', .. one, (byte)']'], new FieldErrors());
                Assert.All(parsed, each => Assert.Equal(each.Logged is null, each.Errors.Count > 0));
                read++;
            }
            catch (ProblemException refusal)
            {
                Assert.Equal(400, refusal.Problem.Status);
                refused++;
            }
        }

        Assert.InRange(read, 1000, Mutations - 1000);
        Assert.InRange(refused, 1000, Mutations - 1000);
    }

    [Fact]
    public void Mutated_headers_are_read_or_refused_and_nothing_else()
    {
        var random = new Random(20260315);
        for (var count = 0; count < 10_000; count++)
        {
            var headers = new HeaderDictionary { ["ce-specversion"] = "1.0" };
            foreach (var (name, value) in new[] { ("ce-id", "a%20b"), ("ce-source", "/s"), ("ce-type", "t"), ("ce-subject", "c%C3%BC"), ("ce-ext", "\"q\"") })
            {
                headers[name] = Encoding.Latin1.GetString(Mutation.Of(Encoding.Latin1.GetBytes(value), random));
            }

            var parsed = NewParser().ParseBinary(headers, []);

            Assert.Equal(parsed.Logged is null, parsed.Errors.Count > 0);
        }
    }

    [Fact]
    public void No_two_pairs_of_source_and_id_have_one_event_id() =>
        Gen.Select(Part, Part, Part, Part, Gen.Bool).Sample((source, id, otherSource, otherId, spaced) =>
        {
            // Ids may have white space, sources may not.
            id = spaced ? $" {id} {otherSource}" : id;

            Assert.Equal(
                (source, id) == (otherSource, otherId), CloudEventEnvelope.IdOf(source, id) == CloudEventEnvelope.IdOf(otherSource, otherId));
        });

    [Theory]
    [InlineData(252, 255)]
    [InlineData(253, 71)]
    [InlineData(100_000, 71)]
    public void An_id_is_never_longer_than_an_id_can_be(int length, int expected) =>
        Assert.Equal(expected, CloudEventEnvelope.IdOf("/s", new string('x', length)).Length);

    private static CloudEventParser NewParser() => new(Parsing.NewMembers());
}
