using Microsoft.AspNetCore.Http.HttpResults;
using Tollgate.Server.Access;
using Tollgate.Server.Accounts;
using Tollgate.Server.Hosting;

namespace Tollgate.Server.Sessions;

/// <summary><c>POST /v1/auth/logout</c>: ends this session.</summary>
internal static class Logout
{
    public static void MapLogout(this Api v1) =>
        v1.Post("/auth/logout", RouteRule.Session("People end their own session.").NeverLimited(), HandleAsync);

    private static async Task<Results<NoContent, Problem>> HandleAsync(
        HttpContext context, ControlChanges changes, CancellationToken cancellationToken)
    {
        await using var change = await changes.BeginAsync(context, cancellationToken);
        var session = change.Caller.Session!;
        await EndSessions.OfAsync(change, [session], cancellationToken);
        change.Record("session.delete", "session", session.Id);
        var answer = await change.SaveAsync(TypedResults.NoContent(), cancellationToken);
        AcceptedRequest.Tell([session], context.Response);
        SessionCookie.Clear(context.Response);
        return answer;
    }
}
