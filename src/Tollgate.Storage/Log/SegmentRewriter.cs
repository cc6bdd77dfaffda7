using ZstdSharp;

namespace Tollgate.Storage.Log;

/// <summary>Changes a whole frame, head and batch, where it stands; it stays as long as it is. Answers nothing, throws nothing.</summary>
/// <param name="frame">The frame.</param>
/// <param name="header">Its head.</param>
internal delegate void FrameEdit(Span<byte> frame, FrameHeader header);

/// <summary>
/// Writes a segment that is never written again into another file, as it is or with its frames edited. A frame keeps its length, so the
/// segment ends where it ended, which its successor and the mark have written down.
/// </summary>
internal sealed class SegmentRewriter(string folder, LogDisk disk)
{
    // Large enough to compress well, small enough that a read from the middle costs little.
    private const int BlockBytes = 256 * 1024;

    // The level at which zstd still takes less time than the disk.
    private const int Level = 3;

    /// <summary>Opens the file of the segment that counts now.</summary>
    public async Task<SegmentReader> OpenAsync(Segment segment, CancellationToken cancellationToken)
    {
        var path = Path.Combine(folder, segment.FileName);
        if (!segment.Compressed)
        {
            return OpenPlain(path, segment, segment.End);
        }

        return await TryOpenAsync(path, segment, segment.FirstSequence, cancellationToken)
            ?? throw Damaged(segment, segment.FirstSequence, "the head or the list of blocks is not what was written");
    }

    /// <summary>Opens a compressed file of the segment; null when it is none. It is opened once: it may be replaced at any time.</summary>
    public static async Task<SegmentReader?> TryOpenAsync(string path, Segment segment, long sequence, CancellationToken cancellationToken)
    {
        // CA2000: it goes to the reader, or is disposed of below.
#pragma warning disable CA2000
        var file = SegmentBytes.OpenFile(path);
#pragma warning restore CA2000
        SegmentReader? reader = null;
        try
        {
            var content = await CompressedSegment.TryReadAsync(file, cancellationToken);
            if (content?.Header == segment.Header && content.End == segment.End && content.LastSequence == segment.LastSequence)
            {
                reader = new SegmentReader(file, content, sequence);
            }

            return reader;
        }
        finally
        {
            if (reader is null)
            {
                file.Dispose();
            }
        }
    }

    /// <summary>Writes the segment compressed and durable; answers the length of the file.</summary>
    public async Task<long> CompressAsync(Segment segment, string target, FrameEdit? edit, CancellationToken cancellationToken)
    {
        using var source = await OpenAsync(segment, cancellationToken);
        disk.Delete(target);
        using var file = disk.Create(target);
        using var compressor = new Compressor(Level);
        var blocks = new List<CompressedBlock>();
        var head = CompressedSegment.Head(segment.Header);
        disk.Write(file, target, head, 0);
        long written = head.Length;

        // The first block begins with the segment's own header, so that decompressing the file gives the segment.
        var block = new MemoryStream();
        block.Write(head.AsSpan(head.Length - SegmentHeader.Bytes));
        var first = segment.FirstSequence;
        await ForEachFrameAsync(
            segment,
            source,
            edit,
            frame =>
            {
                block.Write(frame);
                if (block.Length >= BlockBytes)
                {
                    WriteBlock();
                    first = source.Sequence;
                }
            },
            cancellationToken);
        if (block.Length > 0)
        {
            WriteBlock();
        }

        var foot = CompressedSegment.Foot(segment, blocks);
        disk.Write(file, target, foot, written);
        disk.Flush(file, target);
        return written + foot.Length;

        void WriteBlock()
        {
            var compressed = compressor.Wrap(block.GetBuffer().AsSpan(0, (int)block.Length));
            disk.Write(file, target, compressed, written);
            blocks.Add(new CompressedBlock(first, written, (int)block.Length, compressed.Length, Crc32C.Of(compressed)));
            written += compressed.Length;
            block.SetLength(0);
        }
    }

    /// <summary>Writes the segment uncompressed and durable.</summary>
    public async Task CopyAsync(Segment segment, string target, FrameEdit? edit, CancellationToken cancellationToken)
    {
        using var source = await OpenAsync(segment, cancellationToken);
        disk.Delete(target);
        using var file = disk.Create(target);
        var head = new byte[SegmentHeader.Bytes];
        segment.Header.Write(head);
        disk.Write(file, target, head, 0);
        long written = head.Length;
        await ForEachFrameAsync(
            segment,
            source,
            edit,
            frame =>
            {
                disk.Write(file, target, frame, written);
                written += frame.Length;
            },
            cancellationToken);
        disk.Flush(file, target);
    }

    /// <summary>Reads the written file from one end to the other; throws unless it holds what the segment holds.</summary>
    public static async Task VerifyAsync(Segment segment, string target, bool compressed, CancellationToken cancellationToken)
    {
        using var reader = compressed
            ? await TryOpenAsync(target, segment, segment.FirstSequence, cancellationToken)
            : OpenPlain(target, segment, new FileInfo(target).Length);
        if (reader is null)
        {
            throw new IOException("The written segment can't be read back.");
        }

        ReadStep step;
        do
        {
            step = await reader.NextAsync(cancellationToken);
        }
        while (step == ReadStep.Frame);

        if (step != ReadStep.End || reader.Offset != segment.End || reader.Sequence != segment.LastSequence + 1)
        {
            throw new IOException($"The written segment does not hold what the original holds: {reader.Finding}.");
        }
    }

    private static SegmentReader OpenPlain(string path, Segment segment, long end) => new(path, segment.Header, segment.Start, end);

    private static async Task ForEachFrameAsync(
        Segment segment, SegmentReader source, FrameEdit? edit, Action<ReadOnlySpan<byte>> write, CancellationToken cancellationToken)
    {
        ReadStep step;
        while ((step = await source.NextAsync(cancellationToken)) == ReadStep.Frame)
        {
            if (edit is null)
            {
                write(source.Frame.Span);
                continue;
            }

            var frame = source.Frame.ToArray();
            edit(frame, source.Header);
            write(frame);
        }

        if (step == ReadStep.Damage || source.Offset != segment.End)
        {
            throw Damaged(segment, source.Sequence, source.Finding.Length > 0 ? source.Finding : "the file ends too early");
        }
    }

    private static LogDamagedException Damaged(Segment segment, long firstLost, string finding) =>
        new(SegmentName.Relative(segment.FileName), firstLost, finding);
}
