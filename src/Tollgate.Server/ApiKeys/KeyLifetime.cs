using Microsoft.EntityFrameworkCore;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;

namespace Tollgate.Server.ApiKeys;

/// <summary>When a new key expires: as asked, within what the tenant's settings and the key that asks allow.</summary>
internal static class KeyLifetime
{
    /// <summary>The longest life of the tenant's new keys; null for no limit.</summary>
    public static async Task<TimeSpan?> LongestAsync(ControlChange change, CancellationToken cancellationToken)
    {
        var tenantId = change.Caller.TenantId;
        var days = await change.Db.TenantSettings.AsNoTracking()
            .Where(row => row.TenantId == tenantId)
            .Select(row => row.MaxKeyLifetimeDays)
            .SingleOrDefaultAsync(cancellationToken);
        return days is { } most ? TimeSpan.FromDays(most) : null;
    }

    /// <summary>So long after a moment; the end of time where that would be after it. Null for ever.</summary>
    public static DateTimeOffset? After(DateTimeOffset moment, TimeSpan? life) =>
        life is not { } length ? null : length >= DateTimeOffset.MaxValue - moment ? DateTimeOffset.MaxValue : moment + length;

    /// <summary>The expiry that a request asks for; without one, <paramref name="otherwise"/>, or at the end of the longest life.</summary>
    public static DateTimeOffset? Read(
        DateTimeOffset? expiresAt,
        int? expiresInDays,
        DateTimeOffset? otherwise,
        TimeSpan? longest,
        DateTimeOffset now,
        FieldErrors errors,
        string path = "")
    {
        var field = $"{path}{(expiresInDays is null ? "expires_at" : "expires_in_days")}";
        errors.Demand(expiresAt is null || expiresInDays is null, field, "can't be sent together with expires_at.");
        errors.Demand(!(expiresAt <= now), field, "must be in the future.");
        var latest = After(now, longest);
        var asked = expiresInDays is { } days ? now.AddDays(days) : expiresAt;
        errors.Demand(
            !(asked > latest),
            field,
            $"must be within the {longest?.TotalDays:0} days that the tenant's settings allow, so not after {(latest is { } end ? Rfc3339.Format(end) : "")}.");
        var expiry = asked ?? otherwise;
        return expiry is null || expiry > latest ? latest ?? expiry : expiry;
    }
}
