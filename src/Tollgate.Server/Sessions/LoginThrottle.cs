using System.Net;
using System.Net.Sockets;
using Tollgate.Server.Hosting;

namespace Tollgate.Server.Sessions;

/// <summary>
/// Slows down guessing: after some failures of a name from an address, of a name from anywhere, or of an address whatever the names,
/// each further try must wait, 1 s doubling to 15 min; and all failures from unknown places together may not come faster than a bucket
/// refills, so that many names from many addresses don't help either. Counted for names that don't exist just as for those that do, so
/// that waiting tells nobody which is which. On a device or at an address where a person has logged in before, only failures from there
/// count against them, so that strangers can't keep them out; an hour without a failure is forgiven.
/// </summary>
internal sealed class LoginThrottle(TimeProvider time)
{
    // Bounded: the oldest half is forgotten when an attacker fills it, which costs him as many failures.
    private const int MaxEntries = 20_000;

    private static readonly TimeSpan Forgiven = TimeSpan.FromHours(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Entry> _entries = new(StringComparer.Ordinal);

    // Apart from the failures, so that a flood of those does not make us forget who is known where.
    private readonly Dictionary<string, DateTimeOffset> _knownPlaces = new(StringComparer.Ordinal);

    // When the bucket of all failures from unknown places will be full again.
    private DateTimeOffset _bucketFullAt;

    /// <summary>
    /// How long a try must still wait; zero when it may be made. Without a name, only the address is looked at. The device is what tells a
    /// device that the person is known to use from others; null when it is not known.
    /// </summary>
    public TimeSpan Wait(string? name, string address, string? device = null)
    {
        var now = time.GetUtcNow();
        lock (_lock)
        {
            return WaitAt(now, name, address, device);
        }
    }

    /// <summary>
    /// Counts a failure. Answers how long its try should have waited, when others that were sent at the same time have failed before it:
    /// then what it found out must not be told, or guesses sent at once would learn more than guesses sent one by one.
    /// </summary>
    public TimeSpan Failed(string? name, string address, string? device = null)
    {
        var now = time.GetUtcNow();
        lock (_lock)
        {
            var wait = WaitAt(now, name, address, device);
            if (name is not null && !IsKnown(name, PlaceOf(address), device))
            {
                _bucketFullAt = (_bucketFullAt > now ? _bucketFullAt : now) + Limits.LoginFailureInterval;
            }

            foreach (var (text, free) in Counted(name, PlaceOf(address), device))
            {
                var entry = _entries.GetValueOrDefault(text) ?? Entry.None;
                var failures = (entry.LastAt + Forgiven < now ? 0 : entry.Failures) + 1;
                var delay = failures < free
                    ? TimeSpan.Zero
                    : TimeSpan.FromSeconds(Math.Min(Math.Pow(2, failures - free), Limits.MaxLoginDelay.TotalSeconds));
                _entries[text] = new Entry(failures, now + delay, now);
            }

            Shrink(_entries, entry => entry.LastAt);
            return wait;
        }
    }

    public void Succeeded(string name, string address, string? device = null)
    {
        lock (_lock)
        {
            var place = PlaceOf(address);
            _entries.Remove(OfDevice(name, device));
            _entries.Remove(OfPlace(name, place));
            _knownPlaces[OfPlace(name, place)] = time.GetUtcNow();
            Shrink(_knownPlaces, at => at);
        }
    }

    private TimeSpan WaitAt(DateTimeOffset now, string? name, string address, string? device)
    {
        var wait = Counted(name, PlaceOf(address), device)
            .Select(counted => _entries.TryGetValue(counted.Text, out var entry) ? entry.BlockedUntil - now : TimeSpan.Zero)
            .Max();
        if (name is not null && !IsKnown(name, PlaceOf(address), device))
        {
            var bucket = _bucketFullAt - now - (Limits.LoginFailureBurst * Limits.LoginFailureInterval);
            wait = bucket > wait ? bucket : wait;
        }

        return wait > TimeSpan.Zero ? wait : TimeSpan.Zero;
    }

    private bool IsKnown(string name, string place, string? device) => device is not null || _knownPlaces.ContainsKey(OfPlace(name, place));

    private (string Text, int Free)[] Counted(string? name, string place, string? device) =>
        name is null ? [(OfAddress(place), Limits.FreeLoginFailuresOfAddress)]
        : device is not null ? [(OfDevice(name, device), Limits.FreeLoginFailures)]
        : IsKnown(name, place, device) ? [(OfPlace(name, place), Limits.FreeLoginFailures)]
        :
        [
            (OfPlace(name, place), Limits.FreeLoginFailures),
            (OfName(name), Limits.FreeLoginFailuresOfName),
            (OfAddress(place), Limits.FreeLoginFailuresOfAddress),
        ];

    // A name holds no space, so none can be made to look like another key.
    private static string OfDevice(string name, string? device) => $"device {name} {device}";

    private static string OfPlace(string name, string place) => $"place {name} {place}";

    private static string OfName(string name) => $"name {name}";

    private static string OfAddress(string place) => $"address {place}";

    /// <summary>Of an IPv6 address the first half: the second is the client's to choose, so it would have a new address for every try.</summary>
    private static string PlaceOf(string address)
    {
        if (!IPAddress.TryParse(address, out var parsed) || parsed.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return address;
        }

        Span<byte> bytes = stackalloc byte[16];
        parsed.TryWriteBytes(bytes, out _);
        bytes[8..].Clear();
        return new IPAddress(bytes).ToString();
    }

    private static void Shrink<T>(Dictionary<string, T> entries, Func<T, DateTimeOffset> lastAt)
    {
        if (entries.Count > MaxEntries)
        {
            foreach (var (text, _) in entries.OrderBy(entry => lastAt(entry.Value)).Take(MaxEntries / 2).ToList())
            {
                entries.Remove(text);
            }
        }
    }

    private sealed record Entry(int Failures, DateTimeOffset BlockedUntil, DateTimeOffset LastAt)
    {
        public static Entry None { get; } = new(0, default, default);
    }
}
