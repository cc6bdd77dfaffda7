using System.Globalization;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;

namespace Tollgate.Server.Events;

/// <summary>How many events a minute a tenant sends, whatever keys it has: a request with more than are left is refused whole.</summary>
internal sealed class IngestRate(ServerOptions options, TimeProvider time)
{
    private const string Policy = "events";

    private readonly RateBuckets<string> _tenants = new();
    private readonly long _start = time.GetTimestamp();

    /// <summary>Takes so many events out of the tenant's minute; or the 429.</summary>
    public Problem? Take(string tenant, int events)
    {
        var limit = options.EventsPerMinutePerTenant;
        if (limit == 0)
        {
            return null;
        }

        var taking = _tenants.Take(tenant, limit, (long)time.GetElapsedTime(_start).TotalMilliseconds, events);
        if (taking.IsTaken)
        {
            return null;
        }

        var state = taking.State;
        return new Problem(429, ErrorCodes.TooManyRequests, string.Create(
            CultureInfo.InvariantCulture, $"This organisation may send {limit} events a minute; {state.Remaining} are left."))
        {
            Error = "Too Many Requests",
            Detail = events > limit
                ? "No request may hold more events than a minute has. Send fewer at once. Nothing of the request was stored."
                : "Nothing of the request was stored. Send it again after the seconds that Retry-After names.",
            Details = new { policy = Policy, limit_per_minute = limit, retry_after_seconds = state.RetryAfter },
            Headers = new Dictionary<string, string>
            {
                ["Retry-After"] = state.RetryAfter.ToString(CultureInfo.InvariantCulture),
                ["RateLimit-Policy"] = string.Create(CultureInfo.InvariantCulture, $"\"{Policy}\";q={limit};w=60"),
                ["RateLimit"] = string.Create(CultureInfo.InvariantCulture, $"\"{Policy}\";r={state.Remaining};t={state.FullAfter}"),
            },
        };
    }
}
