using System.Numerics;
using System.Runtime.InteropServices;

namespace Tollgate.Storage.Log;

/// <summary>The checksum of everything the log and the id index store: CRC-32C, one processor instruction per eight bytes.</summary>
internal static class Crc32C
{
    public static uint Of(ReadOnlySpan<byte> bytes) => ~Continue(uint.MaxValue, bytes);

    /// <summary>The checksum of the bytes as they stand in the file named by <paramref name="salt"/>; in another file it does not fit.</summary>
    public static uint Of(ReadOnlySpan<byte> bytes, ulong salt) => ~Continue(BitOperations.Crc32C(uint.MaxValue, salt), bytes);

    private static uint Continue(uint crc, ReadOnlySpan<byte> bytes)
    {
        var words = MemoryMarshal.Cast<byte, ulong>(bytes);
        foreach (var word in words)
        {
            crc = BitOperations.Crc32C(crc, word);
        }

        foreach (var single in bytes[(words.Length * sizeof(ulong))..])
        {
            crc = BitOperations.Crc32C(crc, single);
        }

        return crc;
    }
}
