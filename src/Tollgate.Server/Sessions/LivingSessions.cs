using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;

namespace Tollgate.Server.Sessions;

internal static class LivingSessions
{
    /// <summary>Those of the sessions that have not ended by themselves, newest first.</summary>
    public static SessionsResponse ToResponse(IEnumerable<SessionState> sessions, Caller caller, DateTimeOffset now) => new()
    {
        Sessions =
        [
            .. sessions
                .Where(session => session.ExpiresAt > now && session.LastSeenAt + Limits.SessionIdle > now)
                .OrderByDescending(session => session.CreatedAt)
                .ThenByDescending(session => session.Id, StringComparer.Ordinal)
                .Select(session => new SessionResponse
                {
                    Id = session.Id,
                    Current = session.Id == caller.Session?.Id,
                    CreatedAt = session.CreatedAt,
                    LastSeenAt = session.LastSeenAt,
                    ExpiresAt = session.ExpiresAt,
                    Address = session.Address,
                    UserAgent = session.UserAgent,
                }),
        ],
    };
}
