using System.Globalization;
using Tollgate.Contracts;
using Tollgate.Server.Hosting;

namespace Tollgate.Server.Events;

/// <summary>How many streams are open, in all and by tenant: each holds a connection, and reads whenever events arrive.</summary>
internal sealed class EventStreams
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, int> _byTenant = new(StringComparer.Ordinal);
    private int _open;

    /// <summary>How many are open.</summary>
    public int Open
    {
        get
        {
            lock (_gate)
            {
                return _open;
            }
        }
    }

    /// <summary>A place for one more stream, which whoever has it gives back.</summary>
    /// <exception cref="ProblemException">There are too many: a 429.</exception>
    public IDisposable Enter(string tenantId)
    {
        lock (_gate)
        {
            var ofTenant = _byTenant.GetValueOrDefault(tenantId);
            if (ofTenant >= Limits.MaxStreamsPerTenant || _open >= Limits.MaxStreams)
            {
                throw new ProblemException(TooMany);
            }

            _byTenant[tenantId] = ofTenant + 1;
            _open++;
            return new Entry(this, tenantId);
        }
    }

    private static Problem TooMany => new(429, ErrorCodes.TooManyRequests, "Too many event streams are open.")
    {
        Detail = string.Create(
            CultureInfo.InvariantCulture, $"A tenant has at most {Limits.MaxStreamsPerTenant} at once. End one, or ask again after the seconds in Retry-After."),
        Details = new { policy = "streams", limit = Limits.MaxStreamsPerTenant },
        Headers = new Dictionary<string, string> { ["Retry-After"] = "10" },
    };

    private void Leave(string tenantId)
    {
        lock (_gate)
        {
            _open--;
            if (--_byTenant[tenantId] == 0)
            {
                _byTenant.Remove(tenantId);
            }
        }
    }

    private sealed class Entry(EventStreams streams, string tenantId) : IDisposable
    {
        private int _left;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _left, 1) == 0)
            {
                streams.Leave(tenantId);
            }
        }
    }
}
