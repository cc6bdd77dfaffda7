using System.Buffers;
using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;
using ZstdSharp;

namespace Tollgate.Storage.Log;

/// <summary>A piece of a compressed segment: whole frames that are compressed together.</summary>
/// <param name="FirstSequence">The first event in it.</param>
/// <param name="Offset">Where its compressed bytes begin.</param>
/// <param name="Bytes">How many bytes it has uncompressed.</param>
/// <param name="CompressedBytes">How many it has in the file.</param>
/// <param name="Crc">The checksum of the compressed bytes.</param>
internal readonly record struct CompressedBlock(long FirstSequence, long Offset, int Bytes, int CompressedBytes, uint Crc);

/// <summary>
/// A sealed segment as zstd frames, with our header before and the list of blocks behind them in frames that zstd passes over. So the
/// tool <c>zstd -d</c> gives back the segment, byte for byte, when ours is not at hand.
/// </summary>
internal sealed class CompressedSegment
{
    /// <summary>Where the first block begins.</summary>
    public const int HeadBytes = SkippableBytes + SegmentHeader.Bytes;

    private const int SkippableBytes = 8;
    private const uint SkippableMagic = 0x184D_2A50;
    private const int EntryBytes = 32;
    private const int TrailerBytes = 32;

    private CompressedSegment(SegmentHeader header, long end, long lastSequence, CompressedBlock[] blocks)
    {
        Header = header;
        End = end;
        LastSequence = lastSequence;
        Blocks = blocks;
    }

    public SegmentHeader Header { get; }

    /// <summary>The length of the segment uncompressed.</summary>
    public long End { get; }

    public long LastSequence { get; }

    public IReadOnlyList<CompressedBlock> Blocks { get; }

    public static byte[] Head(SegmentHeader header)
    {
        var head = new byte[HeadBytes];
        BinaryPrimitives.WriteUInt32LittleEndian(head, SkippableMagic);
        BinaryPrimitives.WriteInt32LittleEndian(head.AsSpan(4), SegmentHeader.Bytes);
        header.Write(head.AsSpan(SkippableBytes));
        return head;
    }

    public static byte[] Foot(Segment segment, List<CompressedBlock> blocks)
    {
        var foot = new byte[SkippableBytes + (blocks.Count * EntryBytes) + TrailerBytes];
        BinaryPrimitives.WriteUInt32LittleEndian(foot, SkippableMagic);
        BinaryPrimitives.WriteInt32LittleEndian(foot.AsSpan(4), foot.Length - SkippableBytes);
        var rest = foot.AsSpan(SkippableBytes);
        foreach (var block in blocks)
        {
            BinaryPrimitives.WriteInt64LittleEndian(rest, block.FirstSequence);
            BinaryPrimitives.WriteInt64LittleEndian(rest[8..], block.Offset);
            BinaryPrimitives.WriteInt32LittleEndian(rest[16..], block.Bytes);
            BinaryPrimitives.WriteInt32LittleEndian(rest[20..], block.CompressedBytes);
            BinaryPrimitives.WriteUInt32LittleEndian(rest[24..], block.Crc);
            rest = rest[EntryBytes..];
        }

        BinaryPrimitives.WriteInt64LittleEndian(rest, segment.End);
        BinaryPrimitives.WriteInt64LittleEndian(rest[8..], segment.LastSequence);
        BinaryPrimitives.WriteInt32LittleEndian(rest[16..], blocks.Count);
        var covered = foot.AsSpan(0, foot.Length - sizeof(uint));
        BinaryPrimitives.WriteUInt32LittleEndian(rest[28..], Crc32C.Of(covered, segment.Header.Id));
        return foot;
    }

    /// <summary>Checks everything about the file but the blocks' content. Answers null when something does not fit.</summary>
    public static async Task<CompressedSegment?> TryReadAsync(SafeFileHandle file, CancellationToken cancellationToken)
    {
        var length = RandomAccess.GetLength(file);
        var head = await ReadAsync(file, 0, HeadBytes, cancellationToken);
        var trailer = await ReadAsync(file, length - TrailerBytes, TrailerBytes, cancellationToken);
        if (head is null || trailer is null
            || BinaryPrimitives.ReadUInt32LittleEndian(head) != SkippableMagic
            || BinaryPrimitives.ReadInt32LittleEndian(head.AsSpan(4)) != SegmentHeader.Bytes
            || !SegmentHeader.TryRead(head.AsSpan(SkippableBytes), out var header))
        {
            return null;
        }

        var count = BinaryPrimitives.ReadInt32LittleEndian(trailer.AsSpan(16));
        if (count < 1 || count > (length - HeadBytes - TrailerBytes) / EntryBytes)
        {
            return null;
        }

        var footBytes = SkippableBytes + (count * EntryBytes) + TrailerBytes;
        var foot = await ReadAsync(file, length - footBytes, footBytes, cancellationToken);
        if (foot is null
            || BinaryPrimitives.ReadUInt32LittleEndian(foot) != SkippableMagic
            || BinaryPrimitives.ReadInt32LittleEndian(foot.AsSpan(4)) != footBytes - SkippableBytes
            || BinaryPrimitives.ReadUInt32LittleEndian(foot.AsSpan(footBytes - sizeof(uint)))
                != Crc32C.Of(foot.AsSpan(0, footBytes - sizeof(uint)), header.Id))
        {
            return null;
        }

        return FromFoot(header, foot, count, length - footBytes);
    }

    private static CompressedSegment? FromFoot(SegmentHeader header, byte[] foot, int count, long footOffset)
    {
        var blocks = new CompressedBlock[count];
        var rest = foot.AsSpan(SkippableBytes);
        long offset = HeadBytes;
        long bytes = 0;
        for (var i = 0; i < count; i++, rest = rest[EntryBytes..])
        {
            var block = new CompressedBlock(
                BinaryPrimitives.ReadInt64LittleEndian(rest),
                BinaryPrimitives.ReadInt64LittleEndian(rest[8..]),
                BinaryPrimitives.ReadInt32LittleEndian(rest[16..]),
                BinaryPrimitives.ReadInt32LittleEndian(rest[20..]),
                BinaryPrimitives.ReadUInt32LittleEndian(rest[24..]));
            var followsOn = i == 0 ? block.FirstSequence == header.FirstSequence : block.FirstSequence > blocks[i - 1].FirstSequence;
            if (!followsOn || block.Offset != offset || block.Bytes <= 0 || block.CompressedBytes <= 0)
            {
                return null;
            }

            blocks[i] = block;
            offset += block.CompressedBytes;
            bytes += block.Bytes;
        }

        var end = BinaryPrimitives.ReadInt64LittleEndian(rest);
        var lastSequence = BinaryPrimitives.ReadInt64LittleEndian(rest[8..]);
        return offset == footOffset && bytes == end && lastSequence >= blocks[^1].FirstSequence
            ? new CompressedSegment(header, end, lastSequence, blocks)
            : null;
    }

    private static async Task<byte[]?> ReadAsync(SafeFileHandle file, long offset, int count, CancellationToken cancellationToken)
    {
        if (offset < 0)
        {
            return null;
        }

        var bytes = new byte[count];
        for (var read = 0; read < count;)
        {
            var got = await RandomAccess.ReadAsync(file, bytes.AsMemory(read), offset + read, cancellationToken);
            if (got == 0)
            {
                return null;
            }

            read += got;
        }

        return bytes;
    }
}

/// <summary>The bytes of a compressed segment, block by block from a given one. The file is the one the list of blocks was read from.</summary>
internal sealed class CompressedSegmentBytes(SafeFileHandle file, CompressedSegment segment, int block) : SegmentBytes
{
    private readonly Decompressor _decompressor = new();
    private int _block = block;

    public override int Upcoming => _block < segment.Blocks.Count ? segment.Blocks[_block].Bytes : 0;

    public override async ValueTask<string?> ReadAsync(Memory<byte> destination, CancellationToken cancellationToken)
    {
        var block = segment.Blocks[_block];
        var compressed = ArrayPool<byte>.Shared.Rent(block.CompressedBytes);
        try
        {
            var finding = await ReadWholeAsync(file, compressed.AsMemory(0, block.CompressedBytes), block.Offset, cancellationToken);
            if (finding is not null)
            {
                return finding;
            }

            var content = compressed.AsSpan(0, block.CompressedBytes);
            if (Crc32C.Of(content) != block.Crc
                || !_decompressor.TryUnwrap(content, destination.Span, out var written)
                || written != block.Bytes)
            {
                return "a compressed block is not what was written";
            }

            _block++;
            return null;
        }
        catch (ZstdException exception)
        {
            return $"a compressed block can't be decompressed: {exception.Message}";
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(compressed);
        }
    }

    public override void Dispose()
    {
        _decompressor.Dispose();
        file.Dispose();
    }
}
