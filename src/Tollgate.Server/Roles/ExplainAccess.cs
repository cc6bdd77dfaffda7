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
        var (standing, snapshot) = key is null ? (KeyStanding.Live, PermissionSet.Empty) : gate.Look(key.Digest);
        if (standing == KeyStanding.Revoked)
        {
            // The directory forgets what was revoked; the row remembers what it had.
            snapshot = directory.SnapshotOf(key!);
        }

        var subject = key is null ? AccessSubject.Of(account) : AccessSubject.Of(standing, snapshot, account.Rights);
        var verdict = AccessDecision.Standing(subject);
        if (verdict == AccessVerdict.Allowed)
        {
            verdict = key is not null && environmentId != key.EnvironmentId ? AccessVerdict.Environment : AccessDecision.Judge(subject, rule!);
        }

        return TypedResults.Ok(new Explanation(request, rule!, row, account, key, standing, subject, verdict, environmentId).ToResponse(directory));
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
        KeyStanding Standing,
        AccessSubject Subject,
        AccessVerdict Verdict,
        string EnvironmentId)
    {
        public ExplainResponse ToResponse(AccessDirectory directory)
        {
            var needed = Rule.NeededBy(Subject.Session);
            var roles = directory.RolesOf(Account.TenantId);
            var allowed = Verdict == AccessVerdict.Allowed;
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
                KeyState = Key is null ? null : WordFor(Standing),
                Expired = Key is null ? null : Standing == KeyStanding.Expired,
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
                Constraints = null,
                GrantedBy = allowed ? AccessQuestion.GrantedBy(directory, Account, needed) : [],
                RolesThatGrant =
                [
                    .. AccessDecision.RolesThatGrant(roles, Account.Type, needed)
                        .Where(role => role.AssignableTo.Contains(Account.Type))
                        .Select(role => role.Id),
                ],
            };
        }

        private static string WordFor(KeyStanding standing) => standing switch
        {
            KeyStanding.Live => "live",
            KeyStanding.Disabled => "disabled",
            KeyStanding.Expired => "expired",
            KeyStanding.Revoked => "revoked",
            KeyStanding.Trap => "honeytoken",
            _ => throw new InvalidOperationException($"{standing} has no word."),
        };
    }
}
