using System.Text.RegularExpressions;
using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;

namespace Tollgate.Server.Roles;

internal static partial class RoleMapping
{
    public static RoleResponse ToResponse(this Role role) => new()
    {
        Id = role.Id,
        Name = role.Name,
        Description = role.Description,
        Permissions = role.Grants
            .Select(grant => grant.Split(':'))
            .GroupBy(parts => parts[0], parts => parts[1], StringComparer.Ordinal)
            .ToDictionary(entity => entity.Key, entity => (IReadOnlyList<string>)[.. entity], StringComparer.Ordinal),
        AssignableTo = role.AssignableTo,
        BuiltIn = role.BuiltIn,
    };

    /// <summary>What the audit log keeps of a role.</summary>
    public static object ToAudit(this Storage.Control.CustomRole row) => new { row.Name, row.Description, row.Permissions, row.AssignableTo };

    /// <summary>The grants <c>entity:action</c> of a request, wildcards included; what names nothing is an error.</summary>
    public static IReadOnlyList<string> ReadGrants(IReadOnlyDictionary<string, IReadOnlyList<string>> permissions, FieldErrors errors)
    {
        var grants = new List<string>();
        foreach (var (entity, actions) in permissions)
        {
            var known = entity == Permissions.Wildcard || Permissions.Entities.Contains(entity);
            errors.Demand(known, $"permissions.{entity}", $"is not an entity; there are: {string.Join(", ", Permissions.Entities)}, *.");
            errors.Demand(actions.Count > 0, $"permissions.{entity}", "must name at least one action.");
            foreach (var action in actions)
            {
                errors.Demand(
                    action == Permissions.Wildcard || Permissions.Actions.Contains(action),
                    $"permissions.{entity}",
                    $"'{action}' is not an action; there are: read, write, *.");
                grants.Add($"{entity}:{action}");
            }
        }

        return [.. grants.Distinct(StringComparer.Ordinal)];
    }

    /// <summary>Notes a name that nobody could see.</summary>
    public static void CheckName(string name, FieldErrors errors) =>
        errors.Demand(!string.IsNullOrWhiteSpace(name), "name", "must not be blank.");

    /// <summary>The types of account of a request.</summary>
    public static IReadOnlyList<string> ReadAssignableTo(IReadOnlyList<string> types, FieldErrors errors)
    {
        foreach (var type in types.Where(type => !AccountTypes.All.Contains(type)))
        {
            errors.Add("assignable_to", $"'{type}' is not a type of account; there are: {string.Join(", ", AccountTypes.All)}.");
        }

        return [.. types.Distinct(StringComparer.Ordinal)];
    }

    [GeneratedRegex(@"\A[a-z][a-z0-9_]{1,63}\z")]
    public static partial Regex ValidId();
}
