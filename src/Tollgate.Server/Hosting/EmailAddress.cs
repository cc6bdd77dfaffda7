using System.Text.RegularExpressions;

namespace Tollgate.Server.Hosting;

/// <summary>Login names. One person has one canonical form, however it is typed, so that counters and uniqueness can't be dodged.</summary>
internal static partial class EmailAddress
{
    public const int MaxLength = 254;

    /// <summary>Trimmed and in lower case. ASCII only: two names that look alike are then the same name.</summary>
    public static bool TryCanonical(string? text, out string canonical)
    {
        canonical = text?.Trim(' ').ToLowerInvariant() ?? "";
        return canonical.Length is > 0 and <= MaxLength && Shape().IsMatch(canonical);
    }

    /// <summary>Whether a canonical text can be nothing but an e-mail address. What is a login name all the same may be narrower: here a password must not pass.</summary>
    public static bool IsSurely(string canonical) => Mailbox().IsMatch(canonical);

    [GeneratedRegex(@"\A[a-z0-9._%+-]+@([a-z0-9-]+\.)+[a-z]{2,24}\z")]
    private static partial Regex Mailbox();

    // One @ with something on both sides, and no white space. Whether mail arrives is not ours to know.
    [GeneratedRegex(@"\A[\x21-\x3f\x41-\x7e]+@[\x21-\x3f\x41-\x7e]+\z")]
    private static partial Regex Shape();
}
