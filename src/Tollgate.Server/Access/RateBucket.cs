namespace Tollgate.Server.Access;

/// <summary>
/// So many requests in a minute, without a lock: a bucket that holds as many as the limit and fills up evenly. It is one number, the moment
/// at which it would be full again; a request moves that moment on, and is refused where it would come to lie more than a minute ahead.
/// </summary>
/// <remarks>The moment is in milliseconds times the limit, so that what one request costs is a whole number whatever the limit.</remarks>
internal sealed class RateBucket(int perMinute)
{
    private const long MillisecondsPerMinute = 60_000;
    private const long Cost = MillisecondsPerMinute;
    private const long Closed = long.MaxValue;

    private long _fullAt;

    public int PerMinute => perMinute;

    private long Capacity => MillisecondsPerMinute * perMinute;

    /// <summary>Takes requests out when there are so many; false also when the bucket is closed, which <paramref name="state"/> says.</summary>
    /// <param name="now">Milliseconds since any fixed moment; never less than before.</param>
    /// <param name="state">What is left.</param>
    /// <param name="count">How many at once; what the limit does not reach is never let in.</param>
    public bool TryTake(long now, out RateState state, int count = 1)
    {
        var at = now * perMinute;
        var fullAt = Volatile.Read(ref _fullAt);
        while (fullAt != Closed)
        {
            var next = Math.Max(fullAt, at) + (Cost * count);
            if (next - at > Capacity)
            {
                state = StateAt(at, fullAt) with { RetryAfter = ToSeconds(next - at - Capacity) };
                return false;
            }

            var seen = Interlocked.CompareExchange(ref _fullAt, next, fullAt);
            if (seen == fullAt)
            {
                state = StateAt(at, next);
                return true;
            }

            fullAt = seen;
        }

        state = new RateState(perMinute, 0, 0, 0) { IsClosed = true };
        return false;
    }

    /// <summary>Puts back what was taken, for a request that another limit refuses; answers what is left then.</summary>
    public RateState GiveBack(long now)
    {
        var fullAt = Volatile.Read(ref _fullAt);
        while (fullAt != Closed)
        {
            var seen = Interlocked.CompareExchange(ref _fullAt, fullAt - Cost, fullAt);
            if (seen == fullAt)
            {
                return StateAt(now * perMinute, fullAt - Cost);
            }

            fullAt = seen;
        }

        return new RateState(perMinute, perMinute, 0, 0);
    }

    /// <summary>Closes the bucket for ever if it is full, which is how a new one begins: nothing is forgotten with it.</summary>
    public bool TryClose(long now)
    {
        var fullAt = Volatile.Read(ref _fullAt);
        return fullAt <= now * perMinute && Interlocked.CompareExchange(ref _fullAt, Closed, fullAt) == fullAt;
    }

    private RateState StateAt(long at, long fullAt)
    {
        var taken = Math.Max(0, fullAt - at);
        return new RateState(perMinute, (int)((Capacity - taken) / Cost), ToSeconds(taken), 0);
    }

    /// <summary>Rounded up: who waits this long does not come too early.</summary>
    private int ToSeconds(long units) => (int)((units + (1000L * perMinute) - 1) / (1000L * perMinute));
}

/// <summary>What a limit says to one request.</summary>
/// <param name="PerMinute">The limit.</param>
/// <param name="Remaining">How many more would be let in at once.</param>
/// <param name="FullAfter">In how many seconds, without further requests, nothing is taken any more.</param>
/// <param name="RetryAfter">In how many seconds a refused request would be let in; 0 when it was.</param>
internal readonly record struct RateState(int PerMinute, int Remaining, int FullAfter, int RetryAfter)
{
    /// <summary>The bucket is of the past; the next one decides.</summary>
    public bool IsClosed { get; init; }
}
