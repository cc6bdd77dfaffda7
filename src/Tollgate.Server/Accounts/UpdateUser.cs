using Microsoft.AspNetCore.Http.HttpResults;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;

namespace Tollgate.Server.Accounts;

/// <summary><c>PUT /v1/users/{id}</c>: renames a service account. People name themselves.</summary>
internal static class UpdateUser
{
    public static void MapUpdateUser(this Api v1) => v1.Put("/users/{id}", RouteRule.Requires(Permissions.UserWrite), HandleAsync);

    private static async Task<Results<Ok<UserResponse>, Problem>> HandleAsync(
        string id, Body<UpdateUserRequest> body, HttpContext context, ControlChanges changes, CancellationToken cancellationToken)
    {
        await using var change = await changes.BeginAsync(context, cancellationToken);
        var account = await change.Db.LiveAccountAsync(change.Caller.TenantId, id, cancellationToken);
        if (account.Type != AccountTypes.ServiceAccount)
        {
            return Problem.Invalid("id", "names a person; people rename themselves with PUT /v1/users/me.");
        }

        var before = account.ToAudit();
        account.Name = body.Value.Name;
        account.UpdatedAt = change.Now;
        change.Record("user.update", "user", account.Id, before, account.ToAudit());
        await change.SaveAsync(cancellationToken);
        return TypedResults.Ok(account.ToResponse(await change.Db.TenantAsync(account.TenantId, cancellationToken)));
    }
}
