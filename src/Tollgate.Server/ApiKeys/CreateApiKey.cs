using Microsoft.AspNetCore.Http.HttpResults;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Accounts;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.ApiKeys;

/// <summary>
/// <c>POST /v1/secrets/api/keys</c>: a key for the caller's own account, or by an administrator for a service account. The key is in
/// this answer and never again.
/// </summary>
internal static class CreateApiKey
{
    public static void MapCreateApiKey(this Api v1) =>
        v1.Post("/secrets/api/keys", RouteRule.Requires(Permissions.SecretWrite).ForConstrainedKeys(), HandleAsync);

    private static async Task<Results<Created<CreatedApiKeyResponse>, Problem>> HandleAsync(
        Body<CreateApiKeyRequest> body,
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
        var honeytoken = request.Honeytoken == true;
        var forOther = request.ServiceAccountId is not null && request.ServiceAccountId != caller.AccountId;
        if ((forOther || honeytoken) && !caller.IsAdministrator)
        {
            return gate.Denied(caller, Permissions.SecretWrite, administrator: true);
        }

        var (expiresAt, constraints, wrong) = await ReadAsync(change, request, honeytoken, cancellationToken);
        if (wrong is not null)
        {
            return wrong;
        }

        var (owner, unfit) = await OwnerAsync(change, request.ServiceAccountId, cancellationToken);
        if (unfit is not null)
        {
            return unfit;
        }

        // The snapshot is what the account holds now, and the caller must hold all of it: a narrow key makes no wider one.
        var permissions = honeytoken ? PermissionSet.Empty : directory.Compile(owner.TenantId, owner.Type, owner.RoleIds());
        if (!Grants.Covers(caller.Permissions, permissions))
        {
            return Grants.WouldEscalate(caller.Permissions, permissions);
        }

        if (caller.Constraints is { } own && !own.Covers(constraints))
        {
            return Grants.WouldWiden(own, constraints);
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
                EnvironmentId = caller.EnvironmentId,
                Name = request.Name,
                Roles = honeytoken ? [] : owner.RoleIds(),
                Permissions = permissions,
                ExpiresAt = expiresAt,
                Constraints = constraints,
                Kind = honeytoken ? ApiKeyKinds.Honeytoken : ApiKeyKinds.Standard,
            },
            "api_key.create");
        return await change.SaveAsync(
            TypedResults.Created(
                $"/v1/secrets/api/keys/{made.Row.Id}", new CreatedApiKeyResponse(made.Row.ToResponse(owner, change.Now), made.Token)),
            cancellationToken);
    }

    private static async Task<(DateTimeOffset? ExpiresAt, ConstraintSet? Constraints, Problem? Problem)> ReadAsync(
        ControlChange change, CreateApiKeyRequest request, bool honeytoken, CancellationToken cancellationToken)
    {
        var errors = new FieldErrors();
        var expiresAt = KeyLifetime.Read(
            request.ExpiresAt,
            request.ExpiresInDays,
            otherwise: null,
            honeytoken ? null : await KeyLifetime.LongestAsync(change, cancellationToken),
            change.Now,
            errors);
        if (change.Caller.KeyExpiresAt is { } ceiling && !(expiresAt <= ceiling))
        {
            // Or a key could outlive itself by making others.
            errors.Add("expires_at", $"must not be later than the expiry of the key that asks, {Rfc3339.Format(ceiling)}.");
        }

        var constraints = ConstraintSet.From(request.Constraints, "constraints", errors);
        return (expiresAt, constraints, errors.ToProblem());
    }

    private static async Task<(Account Owner, Problem? Problem)> OwnerAsync(
        ControlChange change, string? serviceAccountId, CancellationToken cancellationToken)
    {
        var owner = await change.Db.LiveAccountAsync(
            change.Caller.TenantId, serviceAccountId ?? change.Caller.AccountId, cancellationToken);
        if (serviceAccountId is not null && owner.Type != AccountTypes.ServiceAccount)
        {
            return (owner, Problem.Invalid("service_account_id", "names a person; people make their own keys."));
        }

        return owner.Status == Statuses.Published
            ? (owner, null)
            : (owner, Problem.Invalid("service_account_id", "names a disabled account; enable it first."));
    }
}
