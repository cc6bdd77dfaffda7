using Microsoft.AspNetCore.Http.HttpResults;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Accounts;
using Tollgate.Server.ApiKeys;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Roles;

/// <summary>
/// <c>POST /v1/rbac/explain</c>: what the server would answer an account or a key, and through which role, snapshot and constraint.
/// The verdict is that of <see cref="AccessDecision"/>, which the gate enforces.
/// </summary>
internal static class ExplainAccess
{
    public static void MapExplainAccess(this Api v1) => v1.Post("/rbac/explain", RouteRule.Requires(Permissions.RoleRead), HandleAsync);

    private static async Task<Results<Ok<ExplainResponse>, Problem>> HandleAsync(
        Body<ExplainRequest> body,
        Caller caller,
        AccessDirectory directory,
        AccessGate gate,
        RouteTable routes,
        ControlDb db,
        CancellationToken cancellationToken)
    {
        var request = body.Value;
        var (rule, problem) = Check(request, routes);
        if (problem is not null)
        {
            return problem;
        }

        var key = request.ApiKeyId is null ? null : (await db.ApiKeyAsync(caller, request.ApiKeyId, cancellationToken)).Key;
        var row = await db.AccountAsync(caller.TenantId, key?.AccountId ?? request.PrincipalId!, cancellationToken);
        var environmentId = request.EnvironmentId ?? key?.EnvironmentId ?? caller.EnvironmentId;
        if (key is null && directory.FindEnvironment(caller.TenantId, environmentId) is null)
        {
            return Problem.NotFound("environment");
        }

        var account = directory.FindAccount(row.Id)!;
        var subject = key is null ? AccessSubject.Of(account) : gate.SubjectOf(key.Digest, account.Rights);
        var isElsewhere = key is not null && environmentId != key.EnvironmentId;
        var verdict = AccessQuestion.Judge(subject, rule!, isElsewhere, request.Resource);
        return TypedResults.Ok(new Explanation(request, rule!, row, account, key, subject, verdict, environmentId).ToResponse(directory));
    }

    private static (RouteRule? Rule, Problem? Problem) Check(ExplainRequest request, RouteTable routes)
    {
        var errors = new FieldErrors();
        errors.Demand(
            request.PrincipalId is null != request.ApiKeyId is null, "principal_id", "either principal_id or api_key_id must be there, and not both.");
        errors.Demand(
            request.Permission is null != request.Route is null, "permission", "either permission or route must be there, and not both.");
        errors.Demand(
            request.Administrator is null || request.Route is null, "administrator", "goes with permission; a route says itself whether it asks for one.");
        RouteRule? rule = null;
        if (request.Permission is not null)
        {
            AccessQuestion.CheckPermission(request.Permission, "permission", errors);
        }
        else if (request.Route is not null)
        {
            rule = routes.Find(request.Route);
            errors.Demand(rule is not null, "route", "is not a route; GET /v1/rbac/manifest lists them as method and path.");
        }

        return errors.ToProblem() is { } problem
            ? (null, problem)
            : (rule ?? AccessQuestion.About(request.Permission!, request.Administrator), null);
    }

    private sealed record Explanation(
        ExplainRequest Request,
        RouteRule Rule,
        Account Row,
        AccountState Account,
        ApiKey? Key,
        AccessSubject Subject,
        AccessVerdict Verdict,
        string EnvironmentId)
    {
        public ExplainResponse ToResponse(AccessDirectory directory)
        {
            var needed = Rule.NeededBy(Subject.Session);
            var roles = directory.RolesOf(Account.TenantId);
            var allowed = Verdict == AccessVerdict.Allowed;
            var refusedBy = AccessQuestion.RefusedBy(Subject.Constraints, Rule, Request.Resource);
            return new ExplainResponse
            {
                Allowed = allowed,
                Reason = AccessDecision.Reason(Verdict, Subject, Rule, Account.Type, roles),
                Missing = Verdict == AccessVerdict.AccountInactive && Row.Status == Statuses.Deleted ? "account_deleted" : AccessDecision.Missing(Verdict),
                Permission = Rule.PermissionFor(Subject.Session),
                RequiresAdministrator = needed.IsAdministrator,
                Route = Request.Route,
                EnvironmentId = EnvironmentId,
                Principal = Row.ToExplained(),
                AccountActive = Account.Rights.Active,
                ApiKey = Key is null ? null : new ExplainedApiKeyResponse
                {
                    Id = Key.Id,
                    Name = Key.Name,
                    DisplayId = Key.DisplayId,
                    EnvironmentId = Key.EnvironmentId,
                    ExpiresAt = Key.ExpiresAt,
                },
                KeyState = Key is null ? null : WordFor(Subject),
                Expired = Key is null ? null : Subject.IsExpired,
                Roles =
                [
                    .. Account.Rights.Roles.Select(id => new ExplainedRoleResponse
                    {
                        Id = id,
                        Grants = !needed.IsEmpty && AccessQuestion.Grants(directory, Account, id, needed),
                    }),
                ],
                Snapshot = Key is null ? null : new ExplainedSnapshotResponse
                {
                    Has = Subject.Snapshot.Covers(needed),
                    Permissions = Subject.Snapshot.Names,
                },
                Constraints = Subject.Constraints is null ? null : new ExplainedConstraintsResponse
                {
                    Allow = refusedBy is null,
                    RefusedBy = refusedBy,
                },
                GrantedBy = allowed ? AccessQuestion.GrantedBy(directory, Account, needed) : [],
                RolesThatGrant =
                [
                    .. AccessDecision.RolesThatGrant(roles, Account.Type, needed)
                        .Where(role => role.AssignableTo.Contains(Account.Type))
                        .Select(role => role.Id),
                ],
            };
        }

        private static string WordFor(in AccessSubject subject) => subject.Key switch
        {
            Access.KeyState.Revoked => "revoked",
            Access.KeyState.Honeytoken => "honeytoken",
            Access.KeyState.Disabled => "disabled",
            _ => subject.IsExpired ? "expired" : "live",
        };
    }
}
