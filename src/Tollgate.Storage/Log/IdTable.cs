using System.Numerics;

namespace Tollgate.Storage.Log;

/// <summary>Where an event is and what it held.</summary>
/// <param name="Sequence">Its number in the log.</param>
/// <param name="ContentDigest">As in <see cref="LoggedEvent.ContentDigest"/>.</param>
public readonly record struct IndexedEvent(long Sequence, UInt128 ContentDigest);

/// <summary>The youngest ids, in memory: an open-addressing table of flat arrays. Full tables are written to runs.</summary>
internal sealed class IdTable(long firstSequence, int slots = IdTable.LeastSlots)
{
    private const int LeastSlots = 1024;

    // Fuller, and probes get long.
    private const int EntriesPerHundredSlots = 70;

    private UInt128[] _keys = new UInt128[slots];
    private IndexedEvent[] _events = new IndexedEvent[slots];

    public int Count { get; private set; }

    /// <summary>The events that the table covers begin with this one.</summary>
    public long FirstSequence => firstSequence;

    /// <summary>And end with this one.</summary>
    public long LastSequence { get; private set; } = firstSequence - 1;

    /// <summary>The table for the events after these. Where one table got so large the next will too, so it need not grow step by step.</summary>
    public IdTable Next() => new(LastSequence + 1, _keys.Length);

    public bool TryFind(UInt128 key, out IndexedEvent found)
    {
        found = _events[SlotOf(key)];
        return found.Sequence > 0;
    }

    /// <summary>Takes the next event. An id that is there already keeps its first event.</summary>
    public void Add(UInt128 key, IndexedEvent added)
    {
        LastSequence = added.Sequence;
        var slot = SlotOf(key);
        if (_events[slot].Sequence > 0)
        {
            return;
        }

        if (Count >= _keys.Length / 100 * EntriesPerHundredSlots)
        {
            Grow();
            slot = SlotOf(key);
        }

        _keys[slot] = key;
        _events[slot] = added;
        Count++;
    }

    /// <summary>The entries in the order of their keys.</summary>
    public (UInt128[] Keys, IndexedEvent[] Events) ToSorted()
    {
        var keys = new UInt128[Count];
        var events = new IndexedEvent[Count];
        var next = 0;
        for (var slot = 0; slot < _keys.Length; slot++)
        {
            if (_events[slot].Sequence > 0)
            {
                (keys[next], events[next]) = (_keys[slot], _events[slot]);
                next++;
            }
        }

        Array.Sort(keys, events);
        return (keys, events);
    }

    // The keys are digests: any of their bits are as good as a hash.
    private int SlotOf(UInt128 key)
    {
        var mask = _keys.Length - 1;
        var slot = (int)(ulong)key & mask;
        while (_events[slot].Sequence > 0 && _keys[slot] != key)
        {
            slot = (slot + 1) & mask;
        }

        return slot;
    }

    private void Grow()
    {
        var (keys, events) = (_keys, _events);
        var slots = (int)BitOperations.RoundUpToPowerOf2((uint)keys.Length + 1);
        _keys = new UInt128[slots];
        _events = new IndexedEvent[slots];
        for (var old = 0; old < keys.Length; old++)
        {
            if (events[old].Sequence > 0)
            {
                var slot = SlotOf(keys[old]);
                (_keys[slot], _events[slot]) = (keys[old], events[old]);
            }
        }
    }
}
