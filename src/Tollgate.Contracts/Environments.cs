namespace Tollgate.Contracts;

/// <summary><c>POST /v1/environments</c>.</summary>
public sealed record CreateEnvironmentRequest
{
    /// <summary>What people call it; unique in the tenant.</summary>
    [LengthLimit(1, 255)]
    public required string Name { get; init; }

    /// <summary><c>development</c> or <c>production</c>.</summary>
    [OneOf("development", "production")]
    public required string Type { get; init; }
}

/// <summary><c>PUT /v1/environments/{id}</c>: absent members stay as they are.</summary>
public sealed record UpdateEnvironmentRequest
{
    /// <summary>What people call it; unique in the tenant.</summary>
    [LengthLimit(1, 255)]
    public string? Name { get; init; }

    /// <summary><c>development</c> or <c>production</c>.</summary>
    [OneOf("development", "production")]
    public string? Type { get; init; }
}

/// <summary>An environment: events, customers and keys belong to exactly one.</summary>
public sealed record EnvironmentResponse
{
    /// <summary><c>env_…</c></summary>
    public required string Id { get; init; }

    /// <summary>What people call it.</summary>
    public required string Name { get; init; }

    /// <summary><c>development</c> or <c>production</c>.</summary>
    public required string Type { get; init; }

    /// <summary>When it was created.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it was last changed.</summary>
    public required DateTimeOffset UpdatedAt { get; init; }
}

/// <summary>The query of <c>GET /v1/environments</c>.</summary>
public sealed record ListEnvironmentsQuery
{
    /// <summary>1 … 1,000; default 50.</summary>
    [Bounds(1, 1000)]
    public int? Limit { get; init; }

    /// <summary>How many to pass over.</summary>
    [Bounds(0, int.MaxValue)]
    public int? Offset { get; init; }
}

/// <summary>The answer to <c>GET /v1/environments</c>.</summary>
public sealed record EnvironmentsResponse
{
    /// <summary>The tenant's environments, oldest first: the first is the default.</summary>
    public required IReadOnlyList<EnvironmentResponse> Environments { get; init; }

    /// <summary>How many there are.</summary>
    public required long Total { get; init; }

    /// <summary>The offset of the next page.</summary>
    public required int Offset { get; init; }

    /// <summary>How many a page has at the most.</summary>
    public required int Limit { get; init; }
}
