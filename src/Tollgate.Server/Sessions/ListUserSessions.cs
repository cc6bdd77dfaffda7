using Microsoft.AspNetCore.Http.HttpResults;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Accounts;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Sessions;

/// <summary><c>GET /v1/users/{id}/sessions</c>: a person's living sessions, newest first.</summary>
internal static class ListUserSessions
{
    public static void MapListUserSessions(this Api v1) =>
        v1.Get("/users/{id}/sessions", RouteRule.Administrator(Permissions.UserRead), HandleAsync);

    private static async Task<Results<Ok<SessionsResponse>, Problem>> HandleAsync(
        string id, Caller caller, ControlDb db, AccessDirectory directory, TimeProvider time, CancellationToken cancellationToken)
    {
        var account = await db.AccountAsync(caller.TenantId, id, cancellationToken);
        return TypedResults.Ok(LivingSessions.ToResponse(directory.SessionsOf(account.Id), caller, time.GetUtcNow()));
    }
}
