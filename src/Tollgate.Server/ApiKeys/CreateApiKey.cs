using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
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
        if (request.ServiceAccountId is not null && request.ServiceAccountId != caller.AccountId && !caller.IsAdministrator)
        {
            return gate.Denied(caller, Permissions.SecretWrite, administrator: true);
        }

        if (request.ExpiresAt <= change.Now)
        {
            return Problem.Invalid("expires_at", "must be in the future.");
        }

        if (caller.KeyExpiresAt is { } ceiling && !(request.ExpiresAt <= ceiling))
        {
            // Or a key could outlive itself by making its own successor.
            return Problem.Invalid("expires_at", $"must not be later than the expiry of the key that asks, {Rfc3339.Format(ceiling)}.");
        }

        var owner = await change.Db.LiveAccountAsync(caller.TenantId, request.ServiceAccountId ?? caller.AccountId, cancellationToken);
        if (request.ServiceAccountId is not null && owner.Type != AccountTypes.ServiceAccount)
        {
            return Problem.Invalid("service_account_id", "names a person; people make their own keys.");
        }

        if (owner.Status != Statuses.Published)
        {
            return Problem.Invalid("service_account_id", "names a disabled account; enable it first.");
        }

        // The snapshot is what the account holds now, and the caller must hold all of it: a narrow key makes no wider one.
        var permissions = directory.Compile(owner.TenantId, owner.Type, owner.RoleIds());
        if (!Grants.Covers(caller.Permissions, permissions))
        {
            return Grants.WouldEscalate(caller.Permissions, permissions);
        }

        var errors = new FieldErrors();
        var constraints = ConstraintSet.From(request.Constraints, "constraints", errors);
        if (errors.ToProblem() is { } wrong)
        {
            return wrong;
        }

        if (caller.Constraints is { } own && !own.Covers(constraints))
        {
            return Grants.WouldWiden(own, constraints);
        }

        if (await change.Db.ApiKeys.CountAsync(
                key => key.TenantId == owner.TenantId && key.Status == Statuses.Published, cancellationToken) >= Limits.MaxKeysPerTenant)
        {
            return new Problem(409, ErrorCodes.Conflict, $"The tenant has {Limits.MaxKeysPerTenant} live keys, which is the limit.");
        }

        var token = SecretText.NewKey();
        var row = new ApiKey
        {
            Id = ids.ApiKey(),
            TenantId = owner.TenantId,
            EnvironmentId = caller.EnvironmentId,
            AccountId = owner.Id,
            Name = request.Name,
            DisplayId = SecretText.DisplayId(token),
            Digest = SecretText.Digest(token),
            Roles = owner.RoleIds(),
            Permissions = permissions.Names,
            Constraints = constraints?.Json,
            ExpiresAt = request.ExpiresAt,
            Status = Statuses.Published,
            CreatedAt = change.Now,
            UpdatedAt = change.Now,
            CreatedBy = caller.AccountId,
        };
        change.Db.ApiKeys.Add(row);
        change.Record("api_key.create", "api_key", row.Id, after: row.ToAudit());
        change.Publish(access => access.Add(row));
        await change.SaveAsync(cancellationToken);
        return TypedResults.Created($"/v1/secrets/api/keys/{row.Id}", new CreatedApiKeyResponse(row.ToResponse(owner), token));
    }
}
