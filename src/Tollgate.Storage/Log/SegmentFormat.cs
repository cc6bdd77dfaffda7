using System.Buffers.Binary;
using System.Globalization;
using System.Text.RegularExpressions;

namespace Tollgate.Storage.Log;

/// <summary>
/// The first bytes of a segment. They say where the segment before it ends, so that what a failed group left behind that end never
/// counts, and a segment that is missing, foreign or cut is noticed from its neighbour.
/// </summary>
/// <param name="FirstSequence">The number of the segment's first event, as in its name.</param>
/// <param name="Id">Random; every frame's checksum is salted with it.</param>
/// <param name="PreviousFirst">The first sequence of the segment before; 0 in the first segment.</param>
/// <param name="PreviousId">The id of the segment before; 0 in the first segment.</param>
/// <param name="PreviousEnd">How many bytes of the segment before count; 0 in the first segment.</param>
internal readonly record struct SegmentHeader(long FirstSequence, ulong Id, long PreviousFirst, ulong PreviousId, long PreviousEnd)
{
    public const int Bytes = 56;

    private const ulong Magic = 0x3147_4F4C_4554_4147; // "GATELOG1" as it lies in the file.

    public void Write(Span<byte> destination)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(destination, Magic);
        BinaryPrimitives.WriteInt64LittleEndian(destination[8..], FirstSequence);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[16..], Id);
        BinaryPrimitives.WriteInt64LittleEndian(destination[24..], PreviousFirst);
        BinaryPrimitives.WriteUInt64LittleEndian(destination[32..], PreviousId);
        BinaryPrimitives.WriteInt64LittleEndian(destination[40..], PreviousEnd);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[48..], 0);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[52..], Crc32C.Of(destination[..52]));
    }

    public static bool TryRead(ReadOnlySpan<byte> source, out SegmentHeader header)
    {
        header = default;
        if (source.Length < Bytes
            || BinaryPrimitives.ReadUInt64LittleEndian(source) != Magic
            || BinaryPrimitives.ReadUInt32LittleEndian(source[52..]) != Crc32C.Of(source[..52]))
        {
            return false;
        }

        header = new SegmentHeader(
            BinaryPrimitives.ReadInt64LittleEndian(source[8..]),
            BinaryPrimitives.ReadUInt64LittleEndian(source[16..]),
            BinaryPrimitives.ReadInt64LittleEndian(source[24..]),
            BinaryPrimitives.ReadUInt64LittleEndian(source[32..]),
            BinaryPrimitives.ReadInt64LittleEndian(source[40..]));
        return true;
    }
}

/// <summary>What stands before each batch in a segment.</summary>
/// <param name="PayloadBytes">The length of the batch's bytes that follow.</param>
/// <param name="FirstSequence">The number of the batch's first event.</param>
/// <param name="DurableBefore">
/// The last event that was durable when this frame was written. A frame that is found behind a broken one proves by it whether the
/// broken one was acknowledged.
/// </param>
/// <param name="Events">How many events the batch holds.</param>
/// <param name="PayloadCrc">The checksum of the batch's bytes.</param>
internal readonly record struct FrameHeader(int PayloadBytes, long FirstSequence, long DurableBefore, int Events, uint PayloadCrc)
{
    public const int Bytes = 36;

    /// <summary>Above any batch that the server takes; a length beyond it is damage, not a reason to reserve memory.</summary>
    public const int MaxPayloadBytes = 32 * 1024 * 1024;

    private const uint Magic = 0xF4A3_E5B1;

    /// <summary>The magic number as it lies in the file.</summary>
    public static ReadOnlySpan<byte> Mark => [0xB1, 0xE5, 0xA3, 0xF4];

    public long LastSequence => FirstSequence + Events - 1;

    public void Write(Span<byte> destination, ulong segmentId)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(destination, Magic);
        BinaryPrimitives.WriteInt32LittleEndian(destination[4..], PayloadBytes);
        BinaryPrimitives.WriteInt64LittleEndian(destination[8..], FirstSequence);
        BinaryPrimitives.WriteInt64LittleEndian(destination[16..], DurableBefore);
        BinaryPrimitives.WriteInt32LittleEndian(destination[24..], Events);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[28..], PayloadCrc);
        BinaryPrimitives.WriteUInt32LittleEndian(destination[32..], Crc32C.Of(destination[..32], segmentId));
    }

    public static bool TryRead(ReadOnlySpan<byte> source, ulong segmentId, out FrameHeader header)
    {
        header = default;
        if (source.Length < Bytes
            || BinaryPrimitives.ReadUInt32LittleEndian(source) != Magic
            || BinaryPrimitives.ReadUInt32LittleEndian(source[32..]) != Crc32C.Of(source[..32], segmentId))
        {
            return false;
        }

        header = new FrameHeader(
            BinaryPrimitives.ReadInt32LittleEndian(source[4..]),
            BinaryPrimitives.ReadInt64LittleEndian(source[8..]),
            BinaryPrimitives.ReadInt64LittleEndian(source[16..]),
            BinaryPrimitives.ReadInt32LittleEndian(source[24..]),
            BinaryPrimitives.ReadUInt32LittleEndian(source[28..]));
        return header.PayloadBytes is > 0 and <= MaxPayloadBytes && header.Events > 0 && header.FirstSequence > 0;
    }
}

/// <summary>How the files of the log are called.</summary>
internal static partial class SegmentName
{
    public const string Folder = "log";

    /// <summary>The file that keeps a second log off the folder.</summary>
    public const string Lock = "lock";

    public const string TemporarySuffix = ".tmp";

    public static string Plain(long firstSequence) => firstSequence.ToString("D20", CultureInfo.InvariantCulture) + ".log";

    public static string Compressed(long firstSequence) => Plain(firstSequence) + ".zst";

    /// <summary>The name as an operator sees it from the storage folder.</summary>
    public static string Relative(string fileName) => Folder + "/" + fileName;

    public static bool TryParse(string fileName, out long firstSequence, out bool compressed)
    {
        var match = Pattern().Match(fileName);
        compressed = match.Groups["zst"].Success;
        firstSequence = 0;
        return match.Success
            && long.TryParse(match.Groups["first"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out firstSequence)
            && firstSequence > 0;
    }

    [GeneratedRegex(@"\A(?<first>[0-9]{20})\.log(?<zst>\.zst)?\z", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant)]
    private static partial Regex Pattern();
}
