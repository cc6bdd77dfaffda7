using Tollgate.Server.Access;
using Tollgate.Storage.Control;
using Tollgate.Storage.Events;

namespace Tollgate.Server.Events;

/// <summary>
/// The one place where it is said what a caller may see of the events: its tenant, its environment and the constraints of its key. No
/// question can be asked without an <see cref="EventReach"/>, and a test sees to it that none is made elsewhere.
/// </summary>
internal static class EventReaches
{
    /// <summary>What the caller may see at this moment.</summary>
    public static EventReach ReachAt(this Caller caller, DateTimeOffset now) =>
        new(new EventScope(caller.TenantId, caller.EnvironmentId), caller.Constraints is { LimitsData: true } limits ? BoundsOf(limits, now) : null);

    /// <summary>
    /// All of an environment: for what the server does of itself, and for what an administrator may ask of every environment of the tenant.
    /// </summary>
    public static EventReach ReachOf(TenantEnvironment environment) => new(new EventScope(environment.TenantId, environment.Id), null);

    private static EventBounds BoundsOf(ConstraintSet constraints, DateTimeOffset now) => new()
    {
        EventNames = BoundsOf(constraints.EventNames),
        ExternalCustomerIds = BoundsOf(constraints.Customers),
        Sources = constraints.Sources,
        NotBefore = constraints.MaxEventAge is { } age ? now - age : null,
    };

    private static TextBounds? BoundsOf(TextPatterns? patterns) => patterns is null ? null : new TextBounds(patterns.Exact, patterns.Prefixes);
}
