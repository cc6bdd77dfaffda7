using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;

namespace Tollgate.Server.Roles;

/// <summary>What a question about access asks for, as the rule that a route with the same demand would have.</summary>
internal static class AccessQuestion
{
    public static RouteRule About(string permission, bool? administrator) =>
        administrator == true ? RouteRule.Administrator(permission) : RouteRule.Requires(permission);

    /// <summary>Notes what names no permission.</summary>
    public static void CheckPermission(string permission, string field, FieldErrors errors) => errors.Demand(
        Permissions.All.Contains(permission), field, "is not a permission; GET /v1/rbac/manifest lists them.");

    /// <summary>The roles of an account through which it has what is needed.</summary>
    public static IReadOnlyList<string> GrantedBy(AccessDirectory directory, AccountState account, PermissionSet needed) =>
        needed.IsEmpty ? [] : [.. account.Rights.Roles.Where(id => Grants(directory, account, id, needed))];

    /// <summary>Whether one role gives an account what is needed.</summary>
    public static bool Grants(AccessDirectory directory, AccountState account, string roleId, PermissionSet needed) =>
        directory.Compile(account.TenantId, account.Type, [roleId]).Covers(needed);

    /// <summary>
    /// The constraint that refuses; null when none does. What the question does not say about the resource passes: a request that says it
    /// is judged by all of it.
    /// </summary>
    public static string? RefusedBy(ConstraintSet? constraints, RouteRule rule, AccessResource? resource) =>
        constraints is null ? null
        : constraints.RefusingRoute(rule) is { } closed ? closed
        : resource?.EventName is { } name && !constraints.AllowsEventName(name) ? ConstraintSet.EventNamesName
        : resource?.ExternalCustomerId is { } customer && !constraints.AllowsCustomer(customer) ? ConstraintSet.CustomersName
        : resource?.Source is { } source && !constraints.AllowsSource(source) ? ConstraintSet.SourcesName
        : null;

    /// <summary>The verdict on a question, which the resource it is about can turn.</summary>
    public static AccessVerdict Judge(in AccessSubject subject, RouteRule rule, bool isElsewhere, AccessResource? resource)
    {
        var verdict = AccessDecision.Judge(subject, rule);
        if (isElsewhere && rule.Access != RouteAccess.Public && AccessDecision.Standing(subject) == AccessVerdict.Allowed)
        {
            // Before a key's permissions are looked at, it is asked whether it belongs here.
            return AccessVerdict.Environment;
        }

        return verdict == AccessVerdict.Allowed && RefusedBy(subject.Constraints, rule, resource) is not null ? AccessVerdict.Constraint : verdict;
    }
}
