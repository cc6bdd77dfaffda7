using System.Collections.Concurrent;
using System.Globalization;
using Tollgate.Server.Hosting;

namespace Tollgate.Server.Access;

/// <summary>
/// How many requests a minute are let in: by a key, by all keys of a tenant together, and by all people of a tenant together. A flood by
/// keys never keeps out the people who would end it. In memory only: a restart forgets what was taken.
/// </summary>
internal sealed class RateLimits(ServerOptions options, TimeProvider time)
{
    public const string KeyPolicy = "key";
    public const string TenantPolicy = "tenant";
    public const string PeoplePolicy = "people";

    private readonly RateBuckets<KeyDigest> _keys = new();
    private readonly RateBuckets<(string Tenant, bool People)> _tenants = new();
    private readonly long _start = time.GetTimestamp();

    /// <summary>How many buckets there are: one for each limited key and tenant that is in use.</summary>
    public int Count => _keys.Count + _tenants.Count;

    /// <summary>Takes one request out of every limit of the caller's, or out of none; null when nothing limits the caller.</summary>
    public RateDecision? Take(Caller caller)
    {
        var ofKey = LimitOf(caller);
        var ofTenant = options.RequestsPerMinutePerTenant;
        if (ofKey == 0 && ofTenant == 0)
        {
            return null;
        }

        var now = (long)time.GetElapsedTime(_start).TotalMilliseconds;
        var key = ofKey == 0 ? null : (RateTaking?)_keys.Take(new KeyDigest(caller.Digest), ofKey, now);
        if (ofTenant == 0 || key is { IsTaken: false })
        {
            return new RateDecision(key is null ? [] : [(KeyPolicy, key.Value.State)], key is null or { IsTaken: true });
        }

        var people = caller.Session is not null;
        var tenant = _tenants.Take((caller.TenantId, people), ofTenant, now);
        if (!tenant.IsTaken)
        {
            // The tenant's other keys have used up what there is; that must not cost this key its own share.
            key = key is { } taken ? taken with { State = taken.Bucket.GiveBack(now) } : null;
        }

        var name = people ? PeoplePolicy : TenantPolicy;
        return new RateDecision(key is null ? [(name, tenant.State)] : [(KeyPolicy, key.Value.State), (name, tenant.State)], tenant.IsTaken);
    }

    /// <summary>The smaller of what the key was made with and what the server lets any key do; 0 for no limit.</summary>
    private int LimitOf(Caller caller)
    {
        var ofServer = caller.Session is null ? options.RequestsPerMinutePerKey : 0;
        var ofKey = caller.Constraints?.RatePerMinute ?? 0;
        return ofServer == 0 ? ofKey : ofKey == 0 ? ofServer : Math.Min(ofServer, ofKey);
    }
}

/// <summary>What the limits of a caller say to one request.</summary>
/// <param name="States">Of each limit that was asked, by the name of its policy.</param>
/// <param name="IsWithin">Whether the request is within all of them.</param>
internal sealed record RateDecision(IReadOnlyList<(string Policy, RateState State)> States, bool IsWithin)
{
    /// <summary>The limit that refuses.</summary>
    public (string Policy, RateState State) Refusing => States.First(each => each.State.RetryAfter > 0);

    /// <summary>The field <c>RateLimit-Policy</c>: for each limit its quota and its window in seconds.</summary>
    public string PolicyField => string.Join(", ", States.Select(each =>
        string.Create(CultureInfo.InvariantCulture, $"\"{each.Policy}\";q={each.State.PerMinute};w=60")));

    /// <summary>The field <c>RateLimit</c>: for each limit what is left, and in how many seconds all of it is there again.</summary>
    public string StateField => string.Join(", ", States.Select(each =>
        string.Create(CultureInfo.InvariantCulture, $"\"{each.Policy}\";r={each.State.Remaining};t={each.State.FullAfter}")));
}

/// <summary>One request taken out of a bucket, or not.</summary>
internal readonly record struct RateTaking(RateBucket Bucket, bool IsTaken, RateState State);

/// <summary>Buckets by whom they are for. Those that are full again are thrown away, so that their number is that of who comes at present.</summary>
internal sealed class RateBuckets<TKey>
    where TKey : notnull
{
    private const int FirstSweep = 1024;

    private readonly ConcurrentDictionary<TKey, RateBucket> _buckets = new();
    private int _sweepAt = FirstSweep;
    private int _isSweeping;

    public int Count => _buckets.Count;

    public RateTaking Take(TKey key, int perMinute, long now, int count = 1)
    {
        while (true)
        {
            if (!_buckets.TryGetValue(key, out var bucket))
            {
                SweepIfMany(now);
                bucket = _buckets.GetOrAdd(key, static (_, limit) => new RateBucket(limit), perMinute);
            }

            var isTaken = bucket.TryTake(now, out var state, count);
            if (!state.IsClosed)
            {
                return new RateTaking(bucket, isTaken, state);
            }

            // It was full and is being thrown away; the next one begins full as well.
            _buckets.TryRemove(KeyValuePair.Create(key, bucket));
        }
    }

    private void SweepIfMany(long now)
    {
        if (_buckets.Count < Volatile.Read(ref _sweepAt) || Interlocked.Exchange(ref _isSweeping, 1) == 1)
        {
            return;
        }

        foreach (var pair in _buckets)
        {
            if (pair.Value.TryClose(now))
            {
                _buckets.TryRemove(pair);
            }
        }

        // Each bucket is looked at as often as new ones come, not more.
        Volatile.Write(ref _sweepAt, Math.Max(FirstSweep, _buckets.Count * 2));
        Volatile.Write(ref _isSweeping, 0);
    }
}
