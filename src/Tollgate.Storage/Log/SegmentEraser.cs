using Microsoft.Extensions.Logging;

namespace Tollgate.Storage.Log;

/// <summary>
/// Takes the content out of events in segments that are never written again: the file with it goes away when one without it is durable
/// in its place. What stays of an event is what tells that its id is taken.
/// </summary>
internal sealed class SegmentEraser(string folder, LogDisk disk, ILogger logger)
{
    private readonly SegmentRewriter _rewriter = new(folder, disk);

    /// <summary>Removes the events of the segment that are meant and have content; answers how many those were.</summary>
    /// <exception cref="LogDamagedException">A stored byte is not what was written.</exception>
    public async Task<long> EraseAsync(
        Segment segment, long upToSequence, Func<EventProvenance, LoggedEvent, bool> isRemoved, CancellationToken cancellationToken)
    {
        var count = await CountAsync(segment, upToSequence, isRemoved, cancellationToken);
        if (count == 0)
        {
            return 0;
        }

        var path = Path.Combine(folder, segment.FileName);
        var temporary = path + SegmentName.TemporarySuffix;
        try
        {
            await WriteAsync(segment, temporary, upToSequence, isRemoved, cancellationToken);
            await SegmentRewriter.VerifyAsync(segment, temporary, segment.Compressed, cancellationToken);
        }
        catch
        {
            disk.Delete(temporary);
            throw;
        }

        if (segment.Compressed)
        {
            // Compressing may have failed to delete it, and the next start would believe it more than the compressed one.
            disk.Delete(Path.Combine(folder, SegmentName.Plain(segment.FirstSequence)));
        }

        disk.Rename(temporary, path);
        disk.FlushFolder(folder);
        var name = SegmentName.Relative(segment.FileName);
        LogMessages.Removed(logger, name, count);
        return count;
    }

    private Task WriteAsync(
        Segment segment, string target, long upToSequence, Func<EventProvenance, LoggedEvent, bool> isRemoved, CancellationToken cancellationToken)
    {
        void Edit(Span<byte> frame, FrameHeader header)
        {
            var payload = frame[FrameHeader.Bytes..];
            if (BatchCodec.TryRead(payload, out var batch) && Without(batch, header.FirstSequence, upToSequence, isRemoved) is { } rest)
            {
                BatchCodec.Rewrite(rest, payload);
                (header with { PayloadCrc = Crc32C.Of(payload) }).Write(frame, segment.Header.Id);
            }
        }

        return segment.Compressed
            ? _rewriter.CompressAsync(segment, target, Edit, cancellationToken)
            : _rewriter.CopyAsync(segment, target, Edit, cancellationToken);
    }

    private async Task<long> CountAsync(
        Segment segment, long upToSequence, Func<EventProvenance, LoggedEvent, bool> isRemoved, CancellationToken cancellationToken)
    {
        using var reader = await _rewriter.OpenAsync(segment, cancellationToken);
        long count = 0;
        ReadStep step;
        while ((step = await reader.NextAsync(cancellationToken)) == ReadStep.Frame)
        {
            if (!BatchCodec.TryRead(reader.Payload.Span, out var batch) || batch.Events.Count != reader.Header.Events)
            {
                throw new LogDamagedException(
                    SegmentName.Relative(segment.FileName), reader.Header.FirstSequence, "a frame holds no batch");
            }

            for (var index = 0; index < batch.Events.Count; index++)
            {
                count += Goes(batch, index, reader.Header.FirstSequence, upToSequence, isRemoved) ? 1 : 0;
            }
        }

        return step == ReadStep.End
            ? count
            : throw new LogDamagedException(SegmentName.Relative(segment.FileName), reader.Sequence, reader.Finding);
    }

    private static bool Goes(
        EventBatch batch, int index, long firstSequence, long upToSequence, Func<EventProvenance, LoggedEvent, bool> isRemoved) =>
        batch.Events[index].RemovedKey is null
        && firstSequence + index <= upToSequence
        && isRemoved(batch.Provenance, batch.Events[index]);

    /// <summary>The batch without the content of what is meant; null when nothing of it is.</summary>
    private static EventBatch? Without(
        EventBatch batch, long firstSequence, long upToSequence, Func<EventProvenance, LoggedEvent, bool> isRemoved)
    {
        var events = batch.Events.ToArray();
        var goes = false;
        for (var index = 0; index < events.Length; index++)
        {
            if (Goes(batch, index, firstSequence, upToSequence, isRemoved))
            {
                var key = EventIdIndex.KeyOf(batch.Provenance.EnvironmentId, events[index].EventId);
                events[index] = LoggedEvent.WithoutContent(key, events[index].ContentDigest);
                goes = true;
            }
        }

        if (!goes)
        {
            return null;
        }

        // Who sent nothing any more needs no address; the tenant and the environment say whose numbers these are.
        var provenance = Array.TrueForAll(events, each => each.RemovedKey is not null)
            ? batch.Provenance with { AccountId = "", ApiKeyId = null, RequestId = "", Address = "" }
            : batch.Provenance;
        return batch with { Provenance = provenance, Events = events };
    }
}
