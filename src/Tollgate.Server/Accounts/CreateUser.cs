using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Server.Sessions;
using Tollgate.Storage.Control;

namespace Tollgate.Server.Accounts;

/// <summary><c>POST /v1/users</c>: a service account, or by an administrator a person.</summary>
internal static class CreateUser
{
    public static void MapCreateUser(this Api v1) =>
        v1.Post("/users", RouteRule.Requires(Permissions.UserWrite).AdministratorForSome(), HandleAsync);

    private static async Task<Results<Created<CreatedUserResponse>, Problem>> HandleAsync(
        Body<CreateUserRequest> body,
        HttpContext context,
        Caller caller,
        AccessDirectory directory,
        AccessGate gate,
        ControlChanges changes,
        Passwords passwords,
        ServerOptions options,
        Ids ids,
        CancellationToken cancellationToken)
    {
        var request = body.Value;
        var person = request.Type == AccountTypes.User;
        if (person && !caller.IsAdministrator)
        {
            return gate.Denied(caller, Permissions.UserWrite, administrator: true);
        }

        var (email, problem) = Check(request);
        if (problem is not null)
        {
            return problem;
        }

        // Hashing takes a tenth of a second; it is done before the change, which nothing else may wait for.
        var password = person ? SecretText.NewRandom()[..24] : null;
        var hash = password is null ? null : await passwords.HashAsync(password, cancellationToken);
        await using var change = await changes.BeginAsync(context, cancellationToken);
        if (person && !change.Caller.IsAdministrator)
        {
            return gate.Denied(change.Caller, Permissions.UserWrite, administrator: true);
        }

        var asked = person && request.Roles is null or [] ? [BuiltInRoles.AllReader] : request.Roles;
        var (roles, refusal) = RoleAssignment.Check(directory, change.Caller, request.Type, asked);
        if (refusal is not null)
        {
            return refusal;
        }

        var account = new Account
        {
            Id = ids.Account(),
            TenantId = change.Caller.TenantId,
            Type = request.Type,
            Email = email,
            Name = request.Name,
            Status = Statuses.Published,
            PasswordHash = hash,
            MustChangePassword = person,
            Metadata = request.Metadata ?? new Dictionary<string, string>(),
            CreatedAt = change.Now,
            UpdatedAt = change.Now,
            CreatedBy = change.Caller.AccountId,
        };
        account.Roles.AddRange(roles.Select(role => new AccountRole { AccountId = account.Id, RoleId = role }));
        change.Db.Accounts.Add(account);
        change.Record("user.create", "user", account.Id, after: account.ToAudit());
        var link = person ? await PasswordLinks.RenewAsync(change, account, context, options, cancellationToken) : null;
        change.Publish(access => access.Put(account));
        var tenant = await change.Db.TenantAsync(account.TenantId, cancellationToken);
        try
        {
            return await change.SaveAsync(
                TypedResults.Created($"/v1/users/{account.Id}", new CreatedUserResponse(account.ToResponse(tenant), password, link?.Url)),
                cancellationToken);
        }
        catch (DbUpdateException exception) when (ControlStore.IsUniqueViolation(exception))
        {
            return new Problem(409, ErrorCodes.AlreadyExists, $"There is an account with the e-mail address {email} already.");
        }
    }

    private static (string? Email, Problem? Problem) Check(CreateUserRequest request)
    {
        var errors = new FieldErrors();
        string? email = null;
        if (request.Type == AccountTypes.ServiceAccount)
        {
            errors.Demand(request.Email is null, "email", "must be absent: a service account never logs in.");
        }
        else if (EmailAddress.TryCanonical(request.Email, out var canonical))
        {
            email = canonical;
        }
        else
        {
            errors.Add("email", request.Email is null ? "is required for a person." : "must be an e-mail address.");
        }

        Metadata.Check(request.Metadata, "metadata", errors);
        return (email, errors.ToProblem());
    }
}
