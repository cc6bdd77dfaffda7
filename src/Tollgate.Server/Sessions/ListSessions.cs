using Microsoft.AspNetCore.Http.HttpResults;
using Tollgate.Contracts;
using Tollgate.Server.Access;

namespace Tollgate.Server.Sessions;

/// <summary><c>GET /v1/auth/sessions</c>: the caller's living sessions, newest first.</summary>
internal static class ListSessions
{
    public static void MapListSessions(this Api v1) =>
        v1.Get("/auth/sessions", RouteRule.Session("People see their own sessions."), HandleAsync);

    private static Ok<SessionsResponse> HandleAsync(Caller caller, AccessDirectory directory, TimeProvider time) =>
        TypedResults.Ok(LivingSessions.ToResponse(directory.SessionsOf(caller.AccountId), caller, time.GetUtcNow()));
}
