using Tollgate.Server.Hosting;

namespace Tollgate.Server.Sessions;

/// <summary>
/// Slows down guessing: after some failures of a name from an address, of a name from anywhere, or of an address whatever the names,
/// each further try must wait, 1 s doubling to 15 min. Counted for names that don't exist just as for those that do, so that waiting
/// tells nobody which is which. Where a person has logged in before, only failures from that address count against them, so that
/// strangers can't keep them out; an hour without a failure is forgiven.
/// </summary>
internal sealed class LoginThrottle(TimeProvider time)
{
    private const int FreeFailuresOfName = 20;
    private const int FreeFailuresOfAddress = 40;

    // Bounded: the oldest half is forgotten when an attacker fills it, which costs him as many failures.
    private const int MaxEntries = 20_000;

    private static readonly TimeSpan Forgiven = TimeSpan.FromHours(1);

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Entry> _entries = new(StringComparer.Ordinal);

    /// <summary>How long a try must still wait; zero when it may be made.</summary>
    public TimeSpan Wait(string email, string address)
    {
        var now = time.GetUtcNow();
        lock (_lock)
        {
            var here = Entries(email, address)[0].Text;
            var known = _entries.TryGetValue(here, out var own) && own.Known;
            var until = Entries(email, address)
                .Where(counted => !known || counted.Text == here)
                .Select(counted => _entries.TryGetValue(counted.Text, out var entry) ? entry.BlockedUntil : default)
                .Max();
            return until > now ? until - now : TimeSpan.Zero;
        }
    }

    public void Failed(string email, string address)
    {
        var now = time.GetUtcNow();
        lock (_lock)
        {
            foreach (var (text, free) in Entries(email, address))
            {
                var entry = _entries.GetValueOrDefault(text) ?? Entry.None;
                var failures = (entry.LastAt + Forgiven < now ? 0 : entry.Failures) + 1;
                var delay = failures < free
                    ? TimeSpan.Zero
                    : TimeSpan.FromSeconds(Math.Min(Math.Pow(2, failures - free), Limits.MaxLoginDelay.TotalSeconds));
                _entries[text] = new Entry(failures, now + delay, now, entry.Known);
            }

            Shrink();
        }
    }

    public void Succeeded(string email, string address)
    {
        lock (_lock)
        {
            _entries[Entries(email, address)[0].Text] = Entry.None with { Known = true, LastAt = time.GetUtcNow() };
            Shrink();
        }
    }

    // An e-mail address holds no space, so no name can be made to look like another key.
    private static (string Text, int Free)[] Entries(string email, string address) =>
        [($"{email} {address}", Limits.FreeLoginFailures), ($"{email} ", FreeFailuresOfName), ($" {address}", FreeFailuresOfAddress)];

    private void Shrink()
    {
        if (_entries.Count > MaxEntries)
        {
            foreach (var (text, _) in _entries.OrderBy(entry => entry.Value.LastAt).Take(MaxEntries / 2).ToList())
            {
                _entries.Remove(text);
            }
        }
    }

    private sealed record Entry(int Failures, DateTimeOffset BlockedUntil, DateTimeOffset LastAt, bool Known)
    {
        public static Entry None { get; } = new(0, default, default, Known: false);
    }
}
