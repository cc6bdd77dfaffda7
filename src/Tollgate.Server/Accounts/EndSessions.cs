using Microsoft.EntityFrameworkCore;
using Tollgate.Server.Access;

namespace Tollgate.Server.Accounts;

internal static class EndSessions
{
    /// <summary>Ends sessions within a change: none of them passes once it is saved.</summary>
    public static async Task OfAsync(ControlChange change, IReadOnlyList<SessionState> sessions, CancellationToken cancellationToken)
    {
        foreach (var session in sessions)
        {
            await change.Db.Sessions.Where(row => row.Id == session.Id).ExecuteDeleteAsync(cancellationToken);
            change.Publish(access => access.RemoveSession(session));
            change.TakesFrom(session.Account);
        }
    }
}
