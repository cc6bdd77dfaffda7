using Microsoft.AspNetCore.Http.HttpResults;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Accounts;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.ApiKeys;

/// <summary>
/// <c>POST /v1/secrets/api/keys/{id}/rotate</c>: a new key with the same or fewer rights. The old one works until the overlap ends. A key may
/// rotate itself; nobody else's.
/// </summary>
internal static class RotateApiKey
{
    public static void MapRotateApiKey(this Api v1) => v1.Post(
        "/secrets/api/keys/{id}/rotate", RouteRule.KeyItselfOr(Permissions.SecretWrite), HandleAsync);

    private static async Task<Results<Created<CreatedApiKeyResponse>, Problem>> HandleAsync(
        string id,
        Body<RotateApiKeyRequest> body,
        HttpContext context,
        AccessGate gate,
        AccessDirectory directory,
        ControlChanges changes,
        Ids ids,
        CancellationToken cancellationToken)
    {
        var request = body.Value;
        await using var change = await changes.BeginAsync(context, cancellationToken);
        var caller = change.Caller;
        var (old, owner) = await change.Db.ApiKeyAsync(caller, id, cancellationToken);
        var itself = caller.ApiKeyId == id;
        if (owner.Id != caller.AccountId && !caller.IsAdministrator)
        {
            return gate.Denied(caller, Permissions.SecretWrite, administrator: true);
        }

        if (Unfit(old, owner, change.Now) is { } unfit)
        {
            return unfit;
        }

        var (expiresAt, narrower, constraints, wrong) = await ReadAsync(change, request, old, itself, cancellationToken);
        if (wrong is not null)
        {
            return wrong;
        }

        // Never more than the old key can do now; what its account has lost is lost for the successor for good.
        var most = directory.SnapshotOf(old) & directory.Compile(owner.TenantId, owner.Type, owner.RoleIds());
        var permissions = narrower ?? most;
        if (!most.Covers(permissions) || !Grants.Covers(caller.Permissions, permissions))
        {
            return Grants.WouldEscalate(most & caller.Permissions, permissions);
        }

        foreach (var bound in new[] { ConstraintSet.FromJson(old.Constraints), caller.Constraints })
        {
            if (bound is not null && !bound.Covers(constraints))
            {
                return Grants.WouldWiden(bound, constraints);
            }
        }

        if (await NewApiKey.TooManyAsync(change, 1, cancellationToken) is { } full)
        {
            return full;
        }

        var made = NewApiKey.Make(
            change,
            ids,
            new NewApiKey.Plan
            {
                Owner = owner,
                EnvironmentId = old.EnvironmentId,
                Name = request.Name ?? old.Name,
                // A narrowed key is no administrator's key any more, which the role's name would say it is.
                Roles = [.. old.Roles.Intersect(owner.RoleIds()).Where(role => role != BuiltInRoles.SuperAdmin || permissions == most)],
                Permissions = permissions,
                ExpiresAt = expiresAt,
                Constraints = constraints,
                RotatedFrom = old.Id,
            },
            "api_key.rotate");
        var overlap = request.OverlapSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : itself ? Limits.OwnRotationOverlap : TimeSpan.Zero;
        await ReplaceAsync(change, directory, old, made.Row, overlap, cancellationToken);
        return await change.SaveAsync(
            TypedResults.Created(
                $"/v1/secrets/api/keys/{made.Row.Id}", new CreatedApiKeyResponse(made.Row.ToResponse(owner, change.Now), made.Token)),
            cancellationToken);
    }

    private static async Task<(DateTimeOffset? ExpiresAt, PermissionSet? Narrower, ConstraintSet? Constraints, Problem? Problem)> ReadAsync(
        ControlChange change, RotateApiKeyRequest request, ApiKey old, bool itself, CancellationToken cancellationToken)
    {
        var errors = new FieldErrors();
        var expiresAt = KeyLifetime.Read(
            request.ExpiresAt,
            request.ExpiresInDays,
            otherwise: KeyLifetime.After(change.Now, old.ExpiresAt - old.CreatedAt),
            await KeyLifetime.LongestAsync(change, cancellationToken),
            change.Now,
            errors);
        DemandNoLongerLife(change.Caller, old, itself, expiresAt, change.Now, errors);
        var narrower = PermissionsOf(request.Permissions, errors);
        var constraints = request.Constraints is null
            ? ConstraintSet.FromJson(old.Constraints)
            : ConstraintSet.From(request.Constraints, "constraints", errors);
        return (expiresAt, narrower, constraints, errors.ToProblem());
    }

    private static Problem? Unfit(ApiKey old, Account owner, DateTimeOffset now)
    {
        var state = old.StateAt(now, owner);
        return state switch
        {
            "active" => null,
            "rotating" => new Problem(409, ErrorCodes.Conflict, $"The key has been rotated already; {old.RotatedTo} replaced it.")
            {
                Detail = "Rotate that one. Then this one dies at once: only the newest two of a line live.",
            },
            _ => new Problem(409, ErrorCodes.Conflict, $"The key can't be rotated: it is {state.Replace('_', ' ')}.")
            {
                Detail = "Only a key that works can be replaced by another with its rights. Create a new key.",
            },
        };
    }

    /// <summary>A key that replaces itself gets as long a life as it was made for, and no longer; one that replaces another, not beyond its own.</summary>
    private static void DemandNoLongerLife(
        Caller caller, ApiKey old, bool itself, DateTimeOffset? expiresAt, DateTimeOffset now, FieldErrors errors)
    {
        var latest = itself ? KeyLifetime.After(now, old.ExpiresAt - old.CreatedAt) : caller.KeyExpiresAt;
        if (latest is { } end && !(expiresAt <= end))
        {
            errors.Add("expires_at", itself
                ? $"must not give the key a longer life than the one it replaces was made for, so not after {Rfc3339.Format(end)}."
                : $"must not be later than the expiry of the key that asks, {Rfc3339.Format(end)}.");
        }
    }

    private static PermissionSet? PermissionsOf(IReadOnlyList<string>? names, FieldErrors errors)
    {
        if (names is null)
        {
            return null;
        }

        var all = PermissionSet.Empty;
        for (var index = 0; index < names.Count; index++)
        {
            if (Permissions.All.Contains(names[index]))
            {
                all |= PermissionSet.Of(names[index]);
            }
            else
            {
                errors.Add($"permissions[{index}]", "is not a permission; GET /v1/rbac/manifest lists them.");
            }
        }

        return all;
    }

    /// <summary>Lets the old key end with the overlap, and the one that it had replaced at once: the newest two of a line live.</summary>
    private static async Task ReplaceAsync(
        ControlChange change, AccessDirectory directory, ApiKey old, ApiKey made, TimeSpan overlap, CancellationToken cancellationToken)
    {
        if (old.RotatedFrom is { } earlier
            && await change.Db.ApiKeys.FindAsync([earlier], cancellationToken) is { Status: Statuses.Published } oldest)
        {
            KeyRevocation.Revoke(change, directory, oldest, "rotated");
        }

        if (overlap == TimeSpan.Zero)
        {
            old.RotatedTo = made.Id;
            KeyRevocation.Revoke(change, directory, old, "rotated");
            return;
        }

        var before = old.ToAudit();
        var end = change.Now + overlap;
        old.RotatedTo = made.Id;
        old.ExpiresAt = old.ExpiresAt < end ? old.ExpiresAt : end;
        old.UpdatedAt = change.Now;
        change.Record("api_key.retire", "api_key", old.Id, before, old.ToAudit());
        change.Publish(access => access.Put(old));
    }
}
