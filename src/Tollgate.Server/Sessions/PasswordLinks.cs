using Microsoft.EntityFrameworkCore;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Sessions;

/// <summary>Links with which people set a password, once. A person has at most one; each newer one takes the place of the older.</summary>
internal static class PasswordLinks
{
    /// <summary>The one answer to every link that does not work, whatever the cause.</summary>
    public static Problem Invalid { get; } = new(401, ErrorCodes.LinkInvalid, "The link does not work.")
    {
        Error = "Unauthorized",
        Detail = "It was used, replaced by a newer one or withdrawn, has expired, or was cut short. Ask an administrator for a new one.",
    };

    /// <summary>Makes a link within a change; the older one dies with it.</summary>
    public static async Task<InviteResponse> RenewAsync(
        ControlChange change, Account account, HttpContext context, ServerOptions options, CancellationToken cancellationToken)
    {
        await WithdrawAsync(change, account.Id, cancellationToken);
        var invitation = account.PasswordHash is null || account.MustChangePassword;
        var token = SecretText.NewRandom();
        var link = new PasswordLink
        {
            AccountId = account.Id,
            Digest = SecretText.Digest(token),
            Purpose = invitation ? LinkPurposes.Invitation : LinkPurposes.Reset,
            CreatedAt = change.Now,
            ExpiresAt = change.Now + (invitation ? Limits.InvitationLink : Limits.ResetLink),
            CreatedBy = change.Caller.AccountId,
        };
        change.Db.PasswordLinks.Add(link);
        change.Record(invitation ? "user.invite" : "user.reset_link", "user", account.Id, after: new { link.ExpiresAt });
        return new InviteResponse { Purpose = link.Purpose, Url = UrlOf(token, context.Request, options), ExpiresAt = link.ExpiresAt };
    }

    /// <summary>Within a change: no link of the account works any more.</summary>
    public static Task WithdrawAsync(ControlChange change, string accountId, CancellationToken cancellationToken) =>
        change.Db.PasswordLinks.Where(row => row.AccountId == accountId).ExecuteDeleteAsync(cancellationToken);

    /// <summary>The link and its person; null when it does not work, or the person is disabled or deleted.</summary>
    public static async Task<(PasswordLink Link, Account Account)?> FindAsync(
        ControlDb db, string token, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var digest = SecretText.Digest(token);
        if (await db.PasswordLinks.AsNoTracking().SingleOrDefaultAsync(row => row.Digest == digest && row.ExpiresAt > now, cancellationToken)
            is not { } link)
        {
            return null;
        }

        var account = await db.Accounts.Include(row => row.Roles).SingleAsync(row => row.Id == link.AccountId, cancellationToken);
        return account is { Type: AccountTypes.User, Status: Statuses.Published } ? (link, account) : null;
    }

    // Decision 0018: what stands behind # stays in the browser, so no server or proxy on the way writes the token into a log.
    private static string UrlOf(string token, HttpRequest request, ServerOptions options) =>
        $"{options.PublicUrl ?? $"{request.Scheme}://{request.Host.Value}"}/invite#token={token}";
}
