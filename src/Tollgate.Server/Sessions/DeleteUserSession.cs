using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Accounts;
using Tollgate.Server.Hosting;

namespace Tollgate.Server.Sessions;

/// <summary><c>DELETE /v1/users/{id}/sessions/{session_id}</c>: ends one of a person's sessions.</summary>
internal static class DeleteUserSession
{
    public static void MapDeleteUserSession(this Api v1) =>
        v1.Delete("/users/{id}/sessions/{session_id}", RouteRule.Administrator(Permissions.UserWrite).NeverLimited(), HandleAsync);

    private static async Task<Results<NoContent, Problem>> HandleAsync(
        string id,
        [FromRoute(Name = "session_id")] string sessionId,
        HttpContext context,
        AccessDirectory directory,
        ControlChanges changes,
        CancellationToken cancellationToken)
    {
        await using var change = await changes.BeginAsync(context, cancellationToken);
        var account = await change.Db.LiveAccountAsync(change.Caller.TenantId, id, cancellationToken);
        if (directory.SessionsOf(account.Id).FirstOrDefault(session => session.Id == sessionId) is not { } session)
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
