using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;
using Tollgate.Server.Hosting;
using Xunit;

namespace Tollgate.UnitTests.Events;

public sealed class EventParserProperties
{
    private static readonly Gen<string> Text = Gen.OneOf(
        Gen.String[Gen.Char['a', 'z'], 1, 12],
        Gen.OneOf("ü", "日本", "😀", "\"quoted\"", "back\\slash", "a/b", "\u2028", "tab\t", "__proto__", "'; DROP TABLE events; --"));

    private static readonly Gen<string> Number = Gen.OneOf(
        Gen.Long.Select(number => number.ToString(System.Globalization.CultureInfo.InvariantCulture)),
        Gen.Decimal.Select(number => number.ToString(System.Globalization.CultureInfo.InvariantCulture)),
        Gen.OneOf("1.50", "-0", "1e3", "1E-7", "0.1000000000000000000000000000000000000001"));

    private static readonly Gen<string> Value = Gen.Recursive<string>((depth, inner) =>
        depth >= 4
            ? Number
            : Gen.Frequency(
                (4, Number),
                (4, Text.Select(text => JsonSerializer.Serialize(text))),
                (1, Gen.OneOf("true", "false", "null")),
                (1, inner.List[0, 3].Select(items => $"[{string.Join(',', items)}]")),
                (1, Object(inner))));

    [Fact]
    public void A_valid_event_is_read_as_it_was_sent() =>
        Gen.Select(Text, Text, Text, Object(Value)).Sample((name, customer, id, properties) =>
        {
            var parsed = Parsing.One($$"""
                { "event_name": {{JsonSerializer.Serialize("n" + name)}}, "external_customer_id": {{JsonSerializer.Serialize(customer)}},
                  "event_id": {{JsonSerializer.Serialize(id)}}, "properties": {{properties}} }
                """);

            Assert.Empty(parsed.Errors);
            Assert.Equal(("n" + name).Trim(), parsed.Logged!.EventName);
            Assert.Equal(customer, parsed.Logged.ExternalCustomerId);
            Assert.Equal(id, parsed.Logged.EventId);
            Assert.Equal(properties, parsed.Logged.Properties);
        });

    [Fact]
    public void The_order_of_members_does_not_change_the_digest() =>
        Object(Value).Sample(properties =>
        {
            var reversed = Reversed(JsonNode.Parse(properties)!).ToJsonString();

            Assert.Equal(
                Parsing.Good($"\"properties\":{properties}").ContentDigest,
                Parsing.Good($"\"properties\":{reversed}").ContentDigest);
        });

    [Fact]
    public void Whatever_comes_is_read_or_refused_and_nothing_else() =>
        Gen.Select(Object(Value), Gen.Int[0, 200], Gen.Byte, Gen.Bool).Sample((properties, place, replacement, cut) =>
        {
            var bytes = Encoding.UTF8.GetBytes($$"""
                {"event_name":"n","external_customer_id":"c","timestamp":"2026-03-01T00:00:00Z","properties":{{properties}}}
                """);
            place = Math.Min(place, bytes.Length - 1);
            bytes[place] = replacement;
            if (cut)
            {
                bytes = bytes[..place];
            }

            try
            {
                var parsed = Parsing.One(bytes);
                Assert.Equal(parsed.Logged is null, parsed.Errors.Count > 0);
            }
            catch (ProblemException refusal)
            {
                Assert.Equal(400, refusal.Problem.Status);
            }
        });

    private static Gen<string> Object(Gen<string> value) =>
        Gen.Select(Text, value).List[0, 5].Select(members => $"{{{string.Join(
            ',',
            members.DistinctBy(member => member.Item1).Select(member => $"{JsonSerializer.Serialize(member.Item1)}:{member.Item2}"))}}}");

    private static JsonNode Reversed(JsonNode node) => node switch
    {
        JsonObject inner => new JsonObject(inner.Reverse().Select(member =>
            KeyValuePair.Create(member.Key, member.Value is null ? null : (JsonNode?)Reversed(member.Value)))),
        JsonArray list => new JsonArray([.. list.Select(item => item is null ? null : Reversed(item))]),
        _ => node.DeepClone(),
    };
}
