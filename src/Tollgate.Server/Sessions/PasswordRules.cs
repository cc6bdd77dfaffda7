using System.Collections.Frozen;
using System.Text;
using Tollgate.Server.Hosting;

namespace Tollgate.Server.Sessions;

/// <summary>
/// What a password must be: long enough, and none that is tried first. There is no rule about kinds of characters. Asked wherever
/// a person or an operator chooses one.
/// </summary>
internal static class PasswordRules
{
    // A text this short and repeated is no longer than itself.
    private const int ShortUnit = 4;

    // Characters of a run (1234, qwerty, aaaa) at the least on average, for the whole to count as made of runs.
    private const int RunLength = 4;

    private static readonly string[] KeyboardRows = ["1234567890", "qwertyuiop", "asdfghjkl;", "zxcvbnm,./"];

    // Decision 0018: letters of common passwords, without the digits and signs around them.
    private static readonly Lazy<FrozenSet<string>> Common = new(ReadCommon);

    /// <summary>
    /// What is wrong with a new password, as the rest of a sentence; null when nothing is. The personal texts are what anybody tries who
    /// knows the person: the login name, the name, the organisation.
    /// </summary>
    public static string? Weakness(string password, params IEnumerable<string?> personal)
    {
        if (password.EnumerateRunes().Count() < Limits.MinPasswordLength)
        {
            return $"must have at least {Limits.MinPasswordLength} characters.";
        }

        if (Encoding.UTF8.GetByteCount(password) > Limits.MaxPasswordBytes)
        {
            return $"must have at most {Limits.MaxPasswordBytes} bytes in UTF-8.";
        }

        var text = Squeeze(password);
        if (UnitOf(text).Length <= ShortUnit || text.Distinct().Count() < 5)
        {
            return "is too simple: it repeats a few characters.";
        }

        if (IsMadeOfRuns(text))
        {
            return "is too simple: it is made of runs such as 1234, abcd or qwerty.";
        }

        var own = personal.Append("Tollgate").OfType<string>().SelectMany(known => PersonalForms(known)).ToHashSet(StringComparer.Ordinal);
        var forms = Forms(text);
        return own.Overlaps(forms) || own.Any(known => known.Contains('@', StringComparison.Ordinal) && text.Contains(known, StringComparison.Ordinal))
            ? "must not be the login name, a person's name or the organisation's with digits and signs around it."
            : forms.Any(form => Common.Value.Contains(form))
            ? "is too common: it is one of the passwords that are tried first, perhaps with digits and signs around it; several unrelated words are better."
            : null;
    }

    /// <summary>The text itself, and what is left of it without what people put around a word to make it longer.</summary>
    private static HashSet<string> Forms(string text)
    {
        var forms = new HashSet<string>(StringComparer.Ordinal) { text };
        foreach (var plain in new[] { text, Plain(text, 'l'), Plain(text, 'i') })
        {
            foreach (var core in new[] { Core(plain), Plain(Core(text), 'l'), Plain(Core(text), 'i') })
            {
                forms.Add(core);
                forms.Add(Core(WithoutTail(core)));
                forms.Add(Core(UnitOf(core)));
            }
        }

        forms.Add(Core(UnitOf(text)));
        return forms;
    }

    private static IEnumerable<string> PersonalForms(string known)
    {
        const int ShortestPart = 4;
        var at = known.IndexOf('@', StringComparison.Ordinal);
        yield return Squeeze(known);
        yield return Core(Squeeze(known));
        var parts = at > 0 ? [known[..at]] : known.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        foreach (var part in parts.Where(part => part.Length >= ShortestPart))
        {
            yield return Squeeze(part);
            yield return Core(Squeeze(part));
        }
    }

    /// <summary>In lower case and without spaces; letters of full width are the same letters.</summary>
    private static string Squeeze(string text)
    {
        const int FullWidth = 0xfee0;
        return string.Concat(text.Where(letter => !char.IsWhiteSpace(letter)).Select(letter =>
            char.ToLowerInvariant(letter is >= '\uff01' and <= '\uff5e' ? (char)(letter - FullWidth) : letter)));
    }

    /// <summary>Without the digits and signs in front and behind.</summary>
    private static string Core(string text)
    {
        var (from, to) = (0, text.Length);
        while (from < to && !char.IsLetter(text[from]))
        {
            from++;
        }

        while (to > from && !char.IsLetter(text[to - 1]))
        {
            to--;
        }

        return text[from..to];
    }

    /// <summary>Letters for the digits and signs that stand for them.</summary>
    private static string Plain(string text, char one) => string.Concat(text.Select(letter => letter switch
    {
        '0' => 'o',
        '1' or '!' or '|' => one,
        '3' => 'e',
        '4' or '@' => 'a',
        '5' or '$' => 's',
        '7' => 't',
        _ => letter,
    }));

    /// <summary>Without a last character that is there three times or more.</summary>
    private static string WithoutTail(string text)
    {
        var rest = text.Length == 0 ? text : text.TrimEnd(text[^1]);
        return text.Length - rest.Length >= 3 ? rest : text;
    }

    /// <summary>The shortest text whose repetition is this text, the last time perhaps in part; the text itself when there is none.</summary>
    private static string UnitOf(string text)
    {
        for (var length = 1; length <= text.Length / 2; length++)
        {
            if (text.AsSpan(length).SequenceEqual(text.AsSpan(0, text.Length - length)))
            {
                return text[..length];
            }
        }

        return text;
    }

    private static bool IsMadeOfRuns(string text)
    {
        var runs = 1;
        for (var index = 1; index < text.Length; index++)
        {
            runs += Follows(text[index - 1], text[index]) ? 0 : 1;
        }

        return runs * RunLength <= text.Length;
    }

    private static bool Follows(char before, char after)
    {
        if (Math.Abs(before - after) <= 1 && char.IsLetterOrDigit(before) && char.IsLetterOrDigit(after))
        {
            return true;
        }

        var (row, place) = OnKeyboard(before);
        var (otherRow, otherPlace) = OnKeyboard(after);
        return row >= 0 && otherRow >= 0 && Math.Abs(row - otherRow) <= 1 && Math.Abs(place - otherPlace) <= 1;
    }

    private static (int Row, int Place) OnKeyboard(char letter)
    {
        var row = Array.FindIndex(KeyboardRows, keys => keys.Contains(letter, StringComparison.Ordinal));
        return (row, row < 0 ? -1 : KeyboardRows[row].IndexOf(letter, StringComparison.Ordinal));
    }

    private static FrozenSet<string> ReadCommon()
    {
        using var resource = typeof(PasswordRules).Assembly.GetManifestResourceStream("common-passwords.txt")!;
        using var reader = new StreamReader(resource);
        return reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).ToFrozenSet(StringComparer.Ordinal);
    }
}
