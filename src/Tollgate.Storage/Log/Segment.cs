namespace Tollgate.Storage.Log;

/// <summary>Where in a segment the frame with this first event begins.</summary>
internal readonly record struct SegmentPlace(long Sequence, long Offset);

/// <summary>
/// One file of the log as readers and the writer share it. The writer moves the ends forward, <see cref="End"/> before
/// <see cref="LastSequence"/>; a reader that looks in the other order never sees an event whose bytes are not there.
/// </summary>
internal sealed class Segment(SegmentHeader header)
{
    // How far apart the remembered places are: what a read that begins in the middle may have to pass over.
    private const int PlaceSpacing = 256 * 1024;

    private readonly Lock _gate = new();
    private readonly List<SegmentPlace> _places = [];
    private long _end = SegmentHeader.Bytes;
    private long _lastSequence = header.FirstSequence - 1;
    private bool _compressed;

    public SegmentHeader Header => header;

    /// <summary>Where the first frame is.</summary>
    public SegmentPlace Start => new(FirstSequence, SegmentHeader.Bytes);

    public long FirstSequence => header.FirstSequence;

    /// <summary>How many bytes of the segment, uncompressed, count.</summary>
    public long End => Volatile.Read(ref _end);

    public long LastSequence => Volatile.Read(ref _lastSequence);

    public bool IsEmpty => LastSequence < FirstSequence;

    /// <summary>Which of the two files to read. Becomes true before the uncompressed file goes away.</summary>
    public bool Compressed
    {
        get => Volatile.Read(ref _compressed);
        set => Volatile.Write(ref _compressed, value);
    }

    /// <summary>The file to read now.</summary>
    public string FileName => Compressed ? SegmentName.Compressed(FirstSequence) : SegmentName.Plain(FirstSequence);

    public void Advance(long end, long lastSequence)
    {
        Remember(LastSequence + 1, End);
        Volatile.Write(ref _end, end);
        Volatile.Write(ref _lastSequence, lastSequence);
    }

    /// <summary>Notes that the frame with this first event begins at this offset, when the last noted place is far enough away.</summary>
    public void Remember(long sequence, long offset)
    {
        lock (_gate)
        {
            if (_places.Count == 0 || offset - _places[^1].Offset >= PlaceSpacing)
            {
                _places.Add(new SegmentPlace(sequence, offset));
            }
        }
    }

    /// <summary>The nearest known place at or before the event.</summary>
    public SegmentPlace Find(long sequence)
    {
        lock (_gate)
        {
            for (var i = _places.Count - 1; i >= 0; i--)
            {
                if (_places[i].Sequence <= sequence)
                {
                    return _places[i];
                }
            }

            return Start;
        }
    }
}
