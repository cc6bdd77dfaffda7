using System.Numerics;

namespace Tollgate.Storage.Events;

/// <summary>Which events a cell of the roll-ups is about: those of one hour, name and customer, and the numbers in one of their properties.</summary>
/// <param name="Hour">The start of the hour of UTC, in microseconds.</param>
/// <param name="EventName">The events' name.</param>
/// <param name="Customer">Their customer; null for those of all customers together.</param>
/// <param name="Property">The property; null for the events themselves.</param>
/// <param name="Quarantine">The quarantine that has taken them; null when they count.</param>
/// <param name="Removal">The removal after which only this cell is left of them; null while it follows from rows.</param>
internal readonly record struct RollupKey(
    long Hour, string EventName, string? Customer, string? Property, string? Quarantine, string? Removal);

/// <summary>
/// What every aggregation but one can be made of. Values can be added in any order, and cells to each other, and the result is the same
/// to the last digit; there is no value that it can't take.
/// </summary>
internal sealed class RollupCell
{
    public const long HourLength = TimeSpan.TicksPerHour / TimeSpan.TicksPerMicrosecond;

    /// <summary>Of the events, or of their numbers.</summary>
    public long Events { get; set; }

    public BigInteger Sum { get; set; }

    /// <summary>Each value times the microseconds from its event to the end of the hour, added up.</summary>
    public BigInteger Weighted { get; set; }

    public BigInteger? Max { get; private set; }

    /// <summary>The value of the latest event; of several at the same time, of the one that arrived last.</summary>
    public BigInteger? Latest { get; private set; }

    public long LatestAt { get; private set; }

    public long LatestSequence { get; private set; }

    /// <summary>The time of the earliest of the events; null where it was not looked at.</summary>
    public long? FirstAt { get; private set; }

    /// <summary>The time of the latest one.</summary>
    public long? LastAt { get; private set; }

    /// <summary>The start of the hour that a time lies in.</summary>
    public static long HourOf(long microseconds)
    {
        var into = microseconds % HourLength;
        return microseconds - (into < 0 ? into + HourLength : into);
    }

    public void Add(BigInteger value, long timestamp, long sequence)
    {
        Events++;
        Sum += value;
        Weighted += value * (HourOf(timestamp) + HourLength - timestamp);
        OfferMax(value);
        OfferLatest(value, timestamp, sequence);
    }

    public void Add(RollupCell other)
    {
        Events += other.Events;
        Sum += other.Sum;
        Weighted += other.Weighted;
        if (other.Max is { } max)
        {
            OfferMax(max);
        }

        if (other.Latest is { } latest)
        {
            OfferLatest(latest, other.LatestAt, other.LatestSequence);
        }

        if (other is { FirstAt: { } first, LastAt: { } last })
        {
            Widen(first, last);
        }
    }

    /// <summary>The events lie between these two, and those that were there before.</summary>
    public void Widen(long first, long last)
    {
        FirstAt = FirstAt is { } earliest ? Math.Min(earliest, first) : first;
        LastAt = LastAt is { } latest ? Math.Max(latest, last) : last;
    }

    public void OfferMax(BigInteger value)
    {
        if (Max is not { } max || value > max)
        {
            Max = value;
        }
    }

    public void OfferLatest(BigInteger value, long timestamp, long sequence)
    {
        if (Latest is null || (timestamp, sequence).CompareTo((LatestAt, LatestSequence)) > 0)
        {
            (Latest, LatestAt, LatestSequence) = (value, timestamp, sequence);
        }
    }
}
