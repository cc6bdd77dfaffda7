using Microsoft.AspNetCore.Http.HttpResults;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;

namespace Tollgate.Server.Accounts;

/// <summary><c>POST /v1/users/{id}/enable</c>: its keys work again; its sessions stay ended.</summary>
internal static class EnableUser
{
    public static void MapEnableUser(this Api v1) =>
        v1.Post("/users/{id}/enable", RouteRule.Administrator(Permissions.UserWrite), HandleAsync);

    private static Task<Results<Ok<UserResponse>, Problem>> HandleAsync(
        string id,
        HttpContext context,
        AccessDirectory directory,
        ControlChanges changes,
        CancellationToken cancellationToken) =>
        AccountStatus.ChangeAsync(id, Statuses.Published, "user.enable", context, directory, changes, cancellationToken);
}
