using System.Globalization;
using Tollgate.Contracts;
using Tollgate.Server.Audit;
using Tollgate.Server.Hosting;

namespace Tollgate.Server.Access;

/// <summary>What binds a request beyond its permissions: from where it comes, how many come, and which data its key is limited to.</summary>
internal sealed partial class RequestBounds(RateLimits rates, Ids ids, ILogger<RequestBounds> logger)
{
    /// <summary>
    /// Refuses a request that comes from elsewhere than its key may be used, or is one too many. Asked when the credential is known and
    /// before anything else is judged, so that a request that is refused for another reason counts too. A request counts once, however
    /// often it is judged.
    /// </summary>
    public Problem? Refusal(HttpContext context, Caller caller, RouteRule rule)
    {
        // The socket's address: whatever a header says of it, anybody can write (D17).
        if (caller.Constraints?.AllowsAddress(context.Connection.RemoteIpAddress) == false)
        {
            return Elsewhere(context, caller);
        }

        if (context.Features.Get<RateDecision>() is { } earlier)
        {
            return Judge(earlier, caller, rule, context);
        }

        if (rates.Take(caller) is not { } decision)
        {
            return null;
        }

        context.Features.Set(decision);
        // On every answer, whatever becomes of the request: what is set now would not survive an answer that begins anew after a failure.
        context.Response.OnStarting(
            static state =>
            {
                var (response, decision) = ((HttpResponse, RateDecision))state;
                // Beside what the answer says of a limit of its own.
                response.Headers.Append("RateLimit-Policy", decision.PolicyField);
                response.Headers.Append("RateLimit", decision.StateField);
                return Task.CompletedTask;
            },
            (context.Response, decision));
        return Judge(decision, caller, rule, context);
    }

    /// <summary>Refuses a key that is limited to some data where its limits can't be applied.</summary>
    public Problem? RefusalOfRoute(Caller caller, RouteRule rule) => caller.Constraints?.RefusingRoute(rule) is { } constraint
        ? Violation(
            caller,
            constraint,
            $"This key is limited to certain {NounOf(constraint)}, and the route is about something else",
            "Use a key or a session that is not limited to some of the data.",
            errors: null)
        : null;

    /// <summary>The 403 of a key that would reach beyond its constraints, by name.</summary>
    /// <param name="caller">Who comes with the key.</param>
    /// <param name="constraint">The constraint, as on the wire.</param>
    /// <param name="message">A sentence for people; the full stop is added.</param>
    /// <param name="detail">What to do about it.</param>
    /// <param name="errors">By field, what is outside; null when it is not about fields.</param>
    public Problem Violation(Caller caller, string constraint, string message, string detail, IReadOnlyDictionary<string, List<string>>? errors)
    {
        var decision = Decide(caller, constraint);
        return new Problem(403, ErrorCodes.ConstraintViolation, message.EndsWith('.') ? message : $"{message}.")
        {
            Error = "Forbidden",
            Detail = detail,
            Details = new
            {
                constraint,
                constraints = caller.Constraints?.Wire,
                errors,
                decision_id = decision,
            },
        };
    }

    /// <summary>What takes rights away is let in beyond the limit; from whoever may do it, so that it is no way round the limit.</summary>
    private static Problem? Judge(RateDecision decision, Caller caller, RouteRule rule, HttpContext context) =>
        decision.IsWithin || (rule.IsNeverLimited && (caller.Permissions.Covers(rule.Needed) || rule.IsForKeyItself(caller, context)))
            ? null
            : TooMany(decision);

    private static string NounOf(string constraint) => constraint switch
    {
        ConstraintSet.CustomersName => "customers",
        ConstraintSet.EventNamesName => "event names",
        ConstraintSet.SourcesName => "sources",
        _ => "events by their age",
    };

    /// <summary>Says what was seen, for the owner to mend, and not from where the key can be used, for whoever else has it.</summary>
    private Problem Elsewhere(HttpContext context, Caller caller)
    {
        var address = AuditActor.AddressOf(context);
        return new Problem(403, ErrorCodes.ConstraintViolation, $"This key can't be used from {(address.Length == 0 ? "here" : address)}.")
        {
            Error = "Forbidden",
            Detail = "The address of the connection is in none of the networks that the key was made for. Behind a proxy it is the proxy's.",
            Details = new
            {
                constraint = ConstraintSet.CidrsName,
                address,
                decision_id = Decide(caller, ConstraintSet.CidrsName),
            },
        };
    }

    private static Problem TooMany(RateDecision decision)
    {
        var (policy, state) = decision.Refusing;
        var who = policy switch
        {
            RateLimits.KeyPolicy => "This key",
            RateLimits.TenantPolicy => "All keys of this organisation together",
            _ => "All people of this organisation together",
        };
        return new Problem(
            429,
            ErrorCodes.TooManyRequests,
            string.Create(CultureInfo.InvariantCulture, $"{who} may send {state.PerMinute} requests a minute."))
        {
            Error = "Too Many Requests",
            Detail = "Nothing of the request was stored. Send it again after the seconds that Retry-After names.",
            Details = new { policy, limit_per_minute = state.PerMinute, retry_after_seconds = state.RetryAfter },
            Headers = new Dictionary<string, string> { ["Retry-After"] = state.RetryAfter.ToString(CultureInfo.InvariantCulture) },
        };
    }

    private string Decide(Caller caller, string constraint)
    {
        var decision = ids.Decision();
        LogOutside(logger, decision, caller.AccountId, caller.ApiKeyId, constraint);
        return decision;
    }

    [LoggerMessage(1002, LogLevel.Information, "Denied {DecisionId}: account {AccountId} by key {ApiKeyId} is outside of {Constraint}")]
    private static partial void LogOutside(ILogger logger, string decisionId, string accountId, string? apiKeyId, string constraint);
}
