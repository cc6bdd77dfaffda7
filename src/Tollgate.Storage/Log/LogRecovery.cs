using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;

namespace Tollgate.Storage.Log;

/// <summary>What is in the folder of the log, verified.</summary>
/// <param name="Segments">In order, without holes.</param>
/// <param name="LastFile">The last segment, open for writing; null when the next batch begins a new one.</param>
/// <param name="Mark">The high-water mark, equal to the last event.</param>
internal sealed record RecoveredLog(IReadOnlyList<Segment> Segments, SafeFileHandle? LastFile, HighWaterMark Mark)
{
    public long LastSequence => Segments is [.., var last] ? last.LastSequence : 0;
}

/// <summary>
/// Finds out at start what the log holds: either every acknowledged event is there, or the file and the first lost event are named.
/// Sealed segments are checked as far as a look at their ends goes, the last one frame by frame.
/// </summary>
internal sealed class LogRecovery(string folder, LocalEventLogOptions options, TimeProvider time, ILogger logger)
{
    private readonly LogDisk _disk = options.Disk;

    public async Task<RecoveredLog> RunAsync(CancellationToken cancellationToken)
    {
        // It goes to the caller, or is disposed of below; the analyzer does not follow it into the record.
#pragma warning disable CA2000
        var mark = HighWaterMark.Open(_disk, folder, options.MarkFlushInterval, time, logger);
#pragma warning restore CA2000
        SafeFileHandle? lastFile = null;
        try
        {
            var segments = await ReadSegmentsAsync(FindFiles(), cancellationToken);
            if (segments is [.., { Compressed: false } last])
            {
                lastFile = _disk.Open(PathOf(last));
                if (await RecoverLastAsync(segments, last, lastFile, mark.Found, cancellationToken))
                {
                    lastFile.Dispose();
                    lastFile = null;
                }
            }

            CheckAgainst(mark.Found, segments);
            Settle(mark, segments, isOpen: lastFile is not null);
            return new RecoveredLog(segments, lastFile, mark);
        }
        catch
        {
            lastFile?.Dispose();
            mark.Dispose();
            throw;
        }
    }

    private static LogDamagedException Damaged(string fileName, long firstLost, string finding) =>
        new(SegmentName.Relative(fileName), firstLost, finding);

    private static LogDamagedException Missing(long firstSequence) =>
        Damaged(SegmentName.Plain(firstSequence), firstSequence, "the file is missing");

    /// <summary>The segment files by first sequence; what a crash left half-done is removed.</summary>
    private SortedDictionary<long, bool> FindFiles()
    {
        var found = new SortedDictionary<long, bool>();
        foreach (var path in Directory.GetFiles(folder))
        {
            var name = Path.GetFileName(path);
            if (name.EndsWith(SegmentName.TemporarySuffix, StringComparison.Ordinal))
            {
                _disk.Delete(path);
            }
            else if (!SegmentName.TryParse(name, out var first, out var compressed))
            {
                if (name is not HighWaterMark.FileName and not SegmentName.Lock)
                {
                    LogMessages.ForeignFile(logger, SegmentName.Relative(name));
                }
            }
            else if (!found.TryAdd(first, compressed))
            {
                // Compressing was interrupted before the original was removed; it is done again.
                _disk.Delete(Path.Combine(folder, SegmentName.Compressed(first)));
                found[first] = false;
            }
        }

        return found;
    }

    /// <summary>Opens every file's header and follows the chain: each says which segment comes before it and how long that is.</summary>
    private async Task<List<Segment>> ReadSegmentsAsync(SortedDictionary<long, bool> files, CancellationToken cancellationToken)
    {
        var segments = new List<Segment>();
        foreach (var (first, compressed) in files)
        {
            var segment = await ReadSegmentAsync(first, compressed, cancellationToken);
            if (segments is [.., var previous])
            {
                await LinkAsync(previous, segment, cancellationToken);
            }
            else if (first != 1)
            {
                throw Missing(1);
            }

            segments.Add(segment);
        }

        return segments;
    }

    private async Task<Segment> ReadSegmentAsync(long first, bool compressed, CancellationToken cancellationToken)
    {
        var name = compressed ? SegmentName.Compressed(first) : SegmentName.Plain(first);
        var path = Path.Combine(folder, name);
        if (compressed)
        {
            using var opened = SegmentBytes.OpenFile(path);
            var content = await CompressedSegment.TryReadAsync(opened, cancellationToken)
                ?? throw Damaged(name, first, "the head or the list of blocks is not what was written");
            CheckName(content.Header, name, first);
            var segment = new Segment(content.Header) { Compressed = true };
            segment.Advance(content.End, content.LastSequence);
            return segment;
        }

        using var file = SegmentBytes.OpenFile(path);
        var bytes = new byte[SegmentHeader.Bytes];
        if (RandomAccess.Read(file, bytes, 0) < bytes.Length || !SegmentHeader.TryRead(bytes, out var header))
        {
            throw Damaged(name, first, "the header is not what was written");
        }

        CheckName(header, name, first);
        return new Segment(header);
    }

    private static void CheckName(SegmentHeader header, string name, long first)
    {
        if (header.FirstSequence != first)
        {
            throw Damaged(name, first, $"the file holds the events from {header.FirstSequence} on");
        }
    }

    private async Task LinkAsync(Segment previous, Segment next, CancellationToken cancellationToken)
    {
        var header = next.Header;
        if (header.PreviousFirst > previous.FirstSequence)
        {
            var last = previous.Compressed ? previous.LastSequence : (await ScanAsync(previous, cancellationToken)).LastSequence;
            throw Missing(last + 1);
        }

        if (header.PreviousFirst != previous.FirstSequence || header.PreviousId != previous.Header.Id)
        {
            throw Damaged(previous.FileName, previous.FirstSequence, $"it is not the file that {next.FileName} follows");
        }

        if (previous.Compressed)
        {
            if (previous.End != header.PreviousEnd || previous.LastSequence != header.FirstSequence - 1)
            {
                throw Damaged(previous.FileName, previous.FirstSequence, "it is not as long as it was when it was sealed");
            }

            return;
        }

        if (new FileInfo(PathOf(previous)).Length < header.PreviousEnd)
        {
            var scan = await ScanAsync(previous, cancellationToken);
            throw Damaged(previous.FileName, scan.LastSequence + 1, "it is shorter than it was when it was sealed");
        }

        previous.Advance(header.PreviousEnd, header.FirstSequence - 1);
    }

    /// <summary>Settles where the last segment ends. Answers whether it may no longer be written.</summary>
    private async Task<bool> RecoverLastAsync(
        List<Segment> segments, Segment last, SafeFileHandle file, MarkState? mark, CancellationToken cancellationToken)
    {
        var isMarked = mark?.SegmentId == last.Header.Id;
        var isSealed = isMarked && mark!.Value.Sealed; // Not null: it has the segment's id.
        var length = RandomAccess.GetLength(file);
        var scan = await ScanAsync(last, cancellationToken, isSealed ? mark!.Value.End : length); // As above.
        if (mark is { } known && scan.LastSequence < known.LastSequence)
        {
            throw scan.Finding.Length > 0 || isMarked
                ? Damaged(last.FileName, scan.LastSequence + 1, scan.Finding.Length > 0 ? scan.Finding : "the file is cut off")
                : Missing(scan.LastSequence + 1);
        }

        if (scan.Finding.Length > 0 && mark is null)
        {
            // A tail that was never acknowledged looks the same as one that was; without the mark nobody can say it is the former.
            throw Damaged(last.FileName, scan.LastSequence + 1, scan.Finding + ", and the high-water mark is missing as well");
        }

        if (scan.Finding.Length > 0 && await WasAcknowledgedAsync(last, scan, file, length, cancellationToken))
        {
            throw Damaged(last.FileName, scan.LastSequence + 1, scan.Finding + ", and later events follow it");
        }

        if (length > scan.End)
        {
            if (!isSealed)
            {
                LogMessages.TailCut(
                    logger, SegmentName.Relative(last.FileName), length - scan.End, scan.Finding, scan.LastSequence);
            }

            _disk.Truncate(file, PathOf(last), scan.End);
        }

        if (!isSealed)
        {
            await WriteAgainAsync(last, file, isMarked ? mark!.Value.End : SegmentHeader.Bytes, scan.End, cancellationToken); // As above.
        }

        if (!last.IsEmpty || scan.LastSequence >= last.FirstSequence)
        {
            last.Advance(scan.End, scan.LastSequence);
        }

        if (isSealed && last.IsEmpty)
        {
            segments.Remove(last);
        }

        return isSealed;
    }

    /// <summary>
    /// Writes the bytes behind the mark once more where they are, and flushes. The process may have died right after a flush that
    /// failed: then these pages are in memory only, look clean, and no flush would ever write them.
    /// </summary>
    private async Task WriteAgainAsync(Segment last, SafeFileHandle file, long from, long end, CancellationToken cancellationToken)
    {
        var buffer = new byte[256 * 1024];
        for (var offset = from; offset < end;)
        {
            var part = buffer.AsMemory(0, (int)Math.Min(buffer.Length, end - offset));
            var read = await RandomAccess.ReadAsync(file, part, offset, cancellationToken);
            if (read == 0)
            {
                break;
            }

            _disk.Write(file, PathOf(last), part.Span[..read], offset);
            offset += read;
        }

        _disk.Flush(file, PathOf(last));
    }

    /// <summary>
    /// Whether a frame behind the damage says that what is damaged was durable before it. Within one group, later frames may well
    /// have reached the disk while earlier ones have not; a later group began only when the earlier one was durable.
    /// </summary>
    private static async Task<bool> WasAcknowledgedAsync(
        Segment last, ScanResult scan, SafeFileHandle file, long length, CancellationToken cancellationToken)
    {
        var buffer = new byte[256 * 1024];
        var offset = scan.End;
        while (offset + FrameHeader.Bytes <= length)
        {
            var filled = 0;
            int read;
            while (filled < buffer.Length
                && (read = await RandomAccess.ReadAsync(file, buffer.AsMemory(filled), offset + filled, cancellationToken)) > 0)
            {
                filled += read;
            }

            var window = buffer.AsSpan(0, filled);
            for (int at, start = 0; (at = window[start..].IndexOf(FrameHeader.Mark)) >= 0; start += at + 1)
            {
                if (FrameHeader.TryRead(window[(start + at)..], last.Header.Id, out var header)
                    && header.DurableBefore > scan.LastSequence)
                {
                    return true;
                }
            }

            if (filled < buffer.Length)
            {
                break;
            }

            // The windows overlap, so that a head that lies across two is seen whole in one.
            offset += filled - FrameHeader.Bytes;
        }

        return false;
    }

    private async Task<ScanResult> ScanAsync(Segment segment, CancellationToken cancellationToken, long? limit = null)
    {
        var path = PathOf(segment);
        using var reader = new SegmentReader(path, segment.Header, segment.Start, limit ?? new FileInfo(path).Length);
        while (await reader.NextAsync(cancellationToken) == ReadStep.Frame)
        {
            segment.Remember(reader.Header.FirstSequence, reader.Offset - FrameHeader.Bytes - reader.Payload.Length);
        }

        return new ScanResult(reader.Offset, reader.Sequence - 1, reader.Finding);
    }

    private static void CheckAgainst(MarkState? mark, List<Segment> segments)
    {
        var lastSequence = segments is [.., var last] ? last.LastSequence : 0;
        if (mark is { } known && lastSequence < known.LastSequence)
        {
            throw Missing(lastSequence + 1);
        }
    }

    /// <summary>Brings the mark to what was found.</summary>
    private void Settle(HighWaterMark mark, List<Segment> segments, bool isOpen)
    {
        var state = segments is [.., var last]
            ? new MarkState(last.Header.Id, last.End, last.LastSequence, Sealed: !isOpen)
            : new MarkState(0, 0, 0, Sealed: true);
        if (!mark.Intact)
        {
            if (mark.Found is null && segments.Count > 0)
            {
                LogMessages.MarkRebuilt(logger, state.LastSequence);
            }

            mark.Rewrite(state);
        }
        else if (mark.Found != state)
        {
            // In place, because a start must succeed on a full disk too.
            mark.Write(state);
            mark.Flush();
        }
    }

    private string PathOf(Segment segment) => Path.Combine(folder, SegmentName.Plain(segment.FirstSequence));

    private readonly record struct ScanResult(long End, long LastSequence, string Finding);
}
