using Microsoft.EntityFrameworkCore;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.ApiKeys;

/// <summary>A key that has just been made, with the text that only one answer will hold.</summary>
internal sealed record NewApiKey(ApiKey Row, string Token)
{
    /// <summary>What a new key is to be, decided and checked.</summary>
    internal sealed record Plan
    {
        public required Account Owner { get; init; }

        public required string EnvironmentId { get; init; }

        public required string Name { get; init; }

        /// <summary>The roles that the snapshot was taken of.</summary>
        public required IReadOnlyList<string> Roles { get; init; }

        public required PermissionSet Permissions { get; init; }

        public required DateTimeOffset? ExpiresAt { get; init; }

        public ConstraintSet? Constraints { get; init; }

        public string Kind { get; init; } = ApiKeyKinds.Standard;

        public string? RotatedFrom { get; init; }
    }

    /// <summary>Makes the key within a change, which records it and makes it known.</summary>
    public static NewApiKey Make(ControlChange change, Ids ids, Plan plan, string action)
    {
        var token = SecretText.NewKey();
        var (head, tail) = SecretText.Pieces(token);
        var row = new ApiKey
        {
            Id = ids.ApiKey(),
            TenantId = plan.Owner.TenantId,
            EnvironmentId = plan.EnvironmentId,
            AccountId = plan.Owner.Id,
            Name = plan.Name,
            DisplayId = SecretText.DisplayId(token),
            Digest = SecretText.Digest(token),
            HeadDigest = SecretText.Digest(head),
            TailDigest = SecretText.Digest(tail),
            Roles = plan.Roles,
            Permissions = plan.Permissions.Names,
            Constraints = plan.Constraints?.Json,
            Kind = plan.Kind,
            RotatedFrom = plan.RotatedFrom,
            ExpiresAt = plan.ExpiresAt,
            Status = Statuses.Published,
            CreatedAt = change.Now,
            UpdatedAt = change.Now,
            CreatedBy = change.Caller.AccountId,
        };
        Add(change, row, action);
        return new NewApiKey(row, token);
    }

    /// <summary>Adds a key's row to a change.</summary>
    public static void Add(ControlChange change, ApiKey row, string action)
    {
        change.Db.ApiKeys.Add(row);
        change.Record(action, "api_key", row.Id, after: row.ToAudit());
        change.Publish(access => access.Add(row));
    }

    /// <summary>The 409 of a tenant that can't have so many more live keys; null when it can.</summary>
    public static async Task<Problem?> TooManyAsync(ControlChange change, int more, CancellationToken cancellationToken)
    {
        var tenantId = change.Caller.TenantId;
        var live = await change.Db.ApiKeys.CountAsync(
            key => key.TenantId == tenantId && key.Status == Statuses.Published, cancellationToken);
        return live + more <= Limits.MaxKeysPerTenant
            ? null
            : new Problem(409, ErrorCodes.Conflict, $"The tenant has {live} of {Limits.MaxKeysPerTenant} live keys, which is the limit.")
            {
                Detail = "Revoke keys that nobody needs; GET /v1/secrets/api/keys?attention=true names some.",
            };
    }
}
