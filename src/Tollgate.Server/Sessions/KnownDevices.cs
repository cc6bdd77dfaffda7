using Microsoft.EntityFrameworkCore;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Sessions;

/// <summary>
/// The browsers that a person has logged in with, told by a cookie that opens nothing. From them only their own failures count
/// (<see cref="LoginThrottle"/>), so that strangers can't keep the person out, not even from behind the same proxy.
/// </summary>
internal static class KnownDevices
{
    public const string CookieName = "__Host-device";

    private static readonly CookieOptions Attributes = new()
    {
        HttpOnly = true,
        Secure = true,
        SameSite = SameSiteMode.Strict,
        Path = "/",
        IsEssential = true,
        MaxAge = Limits.KnownDevice,
    };

    /// <summary>The request's device as the throttle counts it; null when the account does not know it.</summary>
    public static async Task<string?> FindAsync(
        ControlDb db, string? accountId, HttpRequest request, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (request.Cookies[CookieName] is not { Length: > 0 } secret)
        {
            return null;
        }

        var digest = SecretText.Digest(secret);
        var oldest = now - Limits.KnownDevice;
        // Asked for a name that nobody has as well, so that it takes as long.
        return await db.KnownDevices.AnyAsync(
            row => row.AccountId == accountId && row.Digest == digest && row.LastSeenAt > oldest, cancellationToken)
            ? Convert.ToHexString(digest)
            : null;
    }

    /// <summary>Within the change of a login: from here on the account knows the device. Returns the cookie's value.</summary>
    public static async Task<string> RememberAsync(
        ControlChange change, string accountId, HttpRequest request, CancellationToken cancellationToken)
    {
        var devices = change.Db.KnownDevices;
        // Only a value that we gave out ourselves is kept: nobody can plant one that they know.
        if (request.Cookies[CookieName] is { Length: > 0 } sent)
        {
            var known = SecretText.Digest(sent);
            if (await devices.Where(row => row.AccountId == accountId && row.Digest == known)
                .ExecuteUpdateAsync(update => update.SetProperty(row => row.LastSeenAt, change.Now), cancellationToken) > 0)
            {
                return sent;
            }

            if (await devices.AnyAsync(row => row.Digest == known, cancellationToken))
            {
                await AddAsync(change, accountId, known, cancellationToken);
                return sent;
            }
        }

        var secret = SecretText.NewRandom();
        await AddAsync(change, accountId, SecretText.Digest(secret), cancellationToken);
        return secret;
    }

    public static void SetCookie(HttpResponse response, string secret) => response.Cookies.Append(CookieName, secret, Attributes);

    private static async Task AddAsync(ControlChange change, string accountId, byte[] digest, CancellationToken cancellationToken)
    {
        var devices = change.Db.KnownDevices;
        var left = await devices.Where(row => row.AccountId == accountId)
            .OrderByDescending(row => row.LastSeenAt)
            .Skip(Limits.MaxKnownDevices - 1)
            .ToListAsync(cancellationToken);
        devices.RemoveRange(left);
        devices.Add(new KnownDevice { AccountId = accountId, Digest = digest, LastSeenAt = change.Now });
    }
}
