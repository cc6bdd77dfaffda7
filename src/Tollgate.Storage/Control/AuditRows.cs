namespace Tollgate.Storage.Control;

/// <summary>A row of <c>audit_heads</c>: the newest record of a tenant. The database itself moves it with each record.</summary>
public sealed class AuditHead
{
    public required string TenantId { get; init; }

    public required long Number { get; init; }

    public required byte[] Hash { get; init; }
}

/// <summary>A row of <c>audit_checkpoints</c>: a head as it was at a moment.</summary>
public sealed class AuditCheckpoint
{
    public required string TenantId { get; init; }

    public required long Number { get; init; }

    public required byte[] Hash { get; init; }

    public required DateTimeOffset At { get; init; }
}

/// <summary>A row of <c>idempotent_answers</c>: the first answer to a request with an <c>Idempotency-Key</c>, sealed.</summary>
public sealed class IdempotentAnswer
{
    public required byte[] Scope { get; init; }

    public required string TenantId { get; init; }

    public required byte[] Request { get; init; }

    public required byte[] Answer { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }
}
