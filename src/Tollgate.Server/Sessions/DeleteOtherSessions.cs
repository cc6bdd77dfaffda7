using Microsoft.AspNetCore.Http.HttpResults;
using Tollgate.Server.Access;
using Tollgate.Server.Accounts;
using Tollgate.Server.Hosting;

namespace Tollgate.Server.Sessions;

/// <summary><c>DELETE /v1/auth/sessions</c>: ends all the caller's sessions but this one.</summary>
internal static class DeleteOtherSessions
{
    public static void MapDeleteOtherSessions(this Api v1) =>
        v1.Delete("/auth/sessions", RouteRule.Session("People end their own sessions.").NeverLimited(), HandleAsync);

    private static async Task<Results<NoContent, Problem>> HandleAsync(
        HttpContext context, AccessDirectory directory, ControlChanges changes, CancellationToken cancellationToken)
    {
        await using var change = await changes.BeginAsync(context, cancellationToken);
        var current = change.Caller.Session!;
        SessionState[] others = [.. directory.SessionsOf(change.Caller.AccountId).Where(session => session.Id != current.Id)];
        if (others.Length > 0)
        {
            await EndSessions.OfAsync(change, others, cancellationToken);
            Array.ForEach(others, session => change.Record("session.delete", "session", session.Id));
            await change.SaveAsync(cancellationToken);
        }

        AcceptedRequest.Tell(others, context.Response);
        return TypedResults.NoContent();
    }
}
