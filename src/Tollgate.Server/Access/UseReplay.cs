using Tollgate.Contracts;

namespace Tollgate.Server.Access;

/// <summary>Calls of one route by one key, or by sessions, that were let in.</summary>
/// <param name="ApiKeyId">The key; null for sessions.</param>
/// <param name="Route">Like <c>POST /v1/events</c>.</param>
/// <param name="Rule">What the route asks for.</param>
/// <param name="Calls">How many.</param>
/// <param name="LastAt">When the last was.</param>
internal sealed record UsedCalls(string? ApiKeyId, string Route, RouteRule Rule, long Calls, DateTimeOffset LastAt)
{
    /// <summary>
    /// What the calls took. Where the body decides whether a route is for administrators, which is not recorded, an administrator is
    /// taken to have come as one: what was perhaps needed is not taken away.
    /// </summary>
    public PermissionSet Needed(bool administrator)
    {
        var needed = Rule.NeededBy(session: ApiKeyId is null);
        return administrator && Rule.IsAdministratorForSome ? needed | PermissionSet.Administrator : needed;
    }
}

/// <summary>Judges recorded calls against what an account would hold, by <see cref="AccessDecision"/>.</summary>
internal static class UseReplay
{
    /// <summary>The calls that would have been refused, the most frequent first.</summary>
    /// <param name="calls">What was let in.</param>
    /// <param name="before">What the account holds.</param>
    /// <param name="after">What it would hold.</param>
    /// <param name="snapshots">What each of its keys was made with.</param>
    public static IReadOnlyList<RefusedUseResponse> Refused(
        IEnumerable<UsedCalls> calls, PermissionSet before, PermissionSet after, IReadOnlyDictionary<string, PermissionSet> snapshots)
    {
        var rights = new AccountRights(Active: true, MustChangePassword: false, [], after);
        var refused = new List<RefusedUseResponse>();
        foreach (var call in calls)
        {
            var subject = call.ApiKeyId is null
                ? AccessSubject.OfSession(rights)
                : AccessSubject.OfKey(KeyState.Live, isExpired: false, snapshots[call.ApiKeyId], constraints: null, rights);
            var had = call.ApiKeyId is null ? before : before & snapshots[call.ApiKeyId];
            var all = AccessDecision.Judge(subject, call.Rule) != AccessVerdict.Allowed;
            // Nor is recorded whether a key that called such a route named itself, for which it needs no permission.
            var itself = call.Rule.Access == RouteAccess.KeyItself && call.ApiKeyId is not null;
            var some = (all && itself) || (call.Rule.IsAdministratorForSome && had.IsAdministrator && !subject.Effective.IsAdministrator);
            if (all || some)
            {
                refused.Add(new RefusedUseResponse
                {
                    ApiKeyId = call.ApiKeyId,
                    Route = call.Route,
                    Permission = call.Rule.PermissionFor(call.ApiKeyId is null),
                    Calls = call.Calls,
                    LastAt = call.LastAt,
                    Refused = all && !itself ? "all" : "some",
                });
            }
        }

        return
        [
            .. refused.OrderByDescending(call => call.Calls)
                .ThenBy(call => call.Route, StringComparer.Ordinal)
                .ThenBy(call => call.ApiKeyId, StringComparer.Ordinal),
        ];
    }
}
