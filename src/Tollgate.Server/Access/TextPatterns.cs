namespace Tollgate.Server.Access;

/// <summary>Texts, each exact or a prefix: <c>api_*</c> is everything that begins with <c>api_</c>. To the letter, whatever the language.</summary>
internal sealed class TextPatterns
{
    public const char Wildcard = '*';

    public TextPatterns(IReadOnlyList<string> patterns)
    {
        Exact = [.. patterns.Where(pattern => !IsPrefix(pattern))];
        Prefixes = [.. patterns.Where(IsPrefix).Select(pattern => pattern[..^1])];
    }

    public IReadOnlyList<string> Exact { get; }

    /// <summary>Without their asterisk.</summary>
    public IReadOnlyList<string> Prefixes { get; }

    public bool Match(string text) => Exact.Contains(text, StringComparer.Ordinal) || MatchesPrefix(text);

    /// <summary>Whether everything that the others match is matched by these.</summary>
    public bool Covers(TextPatterns other) =>
        // There is no end to what a prefix matches, so that only a prefix can cover it.
        other.Exact.All(Match) && other.Prefixes.All(MatchesPrefix);

    private bool MatchesPrefix(string text) => Prefixes.Any(prefix => text.StartsWith(prefix, StringComparison.Ordinal));

    private static bool IsPrefix(string pattern) => pattern[^1] == Wildcard;
}
