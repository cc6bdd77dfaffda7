using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Tollgate.Server.Access;

/// <summary>
/// Every key in one open-addressing table, flat and without an object per key (decision 7): millions of keys cost the garbage
/// collector nothing, and a key that is not in it does not exist. Any number of readers without a lock; one writer at a time, which
/// the lock of <see cref="ControlChanges"/> sees to.
/// </summary>
internal sealed class KeyDirectory
{
    private const int SmallestCapacity = 1024;

    private volatile Table _table = new(SmallestCapacity);

    /// <summary>The key with this SHA-256, whatever its state. State and expiry are for the caller to judge.</summary>
    public bool TryFind(ReadOnlySpan<byte> digest, out KeyEntry found)
    {
        var table = _table;
        var wanted = new KeyDigest(digest);
        for (var slot = table.FirstSlot(wanted); ; slot = (slot + 1) & table.Mask)
        {
            // The index is published after the entry, and an entry's digest never changes, so what is read here is whole.
            var index = Volatile.Read(ref table.Slots[slot]);
            if (index == 0)
            {
                found = default;
                return false;
            }

            ref var entry = ref table.Entries[index - 1];
            if (entry.Digest == wanted)
            {
                found = entry;
                return true;
            }
        }
    }

    /// <summary>Adds a key. None is ever taken out: tries with revoked ones are counted.</summary>
    public void Add(ReadOnlySpan<byte> digest, KeyEntry entry)
    {
        var table = _table;
        if (table.Used == table.Entries.Length)
        {
            table = table.Regrow(table.Used * 2);
        }

        entry.Digest = new KeyDigest(digest);
        table.Put(entry);
        _table = table;
    }

    /// <summary>Changes what may change of a key; when this returns every later look-up finds it changed.</summary>
    public void Set(ReadOnlySpan<byte> digest, KeyState state, long expiresAt)
    {
        var table = _table;
        var wanted = new KeyDigest(digest);
        for (var slot = table.FirstSlot(wanted); table.Slots[slot] != 0; slot = (slot + 1) & table.Mask)
        {
            ref var entry = ref table.Entries[table.Slots[slot] - 1];
            if (entry.Digest == wanted)
            {
                Volatile.Write(ref entry.ExpiresAt, expiresAt);
                Volatile.Write(ref Unsafe.As<KeyState, int>(ref entry.State), (int)state);
                return;
            }
        }
    }

    private sealed class Table(int capacity)
    {
        public readonly KeyEntry[] Entries = new KeyEntry[capacity];

        // Half full at the most, so that probes stay short. 0 is free, n stands for entry n - 1.
        public readonly int[] Slots = new int[(int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)capacity * 2)];

        public int Used { get; private set; }

        public int Mask => Slots.Length - 1;

        public int FirstSlot(in KeyDigest digest) => (int)digest.First & Mask;

        public void Put(in KeyEntry entry)
        {
            Entries[Used++] = entry;
            var slot = FirstSlot(entry.Digest);
            while (Slots[slot] != 0)
            {
                slot = (slot + 1) & Mask;
            }

            Volatile.Write(ref Slots[slot], Used);
        }

        /// <summary>A larger copy. Readers keep to the old one until it is swapped in.</summary>
        public Table Regrow(int capacity)
        {
            var larger = new Table(capacity);
            foreach (ref readonly var entry in Entries.AsSpan(0, Used))
            {
                larger.Put(entry);
            }

            return larger;
        }
    }
}

/// <summary>A SHA-256 that compares in four steps. Equality of digests of 256-bit secrets tells an attacker nothing by its time.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct KeyDigest(ulong First, ulong Second, ulong Third, ulong Fourth)
{
    public KeyDigest(ReadOnlySpan<byte> digest)
        : this(Part(digest, 0), Part(digest, 1), Part(digest, 2), Part(digest, 3))
    {
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong Part(ReadOnlySpan<byte> digest, int index) =>
        System.Buffers.Binary.BinaryPrimitives.ReadUInt64LittleEndian(digest[(index * 8)..]);
}

/// <summary>What the directory knows of a key. Numbers, so that the garbage collector never looks inside.</summary>
internal struct KeyEntry
{
    public KeyDigest Digest;

    /// <summary>The number behind the key's id.</summary>
    public UInt128 Key;

    /// <summary>The account's place in the <see cref="AccessDirectory"/>.</summary>
    public int Account;

    /// <summary>The environment's place in the <see cref="AccessDirectory"/>.</summary>
    public int Environment;

    /// <summary>The ceiling: what the account held when the key was made (decision 5).</summary>
    public PermissionSet Snapshot;

    /// <summary>The constraints' place in the <see cref="AccessDirectory"/>; 0 is none.</summary>
    public int Constraints;

    /// <summary>In microseconds since 1970; <see cref="long.MaxValue"/> is never.</summary>
    public long ExpiresAt;

    public KeyState State;
}

/// <summary>What a key is good for at this moment, apart from its expiry and its account.</summary>
internal enum KeyState
{
    Live,

    /// <summary>Rests until it is enabled again.</summary>
    Disabled,

    /// <summary>Works never again.</summary>
    Revoked,

    /// <summary>A trap: works for nothing, and whoever tries it is reported.</summary>
    Honeytoken,
}
