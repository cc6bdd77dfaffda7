namespace Tollgate.Contracts;

/// <summary>The answer of the health routes.</summary>
public sealed record HealthResponse
{
    /// <summary><c>ok</c>.</summary>
    public required string Status { get; init; }
}
