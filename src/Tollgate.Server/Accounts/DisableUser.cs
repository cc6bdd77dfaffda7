using Microsoft.AspNetCore.Http.HttpResults;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;

namespace Tollgate.Server.Accounts;

/// <summary><c>POST /v1/users/{id}/disable</c>: at once its sessions end and its keys do nothing; the headers name the last request that any of them let in.</summary>
internal static class DisableUser
{
    public static void MapDisableUser(this Api v1) =>
        v1.Post("/users/{id}/disable", RouteRule.Administrator(Permissions.UserWrite).NeverLimited(), HandleAsync);

    private static Task<Results<Ok<UserResponse>, Problem>> HandleAsync(
        string id,
        HttpContext context,
        AccessDirectory directory,
        ControlChanges changes,
        CancellationToken cancellationToken) =>
        AccountStatus.ChangeAsync(id, Statuses.Archived, "user.disable", context, directory, changes, cancellationToken);
}
