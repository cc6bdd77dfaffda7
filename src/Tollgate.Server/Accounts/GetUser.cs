using Microsoft.AspNetCore.Http.HttpResults;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Accounts;

/// <summary><c>GET /v1/users/{id}</c></summary>
internal static class GetUser
{
    public static void MapGetUser(this Api v1) => v1.Get("/users/{id}", RouteRule.Requires(Permissions.UserRead), HandleAsync);

    private static async Task<Results<Ok<UserResponse>, Problem>> HandleAsync(
        string id, Caller caller, ControlDb db, CancellationToken cancellationToken)
    {
        var account = await db.AccountAsync(caller.TenantId, id, cancellationToken);
        return TypedResults.Ok(account.ToResponse(await db.TenantAsync(caller.TenantId, cancellationToken)));
    }
}
