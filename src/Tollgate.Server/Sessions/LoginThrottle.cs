using Tollgate.Server.Hosting;

namespace Tollgate.Server.Sessions;

/// <summary>
/// Slows down guessing: after five failures of one name from one address, and after forty of one address whatever the names, each
/// further try must wait, 1 s doubling to 15 min. Counted for names that don't exist just as for those that do, so that waiting tells
/// nobody which is which; and by address, so that a stranger's guesses don't keep the owner out.
/// </summary>
internal sealed class LoginThrottle(TimeProvider time)
{
    private const int FreeFailuresOfAddress = 40;

    // Bounded: the oldest half is forgotten when an attacker fills it, which costs him as many failures.
    private const int MaxEntries = 20_000;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Entry> _entries = new(StringComparer.Ordinal);

    /// <summary>How long a try must still wait; zero when it may be made.</summary>
    public TimeSpan Wait(string email, string address)
    {
        var now = time.GetUtcNow();
        lock (_lock)
        {
            var until = Keys(email, address)
                .Select(key => _entries.TryGetValue(key.Text, out var entry) ? entry.BlockedUntil : default)
                .Max();
            return until > now ? until - now : TimeSpan.Zero;
        }
    }

    public void Failed(string email, string address)
    {
        var now = time.GetUtcNow();
        lock (_lock)
        {
            foreach (var (text, free) in Keys(email, address))
            {
                var failures = (_entries.TryGetValue(text, out var entry) ? entry.Failures : 0) + 1;
                var delay = failures < free
                    ? TimeSpan.Zero
                    : TimeSpan.FromSeconds(Math.Min(Math.Pow(2, failures - free), Limits.MaxLoginDelay.TotalSeconds));
                _entries[text] = new Entry(failures, now + delay, now);
            }

            if (_entries.Count > MaxEntries)
            {
                foreach (var (text, _) in _entries.OrderBy(entry => entry.Value.LastAt).Take(MaxEntries / 2).ToList())
                {
                    _entries.Remove(text);
                }
            }
        }
    }

    public void Succeeded(string email, string address)
    {
        lock (_lock)
        {
            _entries.Remove(Keys(email, address)[0].Text);
        }
    }

    // An e-mail address holds no space, so no name can be made to look like another key.
    private static (string Text, int Free)[] Keys(string email, string address) =>
        [($"{email} {address}", Limits.FreeLoginFailures), ($" {address}", FreeFailuresOfAddress)];

    private sealed record Entry(int Failures, DateTimeOffset BlockedUntil, DateTimeOffset LastAt);
}
