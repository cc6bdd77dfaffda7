namespace Tollgate.Contracts;

/// <summary>Where a page stands in its list.</summary>
public sealed record PaginationResponse
{
    /// <summary>How many items the whole list has.</summary>
    public required long Total { get; init; }

    /// <summary>How many items a page has at the most.</summary>
    public required int Limit { get; init; }

    /// <summary>The offset of the next page.</summary>
    public required int Offset { get; init; }
}

/// <summary>One page of a list, newest first unless the request says otherwise.</summary>
public sealed record ListResponse<T>
{
    /// <summary>The items of this page.</summary>
    public required IReadOnlyList<T> Items { get; init; }

    /// <summary>Where the page stands.</summary>
    public required PaginationResponse Pagination { get; init; }
}

/// <summary>One criterion of order.</summary>
public sealed record SortCondition
{
    /// <summary>The member to order by.</summary>
    [LengthLimit(1, 64)]
    public string? Field { get; init; }

    /// <summary><c>asc</c> or <c>desc</c>.</summary>
    [OneOf("asc", "desc")]
    public string? Direction { get; init; }
}
