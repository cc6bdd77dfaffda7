using Microsoft.AspNetCore.Http.HttpResults;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;

namespace Tollgate.Server.Accounts;

/// <summary>
/// <c>PUT /v1/users/me</c>: the caller's own name and notes. A key changes nothing that its permissions don't say, its own account
/// included, so it needs <c>user:write</c>.
/// </summary>
internal static class UpdateMe
{
    public static void MapUpdateMe(this Api v1) =>
        v1.Put(
            "/users/me",
            RouteRule.AnyPrincipal("Everybody may say what they are called; a key only with user:write.", keyPermission: Permissions.UserWrite)
                .NotForConstrainedKeys(),
            HandleAsync);

    private static async Task<Results<Ok<MeResponse>, Problem>> HandleAsync(
        Body<UpdateMeRequest> body,
        HttpContext context,
        ControlChanges changes,
        CancellationToken cancellationToken)
    {
        var errors = new FieldErrors();
        Metadata.Check(body.Value.Metadata, "metadata", errors);
        if (errors.ToProblem() is { } problem)
        {
            return problem;
        }

        await using var change = await changes.BeginAsync(context, cancellationToken);
        var account = await change.Db.LiveAccountAsync(change.Caller.TenantId, change.Caller.AccountId, cancellationToken);
        var before = account.ToAudit();
        account.Name = body.Value.Name ?? account.Name;
        account.Metadata = body.Value.Metadata ?? account.Metadata;
        account.UpdatedAt = change.Now;
        change.Record("user.update", "user", account.Id, before, account.ToAudit());
        await change.SaveAsync(cancellationToken);
        return TypedResults.Ok(await GetMe.MeAsync(change.Db, change.Caller, cancellationToken));
    }
}
