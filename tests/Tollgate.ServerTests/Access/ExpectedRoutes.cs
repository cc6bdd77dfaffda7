using System.Text.Json;
using System.Text.Json.Serialization;

namespace Tollgate.ServerTests.Access;

/// <summary>
/// A row of <c>routes.expected.json</c>, which people write by reading the contract and review when it changes. Nothing generates it:
/// it is what the code is held to.
/// </summary>
internal sealed record ExpectedRoute
{
    // In the query or in the body.
    private static readonly HashSet<string> NamingAnObjectElsewhere =
    [
        "PUT /v1/customers", "GET /v1/events/lookup", "POST /v1/events/quarantine", "POST /v1/rbac/explain", "POST /v1/events/usage/meter",
        "POST /v1/prices", "POST /v1/invoices/preview", "POST /v1/invoices",
    ];

    public static IReadOnlyList<ExpectedRoute> All { get; } = Read();

    public required string Method { get; init; }

    public required string Path { get; init; }

    /// <summary><c>public</c>, <c>session</c>, <c>any_principal</c>, <c>permission</c> or <c>administrator</c>.</summary>
    public required string Access { get; init; }

    public required string? Permission { get; init; }

    /// <summary>The status of a valid request that is let in.</summary>
    public required int Success { get; init; }

    /// <summary>What a key needs where a session needs nothing.</summary>
    [JsonPropertyName("key_permission")]
    public string? KeyPermission { get; init; }

    public string Name => $"{Method} {Path}";

    public bool ChangesSomething => Method != "GET";

    /// <summary>Whether the request names an object by its id.</summary>
    public bool NamesAnObject =>
        Access != "public" && (Path.Contains('{', StringComparison.Ordinal) || NamingAnObjectElsewhere.Contains(Name));

    public override string ToString() => Name;

    private static List<ExpectedRoute> Read()
    {
        using var file = typeof(ExpectedRoute).Assembly.GetManifestResourceStream("routes.expected.json")
            ?? throw new InvalidOperationException("routes.expected.json is not embedded.");
        return JsonSerializer.Deserialize<List<ExpectedRoute>>(file, JsonSerializerOptions.Web)
            ?? throw new InvalidOperationException("routes.expected.json is empty.");
    }
}
