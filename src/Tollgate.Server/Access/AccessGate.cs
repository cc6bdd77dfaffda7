using Microsoft.AspNetCore.Http.Features;
using Tollgate.Contracts;
using Tollgate.Server.Audit;
using Tollgate.Server.Dashboard;
using Tollgate.Server.Hosting;

namespace Tollgate.Server.Access;

/// <summary>The one place where a request is let in or refused: credential → <see cref="Caller"/> → the route's <see cref="RouteRule"/>.</summary>
internal sealed partial class AccessGate(
    AccessDirectory directory, RequestBounds bounds, Traps traps, DashboardPage page, TimeProvider time, Ids ids, ILogger<AccessGate> logger)
{
    private const string EnvironmentHeader = "X-Environment-ID";
    private const string AcceptedPermissions = "X-Accepted-Permissions";

    // The clock may step back; a key that was seen to be expired stays so.
    private long _latestSeen;

    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        var endpoint = context.GetEndpoint();
        if (endpoint is null)
        {
            await traps.WatchAsync(context);
            await (DashboardPage.IsAskedForBy(context.Request) ? page.SendAsync(context) : ErrorAnswers.UnknownRoute.ExecuteAsync(context));
            return;
        }

        var rule = endpoint.Metadata.GetMetadata<RouteRule>();
        if (rule is null)
        {
            // Framework endpoints (405, 415) carry no rule; everything of ours does, which start-up checks.
            await traps.WatchAsync(context);
            await next(context);
            return;
        }

        if (rule.Access == RouteAccess.Public)
        {
            await traps.WatchAsync(context);
            await next(context);
            return;
        }

        var (caller, problem) = Admit(context, rule);
        if (problem is not null)
        {
            if (problem.Status == StatusCodes.Status401Unauthorized)
            {
                await traps.WatchAsync(context);
            }

            await problem.ExecuteAsync(context);
            return;
        }

        if (rule.Permission is { } permission)
        {
            // Whoever builds a role for a client reads from its answers what the role must have.
            context.Response.Headers[AcceptedPermissions] = permission;
        }

        context.Features.Set(caller);
        await next(context);
        if (context.Response.StatusCode == StatusCodes.Status403Forbidden)
        {
            // Let in, and refused for what it asked in detail.
            lock (caller!.Account.Admission)
            {
                caller.Account.Use.Refuse(caller.KeyNumber, rule, time.GetUtcNow());
            }
        }
    }

    /// <summary>Judges the caller again, against what holds now; for the inside of a change, where nothing else changes meanwhile.</summary>
    public (Caller? Caller, Problem? Problem) JudgeAgain(HttpContext context)
    {
        while (true)
        {
            var (caller, problem) = JudgeOnceMore(context);
            if (problem is not null)
            {
                return (null, problem);
            }

            lock (caller!.Account.Admission)
            {
                if (StillHolds(caller))
                {
                    Passed(caller, context);
                    return (caller, null);
                }
            }
        }
    }

    /// <summary>As <see cref="JudgeAgain"/>, ahead of the last judgement: nothing is recorded.</summary>
    public (Caller? Caller, Problem? Problem) JudgeOnceMore(HttpContext context)
    {
        var rule = context.GetEndpoint()!.Metadata.GetRequiredMetadata<RouteRule>();
        var caller = context.Features.GetRequiredFeature<Caller>();
        var again = caller.Session is null
            ? FromKey(caller.Digest, RequestMark.Of(context, time.GetUtcNow()))
            : FromSession(caller.Digest, caller.Environment.Id);
        return again is null ? (null, Problem.Unauthenticated) : (again, Refusal(again, rule, context));
    }

    /// <summary>
    /// Judges the caller again for the last time before the request stores events: until <see cref="EndStoring"/> an answer that says the
    /// credential is dead waits. Null, and nothing to end, when it is dead already.
    /// </summary>
    public (Caller? Caller, Problem? Problem, StoringWave? Storing) BeginStoring(HttpContext context)
    {
        while (true)
        {
            var (caller, problem) = JudgeOnceMore(context);
            if (problem is not null)
            {
                return (null, problem, null);
            }

            lock (caller!.Account.Admission)
            {
                if (StillHolds(caller))
                {
                    Passed(caller, context);
                    return (caller, null, caller.Account.BeginStoring());
                }
            }
        }
    }

    public static void EndStoring(Caller caller, StoringWave storing) => caller.Account.EndStoring(storing);

    /// <summary>
    /// Judges a request, and records in one step with the last look at what it was judged by that it was let in or refused. What is taken
    /// away meanwhile makes it be judged anew.
    /// </summary>
    private (Caller? Caller, Problem? Problem) Admit(HttpContext context, RouteRule rule)
    {
        var mark = RequestMark.Of(context, time.GetUtcNow());
        while (true)
        {
            var (caller, problem) = Judge(context, rule, mark);
            if (caller is null)
            {
                return (null, problem);
            }

            lock (caller.Account.Admission)
            {
                if (!StillHolds(caller))
                {
                    continue;
                }

                if (problem?.Status != StatusCodes.Status429TooManyRequests)
                {
                    caller.Account.Use.Add(caller.KeyNumber, rule, accepted: problem is null, mark);
                }

                if (problem is null && !rule.IsJudgedAgain)
                {
                    Remember(caller, rule, mark);
                }
            }

            return problem is { Status: 403, Denial: null }
                ? (null, problem with { Denial = new Denial(caller, rule.Permission, rule.Access == RouteAccess.Administrator) })
                : (problem is null ? caller : null, problem);
        }
    }

    /// <summary>Records, under the account's lock, that this is the last request that the credential let pass.</summary>
    private void Passed(Caller caller, HttpContext context)
    {
        var rule = context.GetEndpoint()!.Metadata.GetRequiredMetadata<RouteRule>();
        var mark = RequestMark.Of(context, time.GetUtcNow());
        caller.Account.Use.Passed(caller.KeyNumber, rule, mark);
        Remember(caller, rule, mark);
    }

    private static void Remember(Caller caller, RouteRule rule, in RequestMark mark)
    {
        var last = new LastAccepted(mark, rule.Route, caller.ApiKeyId);
        caller.Account.LastAccepted = last;
        if (caller.Session is not null)
        {
            caller.Session.LastAccepted = last;
        }
    }

    /// <summary>Whether what the caller was judged by is as it was. Under the account's lock, so it stays so until the lock is given back.</summary>
    private bool StillHolds(Caller caller) =>
        ReferenceEquals(caller.Account.Rights, caller.Rights)
        && (caller.Session is { } session
            ? !session.Ended
            : directory.TryFindKey(caller.Digest, out var entry, out _, out _) && entry.State == KeyState.Live);

    /// <summary>The 403 of a caller without what is needed, with everything it takes to mend it.</summary>
    public Problem Denied(Caller caller, string permission, bool administrator) =>
        Denied(caller, administrator ? RouteRule.Administrator(permission) : RouteRule.Requires(permission));

    private Problem Denied(Caller caller, RouteRule rule)
    {
        var subject = AccessSubject.Of(caller);
        var permission = rule.PermissionFor(subject.Session)!;
        var needed = rule.NeededBy(subject.Session);
        var verdict = AccessDecision.Judge(subject, rule);
        var colon = permission.IndexOf(':', StringComparison.Ordinal);
        var (entity, action) = (permission[..colon], permission[(colon + 1)..]);
        var decision = ids.Decision();
        LogDenied(logger, decision, caller.AccountId, caller.ApiKeyId ?? caller.Session?.Id, permission, needed.IsAdministrator);
        var roles = directory.RolesOf(caller.TenantId);
        // Only a person can be an administrator, whoever asks; whether this account can be given the role is told beside.
        var granting = AccessDecision.RolesThatGrant(roles, needed.IsAdministrator ? AccountTypes.User : caller.Account.Type, needed).ToList();
        var assignable = granting.Where(role =>
            role.AssignableTo.Contains(caller.Account.Type) && role.PermissionsFor(caller.Account.Type).Covers(needed));
        return new Problem(403, ErrorCodes.PermissionDenied, $"Insufficient permissions to {action} {entity}")
        {
            Error = "Forbidden",
            Detail = AccessDecision.Reason(verdict, subject, rule, caller.Account.Type, roles),
            Details = new
            {
                required_permission = permission,
                requires_administrator = needed.IsAdministrator,
                missing = AccessDecision.Missing(verdict),
                held_roles = caller.Rights.Roles,
                roles_that_grant = granting.Select(role => role.Id),
                assignable_roles_that_grant = assignable.Select(role => role.Id),
                key_permissions = caller.ApiKeyId is null ? null : caller.Snapshot.Names,
                decision_id = decision,
            },
            Headers = new Dictionary<string, string> { [AcceptedPermissions] = permission },
            Denial = new Denial(caller, permission, needed.IsAdministrator, decision),
        };
    }

    /// <summary>The secret that a request shows, which the gate has let in.</summary>
    public string SecretOf(HttpRequest request) => RequestCredential.Of(request, directory.HasImportedKeys).Secret ?? throw new InvalidOperationException("There is no credential.");

    /// <summary>Who it is, if anybody, and why they are refused, if they are.</summary>
    private (Caller? Caller, Problem? Problem) Judge(HttpContext context, RouteRule rule, in RequestMark mark)
    {
        var request = context.Request;
        var (secret, isKey) = RequestCredential.Of(request, directory.HasImportedKeys);
        if (secret is null)
        {
            return (null, Problem.Unauthenticated);
        }

        var digest = SecretText.Digest(secret);
        var caller = isKey ? FromKey(digest, mark) : FromSession(digest, environmentId: null);
        if (caller is null)
        {
            return (null, Problem.Unauthenticated);
        }

        if (bounds.Refusal(context, caller, rule) is { } outside)
        {
            return (caller, outside);
        }

        var named = request.Headers[EnvironmentHeader];
        if (named.Count > 1)
        {
            return (caller, Problem.Invalid(EnvironmentHeader, "may be sent once."));
        }

        if (caller.Session is not null && CrossSite.Refusal(request) is { } foreign)
        {
            return (caller, foreign);
        }

        if (named.Count == 1 && named[0] != caller.EnvironmentId)
        {
            if (isKey)
            {
                return (caller, new Problem(403, ErrorCodes.EnvironmentMismatch, "The key belongs to another environment than the request names.")
                {
                    Error = "Forbidden",
                    Detail = $"A key is bound to the environment it was created in. Leave {EnvironmentHeader} out, or use a key of that environment.",
                });
            }

            if (FromSession(digest, named[0]) is not { } elsewhere)
            {
                return (caller, Problem.NotFound("environment"));
            }

            caller = elsewhere;
        }

        return (caller, Refusal(caller, rule, context));
    }

    private Problem? Refusal(Caller caller, RouteRule rule, HttpContext context) => Verdict(caller, rule, context) switch
    {
        AccessVerdict.Allowed => null,
        AccessVerdict.Constraint => bounds.RefusalOfRoute(caller, rule),
        AccessVerdict.Role or AccessVerdict.Administrator or AccessVerdict.Snapshot => Denied(caller, rule),
        AccessVerdict.PasswordChange => new Problem(403, ErrorCodes.PasswordChangeRequired, "The password must be changed first.")
        {
            Error = "Forbidden",
            Detail = "POST /v1/auth/password with current_password and new_password.",
        },
        // A key is no session, whoever's it is; and what no longer works is like what never did.
        _ => Problem.Unauthenticated,
    };

    private static AccessVerdict Verdict(Caller caller, RouteRule rule, HttpContext context) =>
        AccessDecision.Judge(AccessSubject.Of(caller), rule, rule.IsForKeyItself(caller, context));

    /// <summary>A key of an account as a decision sees it; what the directory does not know is revoked.</summary>
    public AccessSubject SubjectOf(ReadOnlySpan<byte> digest, AccountRights rights) => directory.TryFindKey(digest, out var entry, out _, out _)
        ? SubjectOf(entry, rights)
        : AccessSubject.OfKey(KeyState.Revoked, isExpired: false, PermissionSet.Empty, constraints: null, rights);

    private AccessSubject SubjectOf(in KeyEntry entry, AccountRights rights) =>
        AccessSubject.OfKey(entry.State, entry.ExpiresAt <= Now(), entry.Snapshot, directory.ConstraintsOf(entry), rights);

    private Caller? FromKey(byte[] digest, in RequestMark mark)
    {
        if (!directory.TryFindKey(digest, out var entry, out var account, out var environment))
        {
            return null;
        }

        var rights = account.Rights;
        if (AccessDecision.Standing(SubjectOf(entry, rights)) != AccessVerdict.Allowed)
        {
            if (entry.State == KeyState.Revoked)
            {
                lock (account.Admission)
                {
                    account.Use.AddAttempt(entry.Key, mark);
                }
            }

            return null;
        }

        return new Caller
        {
            Account = account,
            Rights = rights,
            Environment = environment,
            Permissions = entry.Snapshot & rights.Permissions,
            Digest = digest,
            ApiKeyId = Ids.Text(Ids.ApiKeyPrefix, entry.Key),
            KeyNumber = entry.Key,
            KeyExpiresAt = entry.ExpiresAt == long.MaxValue ? null : Microseconds.Time(entry.ExpiresAt),
            Snapshot = entry.Snapshot,
            Constraints = directory.ConstraintsOf(entry),
        };
    }

    private Caller? FromSession(byte[] digest, string? environmentId)
    {
        var now = time.GetUtcNow();
        if (directory.FindSession(digest) is not { } session
            || session.ExpiresAt <= now
            || session.LastSeenAt + Limits.SessionIdle <= now)
        {
            return null;
        }

        var rights = session.Account.Rights;
        var environment = environmentId is null
            ? directory.DefaultEnvironment(session.Account.TenantId)
            : directory.FindEnvironment(session.Account.TenantId, environmentId);
        if (!rights.Active || environment is null)
        {
            return null;
        }

        session.LastSeenAt = now;
        return new Caller
        {
            Account = session.Account,
            Rights = rights,
            Environment = environment,
            Permissions = rights.Permissions,
            Digest = digest,
            Session = session,
            Snapshot = PermissionSet.AllNamed | PermissionSet.Administrator,
        };
    }

    private long Now()
    {
        var now = time.GetUtcNow().ToMicroseconds();
        var latest = Volatile.Read(ref _latestSeen);
        while (now > latest)
        {
            var seen = Interlocked.CompareExchange(ref _latestSeen, now, latest);
            if (seen == latest)
            {
                return now;
            }

            latest = seen;
        }

        return latest;
    }

    [LoggerMessage(1001, LogLevel.Information,
        "Denied {DecisionId}: account {AccountId} by {CredentialId} lacks {Permission} (administrator needed: {Administrator})")]
    private static partial void LogDenied(
        ILogger logger, string decisionId, string accountId, string? credentialId, string permission, bool administrator);
}
