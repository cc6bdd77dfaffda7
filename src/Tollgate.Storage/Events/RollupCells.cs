using System.Numerics;

namespace Tollgate.Storage.Events;

/// <summary>Cells of one scope in the making, each key once.</summary>
internal sealed class RollupCells
{
    private readonly Dictionary<RollupKey, RollupCell> _cells = [];

    public int Count => _cells.Count;

    public IEnumerable<KeyValuePair<RollupKey, RollupCell>> All => _cells;

    public void AddEvents(in RollupKey key, long events) => At(key).Events += events;

    /// <summary>As <see cref="AddEvents(in RollupKey, long)"/>, with the times of the first and the last of them.</summary>
    public void AddEvents(in RollupKey key, long events, long first, long last)
    {
        AddEvents(key, events);
        At(key).Widen(first, last);
    }

    public void AddValue(in RollupKey key, BigInteger value, long timestamp, long sequence) => At(key).Add(value, timestamp, sequence);

    public void Add(in RollupKey key, RollupCell cell) => At(key).Add(cell);

    public void Clear() => _cells.Clear();

    /// <summary>Counts an event and the numbers in its properties; of a property that is there twice, the first.</summary>
    public void AddEvent(in RollupKey key, long timestamp, long sequence, IReadOnlyList<string> names, IReadOnlyList<string> values)
    {
        AddEvents(key, 1);
        for (var index = 0; index < names.Count; index++)
        {
            if (ExactDecimalText.IsCanonical(values[index]) && IsFirst(names, index))
            {
                AddValue(key with { Property = names[index] }, ExactUnits.Parse(values[index]), timestamp, sequence);
            }
        }
    }

    /// <summary>The cells of all customers together, made from those by customer.</summary>
    public RollupCells OfAllCustomers()
    {
        var totals = new RollupCells();
        foreach (var (key, cell) in _cells)
        {
            totals.Add(key with { Customer = null }, cell);
        }

        return totals;
    }

    private static bool IsFirst(IReadOnlyList<string> names, int index)
    {
        for (var earlier = 0; earlier < index; earlier++)
        {
            if (names[earlier] == names[index])
            {
                return false;
            }
        }

        return true;
    }

    private RollupCell At(in RollupKey key)
    {
        if (!_cells.TryGetValue(key, out var cell))
        {
            _cells[key] = cell = new RollupCell();
        }

        return cell;
    }
}
