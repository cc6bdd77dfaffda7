using System.Security.Cryptography;
using Tollgate.Server.Access;

namespace Tollgate.Server.Sessions;

/// <summary>The text of recovery codes: 120 random bits in an alphabet without letters that look alike, four groups of six.</summary>
internal static class RecoveryCodeText
{
    private const string Alphabet = "0123456789abcdefghjkmnpqrstvwxyz";
    private const int Length = 24;
    private const int Group = 6;

    public static string New()
    {
        var letters = RandomNumberGenerator.GetString(Alphabet, Length);
        return string.Join('-', Enumerable.Range(0, Length / Group).Select(group => letters.Substring(group * Group, Group)));
    }

    /// <summary>What is stored of a code, however it is typed; null when the text can't be one.</summary>
    public static byte[]? Digest(string text)
    {
        var letters = string.Concat(text.Where(letter => letter is not ('-' or ' ')).Select(letter => char.ToLowerInvariant(letter) switch
        {
            'o' => '0',
            'i' or 'l' => '1',
            var other => other,
        }));
        return letters.Length == Length && letters.All(letter => Alphabet.Contains(letter, StringComparison.Ordinal))
            ? SecretText.Digest(letters)
            : null;
    }
}
