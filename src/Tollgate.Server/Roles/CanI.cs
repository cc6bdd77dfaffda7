using Microsoft.AspNetCore.Http.HttpResults;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;

namespace Tollgate.Server.Roles;

/// <summary><c>POST /v1/rbac/can-i</c>: what the caller itself may do.</summary>
internal static class CanI
{
    public static void MapCanI(this Api v1) =>
        v1.Post("/rbac/can-i", RouteRule.AnyPrincipal("Everybody may ask about themselves."), HandleAsync);

    private static Results<Ok<CanIResponse>, Problem> HandleAsync(Body<CanIRequest> body, Caller caller, AccessDirectory directory)
    {
        var request = body.Value;
        var errors = new FieldErrors();
        errors.Demand(
            request.Permission is null != request.Permissions is null, "permission", "either permission or permissions must be there, and not both.");
        var asked = request.Permissions ?? (request.Permission is null ? [] : [request.Permission]);
        for (var index = 0; index < asked.Count; index++)
        {
            AccessQuestion.CheckPermission(asked[index], request.Permissions is null ? "permission" : $"permissions[{index}]", errors);
        }

        if (errors.ToProblem() is { } problem)
        {
            return problem;
        }

        var elsewhere = request.EnvironmentId is not null && request.EnvironmentId != caller.EnvironmentId;
        if (elsewhere && caller.Session is not null)
        {
            // A person may go to any environment of the tenant; a key stays where it was made.
            if (directory.FindEnvironment(caller.TenantId, request.EnvironmentId!) is null)
            {
                return Problem.NotFound("environment");
            }

            elsewhere = false;
        }

        CanIResult[] results = [.. asked.Select(permission => Answer(directory, caller, permission, request, elsewhere))];
        var first = results.FirstOrDefault(result => !result.Allowed);
        return TypedResults.Ok(new CanIResponse
        {
            Allowed = first is null,
            Reason = (first ?? results[0]).Reason,
            Missing = first?.Missing,
            GrantedBy = first is null ? [.. results.SelectMany(result => result.GrantedBy).Distinct(StringComparer.Ordinal)] : [],
            Results = request.Permissions is null ? null : results,
        });
    }

    private static CanIResult Answer(AccessDirectory directory, Caller caller, string permission, CanIRequest request, bool elsewhere)
    {
        var rule = AccessQuestion.About(permission, request.Administrator);
        var subject = AccessSubject.Of(caller);
        var verdict = AccessQuestion.Judge(subject, rule, elsewhere, request.Resource);
        return new CanIResult
        {
            Permission = permission,
            Allowed = verdict == AccessVerdict.Allowed,
            Reason = AccessDecision.Reason(verdict, subject, rule, caller.Account.Type, directory.RolesOf(caller.TenantId)),
            Missing = AccessDecision.Missing(verdict),
            GrantedBy = verdict == AccessVerdict.Allowed ? AccessQuestion.GrantedBy(directory, caller.Account, rule.Needed) : [],
        };
    }
}
