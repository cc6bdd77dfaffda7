using System.Collections.Frozen;
using Tollgate.Contracts;

namespace Tollgate.Server.Access;

/// <summary>A set of permissions as bits, one for each of <see cref="Permissions.All"/>, and one for being an administrator (decision 6).</summary>
internal readonly record struct PermissionSet(ulong Bits)
{
    private const ulong AdministratorBit = 1UL << 63;

    private static readonly FrozenDictionary<string, PermissionSet> ByName = Permissions.All
        .Select((name, index) => KeyValuePair.Create(name, new PermissionSet(1UL << index)))
        .ToFrozenDictionary(StringComparer.Ordinal);

    public static PermissionSet Empty { get; }

    /// <summary>Every permission that has a name; not being an administrator.</summary>
    public static PermissionSet AllNamed { get; } = new((1UL << Permissions.All.Count) - 1);

    /// <summary>
    /// What only a person who holds <c>super_admin</c> has. A bit like the others, so that a key's snapshot caps it too: a key made
    /// before its owner became an administrator never becomes an administrator's key.
    /// </summary>
    public static PermissionSet Administrator { get; } = new(AdministratorBit);

    public bool IsEmpty => Bits == 0;

    public bool IsAdministrator => (Bits & AdministratorBit) != 0;

    /// <summary>How many permissions are in it, being an administrator counted as one.</summary>
    public int Count => System.Numerics.BitOperations.PopCount(Bits);

    /// <summary>The names, in the order of <see cref="Permissions.All"/>.</summary>
    public IReadOnlyList<string> Names
    {
        get
        {
            var bits = Bits;
            return [.. Permissions.All.Where((_, index) => (bits & (1UL << index)) != 0)];
        }
    }

    /// <summary>The set with the one permission of this name.</summary>
    public static PermissionSet Of(string permission) => ByName[permission];

    /// <summary>The permissions that are granted, where each part of <c>entity:action</c> may be <c>*</c>.</summary>
    /// <exception cref="FormatException">A grant names nothing.</exception>
    public static PermissionSet OfGrants(IEnumerable<string> grants)
    {
        var all = Empty;
        foreach (var grant in grants)
        {
            all |= OfGrant(grant) ?? throw new FormatException($"'{grant}' is not a permission.");
        }

        return all;
    }

    /// <summary>What one grant grants; null when it names nothing.</summary>
    public static PermissionSet? OfGrant(string grant)
    {
        var parts = grant.Split(':');
        if (parts.Length != 2)
        {
            return null;
        }

        var granted = Empty;
        foreach (var (name, set) in ByName)
        {
            var colon = name.IndexOf(':', StringComparison.Ordinal);
            if (Matches(parts[0], name.AsSpan(0, colon)) && Matches(parts[1], name.AsSpan(colon + 1)))
            {
                granted |= set;
            }
        }

        return granted.IsEmpty ? null : granted;
    }

    /// <summary>Whether everything in the other set is in this one.</summary>
    public bool Covers(PermissionSet other) => (other.Bits & ~Bits) == 0;

    public PermissionSet Except(PermissionSet other) => new(Bits & ~other.Bits);

    public static PermissionSet operator |(PermissionSet left, PermissionSet right) => new(left.Bits | right.Bits);

    public static PermissionSet operator &(PermissionSet left, PermissionSet right) => new(left.Bits & right.Bits);

    private static bool Matches(string pattern, ReadOnlySpan<char> part) =>
        pattern == Permissions.Wildcard || part.SequenceEqual(pattern);
}
