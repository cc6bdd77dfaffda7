using System.Globalization;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Accounts;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.ApiKeys;

/// <summary>
/// <c>POST /v1/secrets/api/keys/import</c>: takes over keys that another system made by their SHA-256, so that no client changes. All of them
/// or none; none with a permission that its account or the importer does not hold.
/// </summary>
internal static class ImportApiKeys
{
    public static void MapImportApiKeys(this Api v1) =>
        v1.Post("/secrets/api/keys/import", RouteRule.Administrator(Permissions.SecretWrite), HandleAsync);

    private static async Task<Results<Created<ImportedApiKeysResponse>, Problem>> HandleAsync(
        Body<ImportApiKeysRequest> body,
        HttpContext context,
        AccessDirectory directory,
        ControlChanges changes,
        Ids ids,
        CancellationToken cancellationToken)
    {
        var asked = body.Value.Keys;
        await using var change = await changes.BeginAsync(context, cancellationToken);
        var caller = change.Caller;
        var longest = await KeyLifetime.LongestAsync(change, cancellationToken);
        var owners = await OwnersAsync(change, asked, cancellationToken);
        var errors = new FieldErrors();
        var rows = new List<(ApiKey Row, Account Owner)>();
        var granted = PermissionSet.Empty;
        var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        for (var index = 0; index < asked.Count; index++)
        {
            var path = string.Create(CultureInfo.InvariantCulture, $"keys[{index}].");
            errors.Demand(seen.Add(asked[index].Sha256), $"{path}sha256", "is there twice.");
            if (Read(asked[index], path, owners, directory, longest, change, ids, errors) is { } read)
            {
                granted |= PermissionSet.OfGrants(read.Row.Permissions);
                rows.Add(read);
            }
        }

        if (errors.ToProblem() is { } wrong)
        {
            return wrong;
        }

        if (!Grants.Covers(caller.Permissions, granted))
        {
            return Grants.WouldEscalate(caller.Permissions, granted);
        }

        if (caller.Constraints is { } own && rows.Find(each => !own.Covers(ConstraintSet.FromJson(each.Row.Constraints))) is { Row: { } wider })
        {
            return Grants.WouldWiden(own, ConstraintSet.FromJson(wider.Constraints));
        }

        if (await NewApiKey.TooManyAsync(change, rows.Count, cancellationToken) is { } full)
        {
            return full;
        }

        if (await KnownAsync(change, rows, cancellationToken) is { } known)
        {
            return known;
        }

        rows.ForEach(each => NewApiKey.Add(change, each.Row, "api_key.import"));
        var answer = new ImportedApiKeysResponse
        {
            Imported = rows.Count,
            Keys = [.. rows.Select(each => each.Row.ToResponse(each.Owner, change.Now))],
        };
        return await change.SaveAsync(TypedResults.Created("/v1/secrets/api/keys", answer), cancellationToken);
    }

    private static async Task<IReadOnlyDictionary<string, Account>> OwnersAsync(
        ControlChange change, IReadOnlyList<ImportedApiKey> asked, CancellationToken cancellationToken)
    {
        var names = asked.Select(key => key.ServiceAccountId).Distinct(StringComparer.Ordinal).ToList();
        var tenantId = change.Caller.TenantId;
        return await change.Db.Accounts.Include(row => row.Roles)
            .Where(row => row.TenantId == tenantId && names.Contains(row.Id))
            .ToDictionaryAsync(row => row.Id, cancellationToken);
    }

    private static (ApiKey Row, Account Owner)? Read(
        ImportedApiKey key,
        string path,
        IReadOnlyDictionary<string, Account> owners,
        AccessDirectory directory,
        TimeSpan? longest,
        ControlChange change,
        Ids ids,
        FieldErrors errors)
    {
        var isHex = key.Sha256.All(char.IsAsciiHexDigit);
        errors.Demand(isHex, $"{path}sha256", "must be 64 hexadecimal digits, the SHA-256 of the key's text.");
        var expiresAt = KeyLifetime.Read(key.ExpiresAt, null, otherwise: null, longest, change.Now, errors, path);
        var constraints = ConstraintSet.From(key.Constraints, $"{path}constraints", errors);
        if (!owners.TryGetValue(key.ServiceAccountId, out var owner)
            || owner.Type != AccountTypes.ServiceAccount
            || owner.Status != Statuses.Published)
        {
            errors.Add($"{path}service_account_id", "names no active service account.");
            return null;
        }

        var held = owner.RoleIds();
        var roles = key.Roles ?? held;
        foreach (var role in roles.Except(held, StringComparer.Ordinal))
        {
            errors.Add($"{path}roles", $"{role} is not a role that the account holds; it holds {string.Join(", ", held)}.");
        }

        if (!isHex)
        {
            return null;
        }

        var digest = Convert.FromHexString(key.Sha256);
        var row = new ApiKey
        {
            Id = ids.ApiKey(),
            TenantId = owner.TenantId,
            EnvironmentId = change.Caller.EnvironmentId,
            AccountId = owner.Id,
            Name = key.Name,
            DisplayId = $"sha256:…{key.Sha256[^4..].ToLowerInvariant()}",
            Digest = digest,
            Imported = true,
            Roles = [.. roles.Distinct(StringComparer.Ordinal)],
            Permissions = directory.Compile(owner.TenantId, owner.Type, roles.Intersect(held, StringComparer.Ordinal)).Names,
            Constraints = constraints?.Json,
            ExpiresAt = expiresAt,
            Status = Statuses.Published,
            CreatedAt = change.Now,
            UpdatedAt = change.Now,
            CreatedBy = change.Caller.AccountId,
        };
        return (row, owner);
    }

    /// <summary>The 409 that names the first key which is here already, dead or alive; null when none is.</summary>
    private static async Task<Problem?> KnownAsync(
        ControlChange change, List<(ApiKey Row, Account Owner)> rows, CancellationToken cancellationToken)
    {
        for (var index = 0; index < rows.Count; index++)
        {
            var digest = rows[index].Row.Digest;
            if (await change.Db.ApiKeys.AnyAsync(key => key.Digest == digest, cancellationToken))
            {
                return new Problem(
                    409, ErrorCodes.AlreadyExists, string.Create(CultureInfo.InvariantCulture, $"keys[{index}].sha256: the key is here already."))
                {
                    Detail = "Nothing was imported. Leave it out; a revoked key can't be imported again.",
                };
            }
        }

        return null;
    }
}
