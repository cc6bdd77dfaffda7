using System.Net;
using System.Text.Json;
using CsCheck;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Xunit;

namespace Tollgate.UnitTests.Access;

public sealed class ConstraintSetTests
{
    private static readonly string[] Texts = ["a", "ab", "abc", "A", "b", "aé", "a😀", "日", "a_", "a%", " "];

    private static readonly Gen<string[]> Patterns = Gen.Int[0, (Texts.Length * 2) - 1]
        .Select(index => index < Texts.Length ? Texts[index].Replace(" ", "x", StringComparison.Ordinal) : Texts[index - Texts.Length].Replace(" ", "x", StringComparison.Ordinal) + "*")
        .Array[1, 4].Select(patterns => patterns.Distinct().ToArray());

    [Fact]
    public void Patterns_match_what_their_definition_says() => Gen.Select(Patterns, Gen.Int[0, Texts.Length - 1], Gen.Int[0, Texts.Length - 1]).Sample(
        (patterns, first, second) =>
        {
            var text = Texts[first] + Texts[second];
            var set = Compiled(new KeyConstraints { EventNames = patterns, ExternalCustomerIds = patterns });

            Assert.Equal(Matches(patterns, text), set.AllowsEventName(text));
            Assert.Equal(Matches(patterns, text), set.AllowsCustomer(text));
        },
        iter: 5_000);

    /// <summary>Texts that are no prefix of each other's are told apart by a text behind each: what one set covers it also matches.</summary>
    [Fact]
    public void One_set_covers_another_exactly_when_it_matches_all_that_the_other_does() => Gen.Select(Patterns, Patterns).Sample(
        (wide, narrow) =>
        {
            // Every pattern of a few letters is decided by texts of a few letters, and one letter that no pattern has.
            var all = Texts.Concat(Texts.SelectMany(one => Texts.Select(two => one + two))).Append("x").Append("x§").Concat(Texts.Select(text => text + "§")).ToArray();
            var expected = all.All(text => !Matches(narrow, text) || Matches(wide, text));

            Assert.Equal(expected, Compiled(new KeyConstraints { EventNames = wide }).Covers(Compiled(new KeyConstraints { EventNames = narrow })));
        },
        iter: 5_000);

    [Fact]
    public void A_set_covers_only_what_has_each_of_its_constraints_the_same_or_narrower()
    {
        var own = Compiled(new KeyConstraints
        {
            EventNames = ["api_*"],
            ExternalCustomerIds = ["acme"],
            Sources = ["web", "app"],
            AllowedCidrs = ["10.0.0.0/8", "2001:db8::/32"],
            RateLimitPerMinute = 60,
            MaxEventAgeSeconds = 3600,
        });
        var narrower = own.Wire with
        {
            EventNames = ["api_call", "api_v2_*"],
            Sources = ["app"],
            AllowedCidrs = ["10.1.0.0/16", "2001:db8:1::/48"],
            RateLimitPerMinute = 59,
        };

        Assert.True(own.Covers(own));
        Assert.True(own.Covers(Compiled(narrower)));
        Assert.Equal(
            ["event_names", "external_customer_ids", "sources", "allowed_cidrs", "rate_limit_per_minute", "max_event_age_seconds"], own.WidenedBy(null));
        Assert.Equal(["event_names"], own.WidenedBy(Compiled(narrower with { EventNames = ["api*"] })));
        Assert.Equal(["external_customer_ids"], own.WidenedBy(Compiled(narrower with { ExternalCustomerIds = ["acme*"] })));
        Assert.Equal(["sources"], own.WidenedBy(Compiled(narrower with { Sources = ["web", "Web"] })));
        Assert.Equal(["allowed_cidrs"], own.WidenedBy(Compiled(narrower with { AllowedCidrs = ["10.0.0.0/7"] })));
        Assert.Equal(["allowed_cidrs"], own.WidenedBy(Compiled(narrower with { AllowedCidrs = ["0.0.0.0/0"] })));
        Assert.Equal(["rate_limit_per_minute"], own.WidenedBy(Compiled(narrower with { RateLimitPerMinute = 61 })));
        Assert.Equal(["max_event_age_seconds"], own.WidenedBy(Compiled(narrower with { MaxEventAgeSeconds = null })));
    }

    [Fact]
    public void Each_constraint_refuses_by_its_name_and_the_first_one_is_told()
    {
        var set = Compiled(new KeyConstraints { EventNames = ["n"], ExternalCustomerIds = ["c"], Sources = ["s"], MaxEventAgeSeconds = 10 });

        Assert.Null(set.Refusing("n", "c", "s", TimeSpan.FromSeconds(10)));
        Assert.Null(set.Refusing("n", "c", "s", TimeSpan.FromDays(-1)));
        Assert.Equal("event_names", set.Refusing("x", "x", "x", TimeSpan.MaxValue));
        Assert.Equal("external_customer_ids", set.Refusing("n", "C", "x", TimeSpan.MaxValue));
        Assert.Equal("sources", set.Refusing("n", "c", null, TimeSpan.MaxValue));
        Assert.Equal("max_event_age_seconds", set.Refusing("n", "c", "s", TimeSpan.FromSeconds(10) + TimeSpan.FromMicroseconds(1)));
    }

    [Theory]
    [InlineData("""{"event_names":["*"]}""", "event_names[0]", "must not be * alone")]
    [InlineData("""{"event_names":["a*b"]}""", "event_names[0]", "one * at its end")]
    [InlineData("""{"event_names":["a**"]}""", "event_names[0]", "one * at its end")]
    [InlineData("""{"event_names":["a",""]}""", "event_names[1]", "must not be empty")]
    [InlineData("""{"event_names":["a","a"]}""", "event_names[1]", "is there twice")]
    [InlineData("""{"event_names":[" a"]}""", "event_names[0]", "white space")]
    [InlineData("""{"external_customer_ids":["*c"]}""", "external_customer_ids[0]", "one * at its end")]
    [InlineData("""{"sources":["web*"]}""", "sources[0]", "have no prefixes")]
    [InlineData("""{"allowed_cidrs":["10.0.0.1/8"]}""", "allowed_cidrs[0]", "the network is 10.0.0.0/8")]
    [InlineData("""{"allowed_cidrs":["10.0.0.1","10.0.0.1/32"]}""", "allowed_cidrs[1]", "is there twice")]
    public void What_can_not_be_meant_is_refused_by_name(string json, string field, string text)
    {
        var errors = new FieldErrors();

        Assert.Null(ConstraintSet.From(JsonSerializer.Deserialize<KeyConstraints>(json, WireJson.Options), "constraints", errors));

        Assert.Contains($"constraints.{field}: ", errors.ToProblem()!.Message, StringComparison.Ordinal);
        Assert.Contains(text, errors.ToProblem()!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_text_of_more_than_255_characters_is_refused()
    {
        var errors = new FieldErrors();

        ConstraintSet.From(new KeyConstraints { Sources = [new string('s', 255), new string('s', 256)] }, "constraints", errors);

        Assert.Equal("constraints.sources[1]: must have at most 255 characters.", errors.ToProblem()!.Message);
    }

    [Fact]
    public void Nothing_at_all_is_no_constraint()
    {
        var errors = new FieldErrors();

        Assert.Null(ConstraintSet.From(new KeyConstraints(), "constraints", errors));
        Assert.False(errors.Any);
        Assert.Null(ConstraintSet.FromJson(null));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"event_names":["*"]}""")]
    public void A_stored_key_does_not_lose_its_limits_in_silence(string json) =>
        Assert.Throws<FormatException>(() => ConstraintSet.FromJson(json));

    [Fact]
    public void What_is_stored_reads_back_as_the_same()
    {
        var set = Compiled(new KeyConstraints { EventNames = ["a*", "é\""], AllowedCidrs = ["192.0.2.7", "2001:DB8::/32", "::ffff:10.0.0.0/104"], RateLimitPerMinute = 5 });

        Assert.Equal(set.Json, ConstraintSet.FromJson(set.Json)!.Json);
        Assert.Equal(["192.0.2.7/32", "2001:db8::/32", "10.0.0.0/8"], set.Wire.AllowedCidrs);
    }

    [Fact]
    public void Without_networks_a_key_may_come_from_anywhere_and_with_some_never_from_nowhere()
    {
        Assert.True(Compiled(new KeyConstraints { RateLimitPerMinute = 1 }).AllowsAddress(null));
        Assert.False(Compiled(new KeyConstraints { AllowedCidrs = ["0.0.0.0/0", "::/0"] }).AllowsAddress(null));
        Assert.True(Compiled(new KeyConstraints { AllowedCidrs = ["0.0.0.0/0", "::/0"] }).AllowsAddress(IPAddress.IPv6Loopback));
    }

    [Fact]
    public void Only_data_closes_routes_and_only_those_whose_data_is_not_bounded()
    {
        var byCustomer = Compiled(new KeyConstraints { ExternalCustomerIds = ["c"], AllowedCidrs = ["10.0.0.0/8"] });
        var byNetwork = Compiled(new KeyConstraints { AllowedCidrs = ["10.0.0.0/8"], RateLimitPerMinute = 1 });
        var open = new[]
        {
            RouteRule.Requires("event:read"), RouteRule.Requires("event:write"), RouteRule.Requires("customer:read"), RouteRule.Requires("customer:write"),
            RouteRule.AnyPrincipal("own"), RouteRule.Requires("secret:write").ForConstrainedKeys(),
        };
        var closed = Permissions.All.Where(permission => !permission.StartsWith("event:", StringComparison.Ordinal) && !permission.StartsWith("customer:", StringComparison.Ordinal))
            .Select(RouteRule.Requires)
            .Append(RouteRule.Administrator("event:write"))
            .Append(RouteRule.KeyItselfOr("secret:write"))
            .Append(RouteRule.AnyPrincipal("its account's").NotForConstrainedKeys())
            .ToList();

        Assert.All(open, rule => Assert.Null(byCustomer.RefusingRoute(rule)));
        Assert.NotEmpty(closed);
        Assert.All(closed, rule => Assert.Equal("external_customer_ids", byCustomer.RefusingRoute(rule)));
        Assert.All(closed, rule => Assert.Null(byNetwork.RefusingRoute(rule)));
    }

    private static ConstraintSet Compiled(KeyConstraints wire)
    {
        var errors = new FieldErrors();
        var set = ConstraintSet.From(wire, "constraints", errors);
        Assert.False(errors.Any, errors.ToProblem()?.Message);
        return set!;
    }

    private static bool Matches(string[] patterns, string text) => patterns.Any(pattern =>
        pattern[^1] == '*' ? text.Length >= pattern.Length - 1 && text[..(pattern.Length - 1)] == pattern[..^1] : text == pattern);
}
