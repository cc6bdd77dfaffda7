using System.Buffers.Binary;
using System.Security.Cryptography;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;

namespace Tollgate.Storage.Log;

/// <summary>
/// Writes groups to the last segment and begins new ones. Used by one thread. After any failure the segment is closed where its last
/// durable group ends and never written again: the kernel forgets which pages it failed to write, so a second flush that succeeds
/// proves nothing about them.
/// </summary>
internal sealed class SegmentWriter : IDisposable
{
    private readonly string _folder;
    private readonly LocalEventLogOptions _options;
    private readonly HighWaterMark _mark;
    private readonly ILogger _logger;
    private readonly Action<Segment> _onSealed;
    private Segment[] _segments;
    private SafeFileHandle? _file;
    private bool _failing;

    /// <summary>
    /// Goes on where the recovered log ends; its open files are the writer's from now on. <paramref name="onSealed"/> is called with
    /// each segment that has got a successor.
    /// </summary>
    public SegmentWriter(string folder, LocalEventLogOptions options, RecoveredLog recovered, ILogger logger, Action<Segment> onSealed)
    {
        _folder = folder;
        _options = options;
        _logger = logger;
        _onSealed = onSealed;
        _mark = recovered.Mark;
        _segments = [.. recovered.Segments];
        _file = recovered.LastFile;
    }

    /// <summary>The segments in order, as of now. Safe from any thread.</summary>
    public IReadOnlyList<Segment> Segments => Volatile.Read(ref _segments);

    private long LastSequence => _segments.Length == 0 ? 0 : _segments[^1].LastSequence;

    private LogDisk Disk => _options.Disk;

    /// <summary>Ends the last segment where it is, so that it is never written again; the next group begins a new one.</summary>
    public void SealLast()
    {
        if (_file is not null && !_segments[^1].IsEmpty)
        {
            Seal(_segments[^1]);
        }
    }

    /// <summary>Finds room for a group and answers the id of the segment that it must be written for.</summary>
    public ulong Prepare(long bytes)
    {
        if (_file is not null && !_segments[^1].IsEmpty && _segments[^1].End + bytes > _options.SegmentBytes)
        {
            Seal(_segments[^1]);
        }

        if (_file is null)
        {
            Begin();
        }

        return _segments[^1].Header.Id;
    }

    /// <summary>Makes the group durable. When this throws, nothing of it counts; <see cref="CloseAfterFailure"/> must follow.</summary>
    public void Commit(ReadOnlySpan<byte> group, long lastSequence)
    {
        var segment = _segments[^1];
        var path = PathOf(segment);
        ObjectDisposedException.ThrowIf(_file is null, this);
        Disk.Write(_file, path, group, segment.End);
        Disk.Flush(_file, path);
        var end = segment.End + group.Length;
        _mark.Write(new MarkState(segment.Header.Id, end, lastSequence, Sealed: false));
        segment.Advance(end, lastSequence);
        if (_failing)
        {
            _failing = false;
            LogMessages.Recovered(_logger, segment.FirstSequence);
        }
    }

    /// <summary>
    /// Closes the segment for good. That it ends here is written down twice, in the mark now and in the next segment's header later,
    /// and the file is cut: whatever of this survives keeps the failed group from coming back.
    /// </summary>
    public void CloseAfterFailure(Exception failure)
    {
        _failing = true;
        if (_file is null)
        {
            var next = SegmentName.Relative(SegmentName.Plain(LastSequence + 1));
            LogMessages.CommitFailed(_logger, failure, next, LastSequence);
            return;
        }

        var segment = _segments[^1];
        var name = SegmentName.Relative(segment.FileName);
        LogMessages.CommitFailed(_logger, failure, name, segment.LastSequence);
        TryToSeal(segment, name, () =>
        {
            _mark.Write(new MarkState(segment.Header.Id, segment.End, segment.LastSequence, Sealed: true));
            _mark.Flush();
        });
        TryToSeal(segment, name, () => Disk.Truncate(_file, PathOf(segment), segment.End));
        _file.Dispose();
        _file = null;
        if (segment.IsEmpty)
        {
            // Its successor has the same name and takes its place.
            Volatile.Write(ref _segments, _segments[..^1]);
        }
    }

    /// <summary>Leaves everything durable. The last segment stays open for the next start.</summary>
    public void Dispose()
    {
        _mark.FlushQuietly();
        _mark.Dispose();
        _file?.Dispose();
        _file = null;
    }

    private void TryToSeal(Segment segment, string name, Action seal)
    {
        try
        {
            seal();
        }

        // One of several ways to write the end down; whatever stops it must not stop the others, nor the committer.
#pragma warning disable CA1031
        catch (Exception exception)
#pragma warning restore CA1031
        {
            LogMessages.SealFailed(_logger, exception, name, segment.LastSequence);
        }
    }

    private void Seal(Segment segment)
    {
        _mark.Write(new MarkState(segment.Header.Id, segment.End, segment.LastSequence, Sealed: true));
        _mark.FlushQuietly();
        _file?.Dispose();
        _file = null;
    }

    private void Begin()
    {
        var previous = _segments.Length == 0 ? null : _segments[^1];
        var header = new SegmentHeader(
            LastSequence + 1, NewId(), previous?.FirstSequence ?? 0, previous?.Header.Id ?? 0, previous?.End ?? 0);
        var path = Path.Combine(_folder, SegmentName.Plain(header.FirstSequence));
        var temporary = path + SegmentName.TemporarySuffix;
        Disk.Delete(temporary);
        var file = Disk.Create(temporary);
        try
        {
            Span<byte> head = stackalloc byte[SegmentHeader.Bytes];
            header.Write(head);
            Disk.Write(file, temporary, head, 0);
            Disk.Flush(file, temporary);

            // Under its name there is only ever a whole header. An empty segment of that name, left by a failed group, is replaced.
            Disk.Rename(temporary, path);
            Disk.FlushFolder(_folder);
        }
        catch
        {
            file.Dispose();
            DeleteQuietly(temporary);
            throw;
        }

        _file = file;
        Volatile.Write(ref _segments, [.. _segments, new Segment(header)]);
        if (previous is not null)
        {
            _onSealed(previous);
        }
    }

    private static ulong NewId()
    {
        Span<byte> random = stackalloc byte[sizeof(ulong)];
        RandomNumberGenerator.Fill(random);
        return BinaryPrimitives.ReadUInt64LittleEndian(random) | 1; // Never 0, which means no segment.
    }

    private void DeleteQuietly(string path)
    {
        try
        {
            Disk.Delete(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // The next attempt deletes it first; the failure that led here is on its way to the callers.
        }
    }

    private string PathOf(Segment segment) => Path.Combine(_folder, SegmentName.Plain(segment.FirstSequence));
}
