using System.Collections.Concurrent;
using System.Globalization;
using Tollgate.Contracts;
using Tollgate.Server.Hosting;

namespace Tollgate.Server.Events;

/// <summary>
/// How many bytes of ingest bodies are in memory, of all tenants and of each: what is above waits for nothing and is refused, so that one
/// tenant's flood can't take the memory that another's single event needs.
/// </summary>
/// <param name="total">Bytes of all tenants.</param>
/// <param name="perTenant">Bytes of one tenant; at least one whole request.</param>
internal sealed class IngestBudget(long total, long perTenant)
{
    private readonly ConcurrentDictionary<string, Account> _tenants = new(StringComparer.Ordinal);
    private long _taken;

    /// <summary>Bytes that are taken now.</summary>
    public long Taken => Volatile.Read(ref _taken);

    /// <summary>An empty share of the tenant's budget, for one request. Dispose it when the request is over.</summary>
    public Share Of(string tenant) => new(this, _tenants.GetOrAdd(tenant, static _ => new Account()));

    /// <summary>What one request has taken.</summary>
    internal sealed class Share : IDisposable
    {
        private readonly IngestBudget _budget;
        private readonly Account _account;
        private long _taken;

        public Share(IngestBudget budget, Account account) => (_budget, _account) = (budget, account);

        /// <summary>Takes so many bytes in all; says which budget has none left, or nothing when the bytes are taken.</summary>
        public IngestRefusal? TryGrowTo(long bytes)
        {
            var more = bytes - _taken;
            if (more <= 0)
            {
                return null;
            }

            if (Interlocked.Add(ref _account.Taken, more) > _budget.PerTenant)
            {
                Interlocked.Add(ref _account.Taken, -more);
                return IngestRefusal.Tenant;
            }

            if (Interlocked.Add(ref _budget._taken, more) > _budget.Total)
            {
                Interlocked.Add(ref _budget._taken, -more);
                Interlocked.Add(ref _account.Taken, -more);
                return IngestRefusal.Server;
            }

            _taken = bytes;
            return null;
        }

        /// <summary>As <see cref="TryGrowTo"/>.</summary>
        /// <exception cref="ProblemException">429: the tenant's budget has none left. 503: the server's.</exception>
        public void GrowTo(long bytes)
        {
            if (TryGrowTo(bytes) is { } refusal)
            {
                throw new ProblemException(refusal == IngestRefusal.Tenant ? _budget.TenantSendsTooMuch : Busy);
            }
        }

        public void Dispose()
        {
            Interlocked.Add(ref _account.Taken, -_taken);
            Interlocked.Add(ref _budget._taken, -_taken);
            _taken = 0;
        }
    }

    internal sealed class Account
    {
        public long Taken;
    }

    private static Problem Busy => Problem.Unavailable("The server has too many events on their way.");

    private Problem TenantSendsTooMuch => new(429, ErrorCodes.TooManyRequests, "This organisation has too many events on their way at once.")
    {
        Error = "Too Many Requests",
        Detail = string.Create(
            CultureInfo.InvariantCulture,
            $"Its requests that are being read hold {PerTenant} bytes, after decompression. Nothing of this one was stored. Send it again after the seconds in Retry-After."),
        Details = new { policy = "bodies", limit_bytes = PerTenant },
        Headers = new Dictionary<string, string> { ["Retry-After"] = "1" },
    };

    private long Total => total;

    private long PerTenant => perTenant;
}

/// <summary>Whose budget has nothing left.</summary>
internal enum IngestRefusal
{
    /// <summary>The tenant's: it sends more at once than it may.</summary>
    Tenant,

    /// <summary>The server's.</summary>
    Server,
}
