using Microsoft.AspNetCore.Http.HttpResults;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Accounts;
using Tollgate.Server.Hosting;

namespace Tollgate.Server.Sessions;

/// <summary><c>DELETE /v1/users/{id}/sessions</c>: ends all of a person's sessions.</summary>
internal static class DeleteUserSessions
{
    public static void MapDeleteUserSessions(this Api v1) =>
        v1.Delete("/users/{id}/sessions", RouteRule.Administrator(Permissions.UserWrite).NeverLimited(), HandleAsync);

    private static async Task<Results<NoContent, Problem>> HandleAsync(
        string id, HttpContext context, AccessDirectory directory, ControlChanges changes, CancellationToken cancellationToken)
    {
        await using var change = await changes.BeginAsync(context, cancellationToken);
        var account = await change.Db.LiveAccountAsync(change.Caller.TenantId, id, cancellationToken);
        SessionState[] sessions = [.. directory.SessionsOf(account.Id)];
        if (sessions.Length > 0)
        {
            await EndSessions.OfAsync(change, sessions, cancellationToken);
            Array.ForEach(sessions, session => change.Record("session.delete", "session", session.Id));
            await change.SaveAsync(cancellationToken);
        }

        AcceptedRequest.Tell(sessions, context.Response);
        return TypedResults.NoContent();
    }
}
