namespace Tollgate.Contracts;

/// <summary>How a member is compared with a value.</summary>
public static class FilterOperators
{
    /// <summary>It is the value, to the letter.</summary>
    public const string Eq = "eq";

    /// <summary>The value is somewhere in it, in capital or small letters of A to Z.</summary>
    public const string Contains = "contains";

    /// <summary>The value is nowhere in it; so too where it is absent.</summary>
    public const string NotContains = "not_contains";

    /// <summary>It is one of the values, to the letter.</summary>
    public const string In = "in";

    /// <summary>It is none of the values; so too where it is absent.</summary>
    public const string NotIn = "not_in";

    /// <summary>It is greater: later, or behind the value in the order of code points.</summary>
    public const string Gt = "gt";

    /// <summary>It is less: earlier, or ahead of the value in the order of code points.</summary>
    public const string Lt = "lt";

    /// <summary>It is earlier.</summary>
    public const string Before = "before";

    /// <summary>It is later.</summary>
    public const string After = "after";
}

/// <summary>A condition of a search. Conditions are all to hold.</summary>
public sealed record FilterCondition
{
    /// <summary>The member that is looked at; of <c>metadata</c> one name, as <c>metadata.plan</c>.</summary>
    [LengthLimit(1, 300)]
    public required string Field { get; init; }

    /// <summary>How it is compared.</summary>
    [OneOf(
        FilterOperators.Eq,
        FilterOperators.Contains,
        FilterOperators.NotContains,
        FilterOperators.In,
        FilterOperators.NotIn,
        FilterOperators.Gt,
        FilterOperators.Lt,
        FilterOperators.Before,
        FilterOperators.After)]
    public required string Operator { get; init; }

    /// <summary>Which member of <see cref="Value"/> is meant; absent: the one that is there.</summary>
    [OneOf("string", "date", "array")]
    public string? DataType { get; init; }

    /// <summary>What it is compared with.</summary>
    public required FilterValue Value { get; init; }
}

/// <summary>What a member is compared with: exactly one of these.</summary>
[Refuses("number", "No member that can be searched is a number; send it as string.")]
[Refuses("boolean", "No member that can be searched is true or false.")]
public sealed record FilterValue
{
    /// <summary>A text.</summary>
    // CA1720: it is the name that Flexprice gave it.
#pragma warning disable CA1720
    [LengthLimit(0, 1000)]
    public string? String { get; init; }
#pragma warning restore CA1720

    /// <summary>A time, for members that are one.</summary>
    public DateTimeOffset? Date { get; init; }

    /// <summary>Texts, for <c>in</c> and <c>not_in</c>.</summary>
    [LengthLimit(0, 1000)]
    public IReadOnlyList<string>? Array { get; init; }
}
