using System.Numerics;
using CsCheck;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Xunit;

namespace Tollgate.UnitTests.Access;

/// <summary>The smallest set of roles, against a search through all sets there are.</summary>
public sealed class RoleCoverTests
{
    // Few permissions, so that roles overlap, beat and miss each other in every way.
    private static readonly Gen<ulong> Set = Gen.Int[0, 127].Select(bits => (ulong)bits);

    [Fact]
    public void The_cover_has_the_fewest_excess_permissions_and_then_the_fewest_roles() =>
        Gen.Select(Set.Array[0, 9], Gen.Int[0, 9], Set).Sample(
            (sets, standsAlone, needed) =>
            {
                var choices = sets.Select((bits, index) => new RoleChoice($"role_{index}", new PermissionSet(bits), index == standsAlone)).ToList();

                var found = RoleCover.Find(choices, new PermissionSet(needed));

                var best = Brute(choices, needed);
                Assert.Equal(best is null, found is null);
                if (found is not null)
                {
                    var granted = choices.Where(choice => found.Roles.Contains(choice.Id)).Aggregate(PermissionSet.Empty, (all, choice) => all | choice.Permissions);
                    Assert.Equal(granted, found.Permissions);
                    Assert.Equal(0UL, needed & ~granted.Bits);
                    Assert.Equal(best, (BitOperations.PopCount(granted.Bits & ~needed), found.Roles.Count));
                    Assert.True(found.Smallest);
                    Assert.True(found.Roles.Count == 1 || !choices.Any(choice => choice.StandsAlone && found.Roles.Contains(choice.Id)));
                }
            },
            iter: 5000);

    [Fact]
    public void Advice_covers_what_was_used_and_never_grants_what_is_not_held() =>
        Gen.Select(Gen.Int[1, (1 << 24) - 1].Array[1, 8], Gen.Int[0, 255], Gen.Int[0, (1 << 24) - 1], Gen.Bool).Sample(
            (grants, holds, usedBits, isPerson) =>
            {
                var type = isPerson ? AccountTypes.User : AccountTypes.ServiceAccount;
                Role[] roles =
                [
                    .. Role.BuiltInOnes,
                    .. grants.Select((bits, index) => new Role(
                        $"role_{index}", "", "", new PermissionSet((ulong)bits).Names, index % 3 == 0 ? [AccountTypes.User] : AccountTypes.All, BuiltIn: false)),
                ];
                var held = AccessDirectory.Compile(roles, type, roles.Where((_, index) => index >= 5 && (holds >> (index - 5) & 1) != 0).Select(role => role.Id));
                var used = new PermissionSet((ulong)usedBits);

                var advice = PrivilegeAdvice.For(roles, type, held, used);

                Assert.Equal((used & held) == held || held.IsEmpty, advice is null);
                if (advice is not null)
                {
                    Assert.Equal(used & held, advice.Used);
                    Assert.Equal(advice.Used.IsEmpty, advice.Finding == PrivilegeFinding.NoUse);
                }

                if (advice?.Cover is { } cover)
                {
                    Assert.True(cover.Permissions.Covers(used & held));
                    Assert.True(held.Covers(cover.Permissions));
                    Assert.True(cover.Permissions.Count < held.Count);
                    Assert.All(cover.Roles, id => Assert.Contains(type, roles.Single(role => role.Id == id).AssignableTo));
                    Assert.Equal(cover.Permissions, AccessDirectory.Compile(roles, type, cover.Roles));
                }
            },
            iter: 2000);

    [Fact]
    public void An_administrators_use_leaves_super_admin_as_it_is()
    {
        var everything = PermissionSet.AllNamed | PermissionSet.Administrator;
        Assert.Null(PrivilegeAdvice.For(Role.BuiltInOnes, AccountTypes.User, everything, PermissionSet.Of("user:write") | PermissionSet.Administrator));
        Assert.Equal(["all_reader"], PrivilegeAdvice.For(Role.BuiltInOnes, AccountTypes.User, everything, PermissionSet.Of("event:read"))?.Cover?.Roles);
        Assert.Equal(["all_writer"], PrivilegeAdvice.For(Role.BuiltInOnes, AccountTypes.User, everything, PermissionSet.Of("event:write"))?.Cover?.Roles);
    }

    [Fact]
    public void A_tenant_full_of_roles_is_searched_within_bounds()
    {
        // Every pair and every triple of 24 permissions, up to the limit of roles: far more than any search through all sets could try.
        var choices = new List<RoleChoice>();
        for (var first = 0; first < 24 && choices.Count < 1000; first++)
        {
            for (var second = first + 1; second < 24 && choices.Count < 1000; second++)
            {
                choices.Add(new RoleChoice($"{first} {second}", new PermissionSet(1UL << first | 1UL << second)));
                choices.Add(new RoleChoice($"{first} {second} +", new PermissionSet(1UL << first | 1UL << second | 1UL << ((first + second) % 24))));
            }
        }

        var found = RoleCover.Find(choices, PermissionSet.AllNamed);

        Assert.Equal(PermissionSet.AllNamed, found?.Permissions);
        Assert.InRange(found?.Roles.Count ?? 0, 8, 12);
    }

    private static (int Excess, int Roles)? Brute(List<RoleChoice> choices, ulong needed)
    {
        (int Excess, int Roles)? best = null;
        for (var chosen = 1; chosen < 1 << choices.Count; chosen++)
        {
            var roles = choices.Where((_, index) => (chosen >> index & 1) != 0).ToList();
            var granted = roles.Aggregate(0UL, (all, role) => all | role.Permissions.Bits);
            var candidate = (BitOperations.PopCount(granted & ~needed), roles.Count);
            if ((needed & ~granted) == 0 && (roles.Count == 1 || !roles.Exists(role => role.StandsAlone)) && (best is null || candidate.CompareTo(best.Value) < 0))
            {
                best = candidate;
            }
        }

        return best;
    }
}
