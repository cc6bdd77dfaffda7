using System.Runtime.InteropServices;

namespace Tollgate.Storage.Log;

/// <summary>
/// A blocked Bloom filter: says for certain that an id is not in a run, and is wrong about one new id in some two hundred. Each id
/// sets eight bits in one cache line, so a question costs one access to memory.
/// </summary>
internal sealed class IdFilter
{
    public const int BlockBytes = 64;

    private const int WordsPerBlock = BlockBytes / sizeof(ulong);
    private const int BitsPerId = 12;

    // On the pinned heap, which aligns less than a cache line: the blocks begin at the first whole line.
    private readonly ulong[] _words;
    private readonly int _offset;
    private readonly long _blocks;

    private IdFilter(long blocks)
    {
        _blocks = blocks;
        _words = GC.AllocateArray<ulong>((int)((blocks + 1) * WordsPerBlock), pinned: true);
        var misaligned = (int)(Marshal.UnsafeAddrOfPinnedArrayElement(_words, 0) % BlockBytes);
        _offset = misaligned == 0 ? 0 : (BlockBytes - misaligned) / sizeof(ulong);
    }

    /// <summary>The filter as it is stored.</summary>
    public Span<byte> Bytes => MemoryMarshal.AsBytes(_words.AsSpan(_offset, (int)(_blocks * WordsPerBlock)));

    public static long BlocksFor(long ids) => Math.Max(1, ((ids * BitsPerId) + (BlockBytes * 8) - 1) / (BlockBytes * 8));

    public static IdFilter WithBlocks(long blocks) => new(blocks);

    public void Add(UInt128 key)
    {
        var block = Block(key);
        var bits = (ulong)key;
        for (var i = 0; i < block.Length; i++, bits >>= 6)
        {
            block[i] |= 1UL << (int)(bits & 63);
        }
    }

    public bool MayHold(UInt128 key)
    {
        var block = Block(key);
        var bits = (ulong)key;
        var missing = 0UL;
        for (var i = 0; i < block.Length; i++, bits >>= 6)
        {
            missing |= ~block[i] & (1UL << (int)(bits & 63));
        }

        return missing == 0;
    }

    // The upper half chooses the block, the lower half the bits in it. Sorted ids fill the blocks one after the other.
    private Span<ulong> Block(UInt128 key)
    {
        var block = (int)Math.BigMul((ulong)(key >> 64), (ulong)_blocks, out _);
        return _words.AsSpan(_offset + (block * WordsPerBlock), WordsPerBlock);
    }
}
