using System.Text.Json;

namespace Tollgate.Server.Events;

/// <summary>Texts of a request that no store could give back are refused where they come in (security, 0.4).</summary>
internal static class JsonText
{
    public const string HasNul = "must not contain a NUL character.";
    public const string HasHalfPair = "must not contain one half of a surrogate pair.";

    /// <summary>The string or name that the reader stands at; or what is wrong with it.</summary>
    public static string? TryGet(ref Utf8JsonReader reader, out string text)
    {
        text = "";
        try
        {
            text = reader.GetString()!;
        }
        catch (InvalidOperationException)
        {
            return HasHalfPair;
        }

        return text.Contains('\0', StringComparison.Ordinal) ? HasNul : null;
    }

    /// <summary>The string or name as UTF-8 without escapes, at the start of <paramref name="target"/>; or what is wrong with it.</summary>
    public static string? TryCopy(ref Utf8JsonReader reader, Span<byte> target, out int length)
    {
        length = 0;
        try
        {
            length = reader.CopyString(target);
        }
        catch (InvalidOperationException)
        {
            return HasHalfPair;
        }

        // Without an escape there is none: a bare NUL is not JSON.
        return reader.ValueIsEscaped && target[..length].Contains((byte)0) ? HasNul : null;
    }

    /// <summary>Whether it can be compared with anything: the reader throws at an escape that is half a character.</summary>
    public static bool IsText(ref Utf8JsonReader reader) => !reader.ValueIsEscaped || TryGet(ref reader, out _) is null;

    /// <summary>The name for a message; what can't be decoded is shown as it was sent.</summary>
    public static string NameForMessage(ref Utf8JsonReader reader) =>
        TryGet(ref reader, out var text) is null ? text : System.Text.Encoding.UTF8.GetString(reader.ValueSpan);
}
