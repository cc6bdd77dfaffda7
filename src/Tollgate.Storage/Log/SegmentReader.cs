using System.Buffers;
using Microsoft.Win32.SafeHandles;

namespace Tollgate.Storage.Log;

/// <summary>What a step of <see cref="SegmentReader"/> met.</summary>
internal enum ReadStep
{
    /// <summary>A whole frame whose checksums and number fit.</summary>
    Frame,

    /// <summary>The end, exactly behind a frame.</summary>
    End,

    /// <summary>Something else; <see cref="SegmentReader.Finding"/> says what.</summary>
    Damage,
}

/// <summary>Goes through a segment frame by frame and believes nothing: lengths, checksums and numbers are all checked.</summary>
internal sealed class SegmentReader : IDisposable
{
    private readonly SegmentBytes _bytes;
    private readonly ulong _segmentId;
    private byte[] _buffer = ArrayPool<byte>.Shared.Rent(4096);
    private int _start;
    private int _end;
    private int _skip;

    /// <summary>Reads a plain file from a place in it up to a limit.</summary>
    public SegmentReader(string path, SegmentHeader segment, SegmentPlace from, long limit)
    {
        _bytes = new PlainSegmentBytes(path, from.Offset, limit);
        _segmentId = segment.Id;
        Sequence = from.Sequence;
        Offset = from.Offset;
    }

    /// <summary>Reads a compressed file from the block that may hold the event; the file is the reader's from now on.</summary>
    public SegmentReader(SafeFileHandle file, CompressedSegment segment, long sequence)
    {
        var block = segment.Blocks.Count - 1;
        while (block > 0 && segment.Blocks[block].FirstSequence > sequence)
        {
            block--;
        }

        _bytes = new CompressedSegmentBytes(file, segment, block);
        _segmentId = segment.Header.Id;

        // The first block begins with the segment's header.
        _skip = block == 0 ? SegmentHeader.Bytes : 0;
        Sequence = segment.Blocks[block].FirstSequence;
        Offset = segment.Blocks.Take(block).Sum(each => (long)each.Bytes) + _skip;
    }

    /// <summary>The number that the next frame must begin with.</summary>
    public long Sequence { get; private set; }

    /// <summary>Where the next frame begins, in the segment as it was written.</summary>
    public long Offset { get; private set; }

    public FrameHeader Header { get; private set; }

    /// <summary>The batch's bytes; valid until the next step.</summary>
    public ReadOnlyMemory<byte> Payload { get; private set; }

    /// <summary>The frame as it stands in the segment, head and batch; valid until the next step.</summary>
    public ReadOnlyMemory<byte> Frame => _buffer.AsMemory(_start - FrameHeader.Bytes - Payload.Length, FrameHeader.Bytes + Payload.Length);

    public string Finding { get; private set; } = "";

    /// <summary>Lets the reader of a plain file go on to there.</summary>
    public void ExtendTo(long limit)
    {
        if (_bytes is PlainSegmentBytes plain)
        {
            plain.Limit = limit;
        }
    }

    public async ValueTask<ReadStep> NextAsync(CancellationToken cancellationToken)
    {
        if (!await FillAsync(FrameHeader.Bytes, cancellationToken))
        {
            return Finding.Length == 0 && _start == _end ? ReadStep.End : Damage("a frame is cut off");
        }

        if (!FrameHeader.TryRead(_buffer.AsSpan(_start, FrameHeader.Bytes), _segmentId, out var header))
        {
            return Damage("the head of a frame is not what was written");
        }

        if (header.FirstSequence != Sequence)
        {
            return Damage($"a frame begins with event {header.FirstSequence} instead of {Sequence}");
        }

        if (!await FillAsync(FrameHeader.Bytes + header.PayloadBytes, cancellationToken))
        {
            return Damage("a frame is cut off");
        }

        Payload = _buffer.AsMemory(_start + FrameHeader.Bytes, header.PayloadBytes);
        if (Crc32C.Of(Payload.Span) != header.PayloadCrc)
        {
            return Damage("the content of a frame is not what was written");
        }

        Header = header;
        Sequence = header.LastSequence + 1;
        Offset += FrameHeader.Bytes + header.PayloadBytes;
        _start += FrameHeader.Bytes + header.PayloadBytes;
        return ReadStep.Frame;
    }

    public void Dispose()
    {
        _bytes.Dispose();
        ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = [];
    }

    private ReadStep Damage(string finding)
    {
        // A piece that could not be read explains more than the frame that it leaves incomplete.
        Finding = Finding.Length == 0 ? finding : Finding;
        return ReadStep.Damage;
    }

    /// <summary>Has that many bytes in the buffer from the start; false when they are not to be had.</summary>
    private async ValueTask<bool> FillAsync(int needed, CancellationToken cancellationToken)
    {
        while (_end - _start < needed)
        {
            var upcoming = _bytes.Upcoming;
            if (upcoming == 0)
            {
                return false;
            }

            MakeRoom(upcoming);
            var finding = await _bytes.ReadAsync(_buffer.AsMemory(_end, upcoming), cancellationToken);
            if (finding is not null)
            {
                Finding = finding;
                return false;
            }

            _end += upcoming;
            var skipped = Math.Min(_skip, _end - _start);
            _start += skipped;
            _skip -= skipped;
        }

        return true;
    }

    private void MakeRoom(int count)
    {
        var kept = _end - _start;
        if (_buffer.Length - _end < count)
        {
            var buffer = _buffer.Length >= kept + count ? _buffer : ArrayPool<byte>.Shared.Rent(kept + count);
            _buffer.AsSpan(_start, kept).CopyTo(buffer);
            if (buffer != _buffer)
            {
                ArrayPool<byte>.Shared.Return(_buffer);
                _buffer = buffer;
            }

            (_start, _end) = (0, kept);
        }
    }
}
