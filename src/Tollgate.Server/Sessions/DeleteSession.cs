using Microsoft.AspNetCore.Http.HttpResults;
using Tollgate.Server.Access;
using Tollgate.Server.Accounts;
using Tollgate.Server.Hosting;

namespace Tollgate.Server.Sessions;

/// <summary><c>DELETE /v1/auth/sessions/{id}</c>: ends one of the caller's sessions.</summary>
internal static class DeleteSession
{
    public static void MapDeleteSession(this Api v1) =>
        v1.Delete("/auth/sessions/{id}", RouteRule.Session("People end their own sessions.").NeverLimited(), HandleAsync);

    private static async Task<Results<NoContent, Problem>> HandleAsync(
        string id, HttpContext context, AccessDirectory directory, ControlChanges changes, CancellationToken cancellationToken)
    {
        await using var change = await changes.BeginAsync(context, cancellationToken);
        if (directory.SessionsOf(change.Caller.AccountId).FirstOrDefault(session => session.Id == id) is not { } session)
        {
            return Problem.NotFound("session");
        }

        await EndSessions.OfAsync(change, [session], cancellationToken);
        change.Record("session.delete", "session", session.Id);
        await change.SaveAsync(cancellationToken);
        AcceptedRequest.Tell([session], context.Response);
        return TypedResults.NoContent();
    }
}
