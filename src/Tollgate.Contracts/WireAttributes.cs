namespace Tollgate.Contracts;

/// <summary>
/// Members that Flexprice documents for this request and Tollgate has no use for. They are accepted and have no effect, so that
/// clients of Flexprice work unchanged.
/// </summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class IgnoresAttribute(params string[] members) : Attribute
{
    /// <summary>The members, as on the wire.</summary>
    public IReadOnlyList<string> Members { get; } = members;
}

/// <summary>
/// Members that Flexprice's answers have and Tollgate has nothing to say in. They are always there and always null, since Flexprice's SDKs
/// refuse answers without them.
/// </summary>
[AttributeUsage(AttributeTargets.Class)]
public sealed class LacksAttribute(params string[] members) : Attribute
{
    /// <summary>The members, as on the wire.</summary>
    public IReadOnlyList<string> Members { get; } = members;
}

/// <summary>
/// A member that Flexprice documents and Tollgate does not have, and whose silent loss would mislead: a request with it is
/// refused with the reason. An absent, null or empty member is no reason to refuse.
/// </summary>
[AttributeUsage(AttributeTargets.Class, AllowMultiple = true)]
public sealed class RefusesAttribute(string member, string reason) : Attribute
{
    /// <summary>The member, as on the wire.</summary>
    public string Member { get; } = member;

    /// <summary>Why, as a sentence for the client.</summary>
    public string Reason { get; } = reason;
}

/// <summary>Limits of a text or list member, checked before a handler runs and shown in the OpenAPI document.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class LengthLimitAttribute(int min, int max) : Attribute
{
    /// <summary>The least number of UTF-16 units of a text, or of items of a list or object.</summary>
    public int Min { get; } = min;

    /// <summary>The greatest.</summary>
    public int Max { get; } = max;
}

/// <summary>The words a text member may be.</summary>
[AttributeUsage(AttributeTargets.Property)]
public abstract class WordsAttribute(IReadOnlyList<string> words) : Attribute
{
    /// <summary>The words, compared to the letter.</summary>
    public IReadOnlyList<string> Words { get; } = words;
}

/// <summary>The words that this text member may be, and no other.</summary>
public sealed class OneOfAttribute(params string[] words) : WordsAttribute(words);

/// <summary>The least and the greatest value of a whole number.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class BoundsAttribute(long min, long max) : Attribute
{
    /// <summary>The least value.</summary>
    public long Min { get; } = min;

    /// <summary>The greatest.</summary>
    public long Max { get; } = max;
}
