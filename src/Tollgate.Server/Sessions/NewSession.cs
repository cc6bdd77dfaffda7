using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Accounts;
using Tollgate.Server.Audit;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Sessions;

/// <summary>A session that has just begun, with the secret that only its cookie will hold.</summary>
internal sealed record NewSession(Session Row, string Secret)
{
    /// <summary>Begins a session within a change, with an id and a secret that nobody chose.</summary>
    public static async Task<NewSession> BeginAsync(
        ControlChange change, AccessDirectory directory, Account account, HttpContext context, Ids ids, CancellationToken cancellationToken)
    {
        var living = directory.SessionsOf(account.Id);
        if (living.Count >= Limits.MaxSessionsPerPerson)
        {
            await EndSessions.OfAsync(
                change, [.. living.OrderBy(session => session.CreatedAt).Take(living.Count - Limits.MaxSessionsPerPerson + 1)], cancellationToken);
        }

        const int LongestUserAgent = 255;
        var userAgent = context.Request.Headers.UserAgent.ToString();
        var secret = SecretText.NewRandom();
        var row = new Session
        {
            Id = ids.Session(),
            AccountId = account.Id,
            Digest = SecretText.Digest(secret),
            Address = AuditActor.AddressOf(context),
            UserAgent = userAgent.Length == 0 ? null : userAgent[..Math.Min(userAgent.Length, LongestUserAgent)],
            CreatedAt = change.Now,
            LastSeenAt = change.Now,
            ExpiresAt = change.Now + Limits.SessionLifetime,
        };
        change.Db.Sessions.Add(row);
        change.Record("session.create", "session", row.Id, after: new { row.Address, row.UserAgent });
        change.Publish(access => access.Add(row));
        return new NewSession(row, secret);
    }

    /// <summary>Sets the cookie and says what began.</summary>
    public LoginResponse ToLoginResponse(Account account, Tenant tenant, HttpContext context)
    {
        SessionCookie.Set(context.Response, Secret);
        return new LoginResponse
        {
            User = account.ToResponse(tenant),
            Session = new SessionResponse
            {
                Id = Row.Id,
                Current = true,
                CreatedAt = Row.CreatedAt,
                LastSeenAt = Row.LastSeenAt,
                ExpiresAt = Row.ExpiresAt,
                Address = Row.Address,
                UserAgent = Row.UserAgent,
            },
            PasswordChangeRequired = account.MustChangePassword,
        };
    }
}
