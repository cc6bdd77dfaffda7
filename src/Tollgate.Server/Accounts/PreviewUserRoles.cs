using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Accounts;

/// <summary>
/// <c>POST /v1/users/{id}/roles/preview</c>: what <c>PUT /v1/users/{id}/roles</c> would do, judged by the account's recorded use. It asks
/// for the same, refuses the same and changes nothing.
/// </summary>
internal static class PreviewUserRoles
{
    public static void MapPreviewUserRoles(this Api v1) =>
        v1.Post("/users/{id}/roles/preview", RouteRule.Administrator(Permissions.UserWrite), HandleAsync);

    private static async Task<Results<Ok<PreviewRolesResponse>, Problem>> HandleAsync(
        string id,
        Body<PreviewRolesRequest> body,
        Caller caller,
        AccessDirectory directory,
        RecordedUse use,
        ControlDb db,
        CancellationToken cancellationToken)
    {
        var (plan, problem) = await RoleChange.CheckAsync(db, directory, caller, id, body.Value.Roles, cancellationToken);
        if (plan is null)
        {
            return problem!;
        }

        var days = body.Value.Days ?? RecordedUse.DefaultDays;
        var snapshots = await db.ApiKeys.AsNoTracking()
            .Where(key => key.AccountId == id && key.Status == Statuses.Published)
            .ToDictionaryAsync(key => key.Id, directory.SnapshotOf, StringComparer.Ordinal, cancellationToken);
        var calls = (await use.CallsAsync(db, caller.TenantId, id, days, cancellationToken))[id]
            .Where(call => call.ApiKeyId is null || snapshots.ContainsKey(call.ApiKeyId))
            .ToList();
        return TypedResults.Ok(new PreviewRolesResponse
        {
            Roles = plan.Roles,
            AffectedApiKeys = await plan.AffectedApiKeysAsync(db, directory, cancellationToken),
            SessionsEnded = plan.ChangesNothing ? 0 : directory.SessionsOf(id).Count,
            Replayed = new ReplayedUseResponse { Days = days, Calls = calls.Sum(call => call.Calls) },
            WouldBeRefused = UseReplay.Refused(calls, plan.Before, plan.After, snapshots),
        });
    }
}
