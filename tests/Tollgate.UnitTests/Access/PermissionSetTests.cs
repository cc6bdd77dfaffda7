using CsCheck;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Xunit;

namespace Tollgate.UnitTests.Access;

/// <summary>The bits behave as sets of names do, and grants mean what they say.</summary>
public sealed class PermissionSetTests
{
    private static readonly string[] Entities =
    [
        "user", "role", "secret", "tenant", "environment", "audit", "event", "meter", "customer", "invoice", "wallet", "setting",
    ];

    private static readonly string[] Names = [.. Entities.SelectMany(entity => new[] { $"{entity}:read", $"{entity}:write" })];

    private static readonly Gen<string[]> Subset = Gen.Bool.Array[Names.Length]
        .Select(chosen => Names.Where((_, index) => chosen[index]).ToArray());

    private static readonly Gen<string> Grant = Gen.Select(
        Gen.OneOf<string>([.. Entities, "*"]), Gen.OneOf("read", "write", "*"), (entity, action) => $"{entity}:{action}");

    [Fact]
    public void The_permissions_are_those_of_the_contract() => Assert.Equal(Names, Permissions.All);

    [Fact]
    public void Names_come_back_as_they_went_in() =>
        Subset.Sample(names => Assert.Equal(names, PermissionSet.OfGrants(names).Names));

    [Fact]
    public void Sets_are_joined_cut_and_compared_as_sets_of_names() =>
        Gen.Select(Subset, Subset).Sample((left, right) =>
        {
            var (a, b) = (PermissionSet.OfGrants(left), PermissionSet.OfGrants(right));
            Assert.Equal(Ordered(left.Union(right)), (a | b).Names);
            Assert.Equal(Ordered(left.Intersect(right)), (a & b).Names);
            Assert.Equal(Ordered(left.Except(right)), a.Except(b).Names);
            Assert.Equal(right.All(left.Contains), a.Covers(b));
            Assert.Equal(left.Length == 0, a.IsEmpty);
        });

    [Fact]
    public void A_grant_with_wildcards_grants_every_name_it_matches_and_no_other() =>
        Grant.Array[1, 6].Sample(grants =>
            Assert.Equal(
                Names.Where(name => grants.Any(grant => Matches(grant, name))),
                PermissionSet.OfGrants(grants).Names));

    [Theory]
    [InlineData("")]
    [InlineData("*")]
    [InlineData("event")]
    [InlineData("event:")]
    [InlineData(":read")]
    [InlineData("event:read:all")]
    [InlineData("event:delete")]
    [InlineData("Event:read")]
    [InlineData("event:READ")]
    [InlineData("event: read")]
    [InlineData("ev*:read")]
    [InlineData("**:read")]
    [InlineData("administrator")]
    public void A_text_that_names_no_permission_grants_nothing(string grant)
    {
        Assert.Null(PermissionSet.OfGrant(grant));
        Assert.Throws<FormatException>(() => PermissionSet.OfGrants([grant]));
    }

    [Fact]
    public void No_grant_makes_an_administrator() =>
        Grant.Array[1, 6].Sample(grants =>
        {
            Assert.False(PermissionSet.OfGrants(grants).IsAdministrator);
            Assert.False(PermissionSet.OfGrants(grants).Covers(PermissionSet.Administrator));
        });

    [Fact]
    public void Being_an_administrator_is_cut_like_a_permission()
    {
        var administrator = PermissionSet.AllNamed | PermissionSet.Administrator;

        Assert.False((administrator & PermissionSet.AllNamed).IsAdministrator);
        Assert.True((administrator & administrator).IsAdministrator);
        Assert.Equal(Names, administrator.Names);
    }

    private static IEnumerable<string> Ordered(IEnumerable<string> names)
    {
        var set = names.ToHashSet();
        return Names.Where(set.Contains);
    }

    // The oracle: text against text, part by part.
    private static bool Matches(string grant, string name)
    {
        var (wanted, has) = (grant.Split(':'), name.Split(':'));
        return (wanted[0] == "*" || wanted[0] == has[0]) && (wanted[1] == "*" || wanted[1] == has[1]);
    }
}
