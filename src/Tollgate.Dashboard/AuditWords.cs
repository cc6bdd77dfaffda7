using System.Text.Json;
using Tollgate.Contracts;
using Tollgate.Dashboard.Parts;

namespace Tollgate.Dashboard;

/// <summary>Records of the audit log in words.</summary>
internal static class AuditWords
{
    private const int Tail = 5;

    /// <summary>A text of the decision, like <c>route</c>.</summary>
    public static string? OfDecision(AuditLogResponse record, string member) => TextOf(record.Decision, member);

    /// <summary>For want of what it was refused; null for a change.</summary>
    public static string? Missing(AuditLogResponse record)
    {
        if (record.Decision is null)
        {
            return null;
        }

        return (OfDecision(record, "permission"), IsForAdministrators(record)) switch
        {
            ({ } permission, true) => $"{permission}, as an administrator",
            ({ } permission, false) => permission,
            (null, true) => "being an administrator",
            _ => OfDecision(record, "code"),
        };
    }

    /// <summary>What the changed thing is called, as the record itself says.</summary>
    public static string? NameOf(AuditLogResponse record) => record.TargetType == "session"
        ? null
        : TextOf(record.After, "name") ?? TextOf(record.Before, "name") ?? TextOf(record.After, "email") ?? TextOf(record.Before, "email");

    /// <summary>The accounts that the record names.</summary>
    public static IEnumerable<string> AccountsOf(AuditLogResponse record)
    {
        if (record.ActorId is { } actor)
        {
            yield return actor;
        }

        if (record.TargetType == "user")
        {
            yield return record.TargetId;
        }
    }

    /// <summary>The page of what was changed, and what seeing it asks for; null when it has none.</summary>
    public static (string Address, string Permission)? PageOf(AuditLogResponse record, string? accountType = null) => record.TargetType switch
    {
        "user" => (Accounts.PageOf(accountType ?? TextOf(record.After, "type") ?? TextOf(record.Before, "type") ?? AccountTypes.User, record.TargetId), Permissions.UserRead),
        "api_key" => ($"/api-keys/{record.TargetId}", Permissions.SecretRead),
        "customer" => ($"/customers/{record.TargetId}", Permissions.CustomerRead),
        "meter" => ($"/meters/{record.TargetId}", Permissions.MeterRead),
        "invoice" => ($"/invoices/{record.TargetId}", Permissions.InvoiceRead),
        "role" => ("/roles", Permissions.RoleRead),
        "environment" => ("/settings/environments", Permissions.EnvironmentRead),
        "tenant" => ("/settings/tenant", Permissions.TenantRead),
        _ => null,
    };

    /// <summary>A type of thing in words.</summary>
    public static string TypeOf(string targetType) => targetType switch
    {
        "user" => "account",
        "api_key" => "API key",
        "tenant" => "organisation",
        _ => targetType.Replace('_', ' '),
    };

    /// <summary>An id, shortened like everywhere.</summary>
    public static string Short(string id)
    {
        var prefix = id.IndexOf('_', StringComparison.Ordinal) + 1;
        return prefix == 0 || id.Contains(' ', StringComparison.Ordinal) || id.Length < prefix + 20 ? id : $"{id[..(prefix + 3)]}…{id[^Tail..]}";
    }

    private static bool IsForAdministrators(AuditLogResponse record) =>
        record.Decision is { ValueKind: JsonValueKind.Object } decision
            && decision.TryGetProperty("administrator", out var value) && value.ValueKind == JsonValueKind.True;

    private static string? TextOf(JsonElement? thing, string member) =>
        thing is { ValueKind: JsonValueKind.Object } value && value.TryGetProperty(member, out var text) && text.ValueKind == JsonValueKind.String
            ? text.GetString()
            : null;
}
