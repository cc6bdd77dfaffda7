using Microsoft.AspNetCore.Http.HttpResults;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Accounts;
using Tollgate.Server.Hosting;

namespace Tollgate.Server.Sessions;

/// <summary><c>GET /v1/auth/sessions</c>: the caller's living sessions, newest first.</summary>
internal static class ListSessions
{
    public static void MapListSessions(this Api v1) =>
        v1.Get("/auth/sessions", RouteRule.Session("People see their own sessions."), HandleAsync);

    private static Ok<SessionsResponse> HandleAsync(Caller caller, AccessDirectory directory, TimeProvider time)
    {
        var now = time.GetUtcNow();
        return TypedResults.Ok(new SessionsResponse
        {
            Sessions =
            [
                .. directory.SessionsOf(caller.AccountId)
                    .Where(session => session.ExpiresAt > now && session.LastSeenAt + Limits.SessionIdle > now)
                    .OrderByDescending(session => session.CreatedAt)
                    .ThenByDescending(session => session.Id, StringComparer.Ordinal)
                    .Select(session => new SessionResponse
                    {
                        Id = session.Id,
                        Current = session.Id == caller.Session!.Id,
                        CreatedAt = session.CreatedAt,
                        LastSeenAt = session.LastSeenAt,
                        ExpiresAt = session.ExpiresAt,
                        Address = session.Address,
                        UserAgent = session.UserAgent,
                    }),
            ],
        });
    }
}

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
        SessionCookie.Clear(context.Response);
        return answer;
    }
}

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

        return TypedResults.NoContent();
    }
}

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
        return TypedResults.NoContent();
    }
}
