using Microsoft.EntityFrameworkCore;
using Tollgate.Contracts;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.ApiKeys;

/// <summary>Which living keys somebody should look at, and why. What the database selects and what the words say is the same.</summary>
internal sealed class KeyAttention
{
    private readonly DateTimeOffset _now;
    private readonly DateTimeOffset _oldBefore;
    private readonly DateTimeOffset _expiresBefore;
    private readonly DateTimeOffset? _latestExpiry;

    private KeyAttention(DateTimeOffset now, TimeSpan? longest) =>
        (_now, _oldBefore, _expiresBefore, _latestExpiry) = (now, now - Limits.OldKey, now + Limits.KeyExpiresSoon, now + longest);

    public static async Task<KeyAttention> OfTenantAsync(
        ControlDb db, string tenantId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var days = await db.TenantSettings.AsNoTracking()
            .Where(row => row.TenantId == tenantId)
            .Select(row => row.MaxKeyLifetimeDays)
            .SingleOrDefaultAsync(cancellationToken);
        return new KeyAttention(now, days is { } most ? TimeSpan.FromDays(most) : null);
    }

    /// <summary>Those with at least one reason.</summary>
    public IQueryable<ListedKey> Select(IQueryable<ListedKey> rows)
    {
        var (now, oldBefore, expiresBefore, latest) = (_now, _oldBefore, _expiresBefore, _latestExpiry ?? DateTimeOffset.MaxValue);
        var limited = _latestExpiry is not null;
        return rows
            .Where(row => row.Key.Status == Statuses.Published
                && row.Key.Kind == ApiKeyKinds.Standard
                && (row.Key.ExpiresAt == null || row.Key.ExpiresAt > now))
            .Where(row => row.Key.CreatedAt <= oldBefore
                || row.Use == null
                || row.Key.ExpiresAt <= expiresBefore
                || row.Key.LeakedAt != null
                || (limited && (row.Key.ExpiresAt == null || row.Key.ExpiresAt > latest)));
    }

    public IReadOnlyList<string> ReasonsOf(ListedKey row)
    {
        var (key, reasons) = (row.Key, new List<string>());
        Because(key.LeakedAt is not null, "leaked");
        Because(key.CreatedAt <= _oldBefore, "old");
        Because(row.Use is null, "never_used");
        Because(key.ExpiresAt <= _expiresBefore, "expiring");
        // One that was replaced expires soon: who still uses it is what matters.
        Because(key.RotatedTo is not null && row.Use?.LastUsedAt > key.UpdatedAt, "used_after_rotation");
        Because(_latestExpiry is { } latest && (key.ExpiresAt is null || key.ExpiresAt > latest), "exceeds_max_lifetime");
        return reasons;

        void Because(bool reason, string name)
        {
            if (reason)
            {
                reasons.Add(name);
            }
        }
    }
}
