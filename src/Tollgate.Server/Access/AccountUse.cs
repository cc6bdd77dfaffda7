using System.Net;

namespace Tollgate.Server.Access;

/// <summary>
/// What an account's credentials did since it was last written down: its calls by key, route and day, the last request that each key
/// let in, and tries with keys that no longer work. Guarded by <see cref="AccountState.Admission"/>.
/// </summary>
internal sealed class AccountUse
{
    public Dictionary<UsedRouteKey, CallCount> Calls { get; } = [];

    public Dictionary<UInt128, KeyUse> Keys { get; } = [];

    public Dictionary<(UInt128 Key, IPAddress Address), AttemptCount> Attempts { get; } = [];

    public Dictionary<SentEventsKey, EventOutcomes> Events { get; } = [];

    public bool IsEmpty => Calls.Count == 0 && Keys.Count == 0 && Attempts.Count == 0 && Events.Count == 0;

    /// <summary>
    /// Counts a call; key 0 stands for sessions. A call of a route that judges its caller again is the last accepted one only when that
    /// judgement let it pass, which <see cref="Passed"/> tells.
    /// </summary>
    public void Add(UInt128 key, RouteRule rule, bool accepted, in RequestMark mark)
    {
        var place = new UsedRouteKey(key, rule, Day(mark.At));
        if (!Calls.TryGetValue(place, out var count))
        {
            Calls[place] = count = new CallCount();
        }

        count.Accepted += accepted ? 1 : 0;
        count.Denied += accepted ? 0 : 1;
        count.LastAt = mark.At;
        if (key == UInt128.Zero)
        {
            return;
        }

        if (!Keys.TryGetValue(key, out var use))
        {
            Keys[key] = use = new KeyUse();
        }

        use.Last = mark;
        if (accepted && !rule.IsJudgedAgain)
        {
            (use.LastAccepted, use.LastAcceptedRoute) = (mark, rule.Route);
        }
    }

    /// <summary>Tells that a call which was counted as let in was refused after all.</summary>
    public void Refuse(UInt128 key, RouteRule rule, DateTimeOffset at)
    {
        var place = new UsedRouteKey(key, rule, Day(at));
        if (!Calls.TryGetValue(place, out var count))
        {
            // It was written down meanwhile; this sets it right.
            Calls[place] = count = new CallCount { LastAt = at };
        }

        count.Accepted--;
        count.Denied++;
    }

    /// <summary>Tells that a call passed the last judgement.</summary>
    public void Passed(UInt128 key, RouteRule rule, in RequestMark mark)
    {
        if (key == UInt128.Zero)
        {
            return;
        }

        if (!Keys.TryGetValue(key, out var use))
        {
            Keys[key] = use = new KeyUse { Last = mark };
        }

        (use.LastAccepted, use.LastAcceptedRoute) = (mark, rule.Route);
    }

    /// <summary>Counts a try with a key that no longer works.</summary>
    public void AddAttempt(UInt128 key, in RequestMark mark)
    {
        var place = (key, mark.Address);
        if (!Attempts.TryGetValue(place, out var count))
        {
            // An attacker with many addresses must not fill the memory between two writings.
            if (Attempts.Count >= Hosting.Limits.MaxAttemptAddresses)
            {
                place = (key, IPAddress.None);
            }

            if (!Attempts.TryGetValue(place, out count))
            {
                Attempts[place] = count = new AttemptCount { FirstAt = mark.At };
            }
        }

        count.Count++;
        count.LastAt = mark.At;
    }

    /// <summary>Counts events that were sent; key 0 stands for sessions.</summary>
    public void AddEvents(SentEventsKey place, in EventOutcomes outcomes) =>
        Events[place] = Events.GetValueOrDefault(place).With(outcomes);

    /// <summary>Adds what came later.</summary>
    public void Add(AccountUse later)
    {
        foreach (var (place, count) in later.Calls)
        {
            if (Calls.TryGetValue(place, out var earlier))
            {
                (count.Accepted, count.Denied) = (count.Accepted + earlier.Accepted, count.Denied + earlier.Denied);
            }

            Calls[place] = count;
        }

        foreach (var (key, use) in later.Keys)
        {
            if (use.LastAccepted is null && Keys.TryGetValue(key, out var earlier))
            {
                (use.LastAccepted, use.LastAcceptedRoute) = (earlier.LastAccepted, earlier.LastAcceptedRoute);
            }

            Keys[key] = use;
        }

        foreach (var (place, count) in later.Attempts)
        {
            if (Attempts.TryGetValue(place, out var earlier))
            {
                (count.Count, count.FirstAt) = (count.Count + earlier.Count, earlier.FirstAt);
            }

            Attempts[place] = count;
        }

        foreach (var (place, outcomes) in later.Events)
        {
            AddEvents(place, outcomes);
        }
    }

    /// <summary>Days since 1970-01-01 in UTC.</summary>
    public static int Day(DateTimeOffset at) => (int)((at.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) / TimeSpan.TicksPerDay);

    /// <summary>Hours since 1970-01-01 in UTC.</summary>
    public static int Hour(DateTimeOffset at) => (int)((at.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) / TimeSpan.TicksPerHour);
}

/// <summary>One request, as far as it is remembered.</summary>
internal readonly record struct RequestMark(DateTimeOffset At, string RequestId, IPAddress Address)
{
    public static RequestMark Of(HttpContext context, DateTimeOffset at)
    {
        var address = context.Connection.RemoteIpAddress ?? IPAddress.None;
        return new RequestMark(
            Contracts.Rfc3339.ToMicroseconds(at),
            Hosting.RequestIds.Of(context),
            address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address);
    }
}

/// <summary>Which calls are counted together. Each route has one rule of its own.</summary>
internal readonly record struct UsedRouteKey(UInt128 Key, RouteRule Rule, int Day);

/// <summary>Which events are counted together.</summary>
/// <param name="Key">The number behind the key's id; 0 for sessions.</param>
/// <param name="EnvironmentId">Where they were sent to.</param>
/// <param name="Hour">As <see cref="AccountUse.Hour"/>.</param>
internal readonly record struct SentEventsKey(UInt128 Key, string EnvironmentId, int Hour);

/// <summary>What became of events: new and stored, stored already, or kept out.</summary>
internal readonly record struct EventOutcomes(long Accepted, long Duplicate, long Refused)
{
    public EventOutcomes With(in EventOutcomes other) =>
        new(Accepted + other.Accepted, Duplicate + other.Duplicate, Refused + other.Refused);
}

internal sealed class CallCount
{
    public long Accepted { get; set; }

    public long Denied { get; set; }

    public DateTimeOffset LastAt { get; set; }
}

internal sealed class KeyUse
{
    public RequestMark Last { get; set; }

    /// <summary>Null when it let nothing in since it was last written down.</summary>
    public RequestMark? LastAccepted { get; set; }

    public string? LastAcceptedRoute { get; set; }
}

internal sealed class AttemptCount
{
    public long Count { get; set; }

    public DateTimeOffset FirstAt { get; set; }

    public DateTimeOffset LastAt { get; set; }
}
