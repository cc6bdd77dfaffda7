using Tollgate.Contracts;

namespace Tollgate.ServerTests.Constraints;

/// <summary>Keys with constraints, and what such a key may see by the plainest reading of the rules.</summary>
internal static class ConstrainedKeys
{
    /// <summary>A key of the account with these constraints, made by the administrator.</summary>
    public static async Task<CreatedApiKeyResponse> CreateKeyAsync(
        this TollgateServer server, KeyConstraints constraints, UserResponse? account = null, HttpClient? creator = null)
    {
        var request = new Dictionary<string, object?> { ["name"] = "Limited key", ["type"] = "private_key", ["constraints"] = constraints };
        if (account is not null)
        {
            request["service_account_id"] = account.Id;
        }

        using var response = await (creator ?? server.AdminClient).PostJsonAsync("/v1/secrets/api/keys", request);
        return await response.ReadAsync<CreatedApiKeyResponse>(201);
    }

    /// <summary>A client with a limited key of the administrator, who may do everything.</summary>
    public static async Task<HttpClient> LimitedAdminAsync(this TollgateServer server, KeyConstraints constraints) =>
        server.ClientWith((await server.CreateKeyAsync(constraints)).ApiKey);

    public static bool Allows(KeyConstraints constraints, string name, string customer, string? source, TimeSpan age) =>
        Matches(constraints.EventNames, name)
        && Matches(constraints.ExternalCustomerIds, customer)
        && (constraints.Sources is null || constraints.Sources.Any(allowed => allowed == source))
        && (constraints.MaxEventAgeSeconds is null || age.TotalSeconds <= constraints.MaxEventAgeSeconds);

    private static bool Matches(IReadOnlyList<string>? patterns, string text) => patterns is null || patterns.Any(pattern =>
        pattern[^1] == '*' ? text.StartsWith(pattern[..^1], StringComparison.Ordinal) : text == pattern);
}
