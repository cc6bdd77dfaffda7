namespace Tollgate.Contracts;

/// <summary>A role: a named set of permissions.</summary>
public sealed record RoleResponse
{
    /// <summary>What requests name it by.</summary>
    public required string Id { get; init; }

    /// <summary>What people call it.</summary>
    public required string Name { get; init; }

    /// <summary>What it is for.</summary>
    public required string Description { get; init; }

    /// <summary>For each entity its actions; <c>*</c> stands for all.</summary>
    public required IReadOnlyDictionary<string, IReadOnlyList<string>> Permissions { get; init; }

    /// <summary>The types of account that may hold it.</summary>
    public required IReadOnlyList<string> AssignableTo { get; init; }

    /// <summary>Whether it comes with the server and can't be changed.</summary>
    public required bool BuiltIn { get; init; }
}

/// <summary>The query of <c>GET /v1/rbac/roles</c>.</summary>
public sealed record ListRolesQuery
{
    /// <summary>Only roles that accounts of this type may hold.</summary>
    [OneOf(AccountTypes.User, AccountTypes.ServiceAccount)]
    public string? UserType { get; init; }
}

/// <summary>The answer to <c>GET /v1/rbac/roles</c>.</summary>
public sealed record RolesResponse
{
    /// <summary>Built-in roles first, then the tenant's own by id.</summary>
    public required IReadOnlyList<RoleResponse> Roles { get; init; }
}

/// <summary>One role, wrapped as Flexprice does.</summary>
public sealed record SingleRoleResponse
{
    /// <summary>The role.</summary>
    public required RoleResponse Role { get; init; }
}

/// <summary><c>POST /v1/rbac/roles</c>.</summary>
public sealed record CreateRoleRequest
{
    /// <summary>2 to 64 of a–z, 0–9 and _, beginning with a letter.</summary>
    [LengthLimit(2, 64)]
    public required string Id { get; init; }

    /// <summary>What people call it.</summary>
    [LengthLimit(1, 255)]
    public required string Name { get; init; }

    /// <summary>What it is for.</summary>
    [LengthLimit(0, 1000)]
    public string? Description { get; init; }

    /// <summary>For each entity its actions, at least one; <c>*</c> stands for all.</summary>
    [LengthLimit(1, 50)]
    public required IReadOnlyDictionary<string, IReadOnlyList<string>> Permissions { get; init; }

    /// <summary>The types of account that may hold it, at least one.</summary>
    [LengthLimit(1, 2)]
    public required IReadOnlyList<string> AssignableTo { get; init; }
}

/// <summary><c>PUT /v1/rbac/roles/{id}</c>: replaces the role; accounts that hold it, and their keys, follow at once.</summary>
public sealed record UpdateRoleRequest
{
    /// <summary>What people call it.</summary>
    [LengthLimit(1, 255)]
    public required string Name { get; init; }

    /// <summary>What it is for.</summary>
    [LengthLimit(0, 1000)]
    public string? Description { get; init; }

    /// <summary>For each entity its actions, at least one; <c>*</c> stands for all.</summary>
    [LengthLimit(1, 50)]
    public required IReadOnlyDictionary<string, IReadOnlyList<string>> Permissions { get; init; }

    /// <summary>The types of account that may hold it, at least one.</summary>
    [LengthLimit(1, 2)]
    public required IReadOnlyList<string> AssignableTo { get; init; }
}

/// <summary>The answer to <c>PUT /v1/rbac/roles/{id}</c>: the role, and what the change did to those who hold it.</summary>
public sealed record UpdatedRoleResponse
{
    /// <summary>The role.</summary>
    public required RoleResponse Role { get; init; }

    /// <summary>The accounts that gained or lost something.</summary>
    public required IReadOnlyList<AffectedAccountResponse> AffectedAccounts { get; init; }

    /// <summary>The keys whose effective permissions the change altered or may have been expected to alter.</summary>
    public required IReadOnlyList<AffectedApiKeyResponse> AffectedApiKeys { get; init; }
}

/// <summary>What a change of a role did to one account that holds it.</summary>
public sealed record AffectedAccountResponse
{
    /// <summary><c>user_…</c></summary>
    public required string Id { get; init; }

    /// <summary><c>user</c> or <c>service_account</c>.</summary>
    public required string Type { get; init; }

    /// <summary>What people call it.</summary>
    public required string? Name { get; init; }

    /// <summary>Permissions the account had before and has no longer.</summary>
    public required IReadOnlyList<string> Lost { get; init; }

    /// <summary>Permissions the account did not have before.</summary>
    public required IReadOnlyList<string> Gained { get; init; }
}

/// <summary>The answer to <c>GET /v1/rbac/manifest</c>: every route with what it asks for.</summary>
public sealed record ManifestResponse
{
    /// <summary>Every permission there is.</summary>
    public required IReadOnlyList<string> Permissions { get; init; }

    /// <summary>Every route, by path and method.</summary>
    public required IReadOnlyList<ManifestRouteResponse> Routes { get; init; }
}

/// <summary>One route.</summary>
public sealed record ManifestRouteResponse
{
    /// <summary>The HTTP method.</summary>
    public required string Method { get; init; }

    /// <summary>The path, with parameters in braces.</summary>
    public required string Path { get; init; }

    /// <summary>Who may come: <c>public</c>, <c>any_principal</c>, <c>session</c>, <c>permission</c> or <c>administrator</c>.</summary>
    public required string Access { get; init; }

    /// <summary>The permission it asks for; null when <see cref="Access"/> is not <c>permission</c> or <c>administrator</c>.</summary>
    public required string? Permission { get; init; }

    /// <summary>The permission it asks a key for where it asks a session for none; null where both are asked for the same.</summary>
    public required string? KeyPermission { get; init; }
}
