using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Tollgate.Server.Hosting;

namespace Tollgate.Server.Events;

/// <summary>
/// Reads an event's properties in one pass into two forms: the text that was sent without its white space, which is stored, and a
/// canonical one, in which the same content has the same bytes whatever the order of members and the way strings are escaped.
/// </summary>
internal sealed class PropertiesReader
{
    // Enough to mend an event by.
    private const int MaxErrors = 100;
    private const int LongestShown = 200;

    private readonly ArrayBufferWriter<byte> _minified = new(256);
    private readonly List<Member> _members = [];
    private readonly Comparison<Member> _byName;
    private byte[] _canonical = new byte[256];
    private int _length;

    public PropertiesReader() => _byName = (left, right) => NameOf(left).SequenceCompareTo(NameOf(right));

    /// <summary>The text of the properties that were read last.</summary>
    public ReadOnlySpan<byte> Minified => _minified.WrittenSpan;

    /// <summary>Their canonical form.</summary>
    public ReadOnlySpan<byte> Canonical => _canonical.AsSpan(0, _length);

    /// <summary>No properties: the same as an empty object.</summary>
    public void Clear()
    {
        Begin();
        _minified.Write("{}"u8);
        Put("{}"u8);
    }

    /// <summary>Reads the object whose start the reader stands at. Adds what is wrong to the errors, with paths inside the object.</summary>
    public void Read(ref Utf8JsonReader reader, List<EventError> errors)
    {
        Begin();
        var members = ReadObject(ref reader, errors);
        if (members > Limits.MaxEventProperties)
        {
            errors.Add(new EventError("", $"must have at most {Limits.MaxEventProperties} members."));
        }

        if (_minified.WrittenCount > Limits.MaxEventPropertiesBytes)
        {
            errors.Add(new EventError("", $"must have at most {Limits.MaxEventPropertiesBytes} bytes."));
        }
    }

    private void Begin()
    {
        _minified.ResetWrittenCount();
        _members.Clear();
        _length = 0;
    }

    private void ReadValue(ref Utf8JsonReader reader, List<EventError> errors)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                RefuseTooDeep(ref reader);
                ReadObject(ref reader, errors);
                break;
            case JsonTokenType.StartArray:
                RefuseTooDeep(ref reader);
                ReadArray(ref reader, errors);
                break;
            case JsonTokenType.String:
                CopyQuoted(ref reader);
                AddError(errors, PutText((byte)'s', ref reader));
                break;
            case JsonTokenType.Number:
                _minified.Write(reader.ValueSpan);
                PutCounted((byte)'#', reader.ValueSpan);
                AddError(errors, NumberError(reader.ValueSpan));
                break;
            default:
                // true, false, null
                _minified.Write(reader.ValueSpan);
                Put(reader.ValueSpan);
                break;
        }
    }

    private int ReadObject(ref Utf8JsonReader reader, List<EventError> errors)
    {
        var first = _members.Count;
        var ascending = true;
        _minified.Write("{"u8);
        Put("{"u8);
        var contentStart = _length;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (_members.Count > first)
            {
                _minified.Write(","u8);
            }

            var (before, nameStart) = (errors.Count, _length);
            CopyQuoted(ref reader);
            _minified.Write(":"u8);
            AddError(errors, PutText((byte)'s', ref reader));
            var nameEnd = _length;
            var rawName = reader.ValueSpan;
            var escaped = reader.ValueIsEscaped;
            reader.Read();
            ReadValue(ref reader, errors);
            if (errors.Count > before)
            {
                PutAhead(errors, before, NameForPath(rawName, escaped));
            }

            var member = new Member(nameStart, nameEnd, _length);
            ascending = ascending && (_members.Count == first || _byName(_members[^1], member) < 0);
            _members.Add(member);
        }

        var count = _members.Count - first;
        if (!ascending)
        {
            Sort(first, contentStart, errors);
        }

        _members.RemoveRange(first, count);
        _minified.Write("}"u8);
        Put("}"u8);
        return count;
    }

    private void ReadArray(ref Utf8JsonReader reader, List<EventError> errors)
    {
        var index = 0;
        _minified.Write("["u8);
        Put("["u8);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (index > 0)
            {
                _minified.Write(","u8);
            }

            var before = errors.Count;
            ReadValue(ref reader, errors);
            if (errors.Count > before)
            {
                PutAhead(errors, before, string.Create(CultureInfo.InvariantCulture, $"[{index}]"));
            }

            index++;
        }

        _minified.Write("]"u8);
        Put("]"u8);
    }

    /// <summary>Puts the members of one object into the order of their names; names that are there twice are found on the way.</summary>
    private void Sort(int first, int contentStart, List<EventError> errors)
    {
        var members = CollectionsMarshal.AsSpan(_members)[first..];
        members.Sort(_byName);
        for (var index = 1; index < members.Length; index++)
        {
            if (_byName(members[index - 1], members[index]) == 0 && (index == 1 || _byName(members[index - 2], members[index]) != 0))
            {
                // A name has one byte of kind and four of length ahead of it.
                var name = Encoding.UTF8.GetString(NameOf(members[index])[5..]);
                AddError(errors, new EventError(Shortened(name), "is there twice."));
            }
        }

        var length = _length - contentStart;
        var sorted = ArrayPool<byte>.Shared.Rent(length);
        var at = 0;
        foreach (var member in members)
        {
            _canonical.AsSpan(member.Start, member.End - member.Start).CopyTo(sorted.AsSpan(at));
            at += member.End - member.Start;
        }

        sorted.AsSpan(0, length).CopyTo(_canonical.AsSpan(contentStart));
        ArrayPool<byte>.Shared.Return(sorted);
    }

    private static string? NumberError(ReadOnlySpan<byte> number)
    {
        var digits = 0;
        foreach (var character in number)
        {
            digits += character is >= (byte)'0' and <= (byte)'9' ? 1 : 0;
        }

        if (digits > Limits.MaxNumberDigits)
        {
            return $"must have at most {Limits.MaxNumberDigits} digits.";
        }

        // What binary floating point can't hold at all is beyond every reader of the event.
        var value = double.Parse(number, NumberStyles.Float, CultureInfo.InvariantCulture);
        if (double.IsInfinity(value))
        {
            return "is too large a number.";
        }

        var end = number.IndexOfAny((byte)'e', (byte)'E');
        return value == 0 && (end < 0 ? number : number[..end]).IndexOfAnyInRange((byte)'1', (byte)'9') >= 0
            ? "is too small a number."
            : null;
    }

    private static void RefuseTooDeep(ref Utf8JsonReader reader)
    {
        if (reader.CurrentDepth >= Limits.MaxJsonDepth)
        {
            throw new ProblemException(EventParser.TooDeep);
        }
    }

    private static string NameForPath(ReadOnlySpan<byte> raw, bool escaped)
    {
        var text = Encoding.UTF8.GetString(raw);
        if (escaped)
        {
            // Only reached when something is wrong: the name is read a second time.
            try
            {
                text = JsonSerializer.Deserialize<string>($"\"{text}\"")!;
            }
            catch (JsonException)
            {
                // Half of a surrogate pair: shown as it was sent.
            }
        }

        return Shortened(text);
    }

    private static string Shortened(string name) => name.Length <= LongestShown ? name : name[..LongestShown] + "…";

    private static void PutAhead(List<EventError> errors, int from, string segment)
    {
        for (var index = from; index < errors.Count; index++)
        {
            var inner = errors[index].Path;
            var path = inner.Length == 0 || inner[0] == '[' ? segment + inner : $"{segment}.{inner}";
            errors[index] = errors[index] with { Path = Shortened(path) };
        }
    }

    private static void AddError(List<EventError> errors, string? text)
    {
        if (text is not null)
        {
            AddError(errors, new EventError("", text));
        }
    }

    private static void AddError(List<EventError> errors, EventError error)
    {
        if (errors.Count < MaxErrors)
        {
            errors.Add(error);
        }
    }

    private void CopyQuoted(ref Utf8JsonReader reader)
    {
        _minified.Write("\""u8);
        _minified.Write(reader.ValueSpan);
        _minified.Write("\""u8);
    }

    private ReadOnlySpan<byte> NameOf(Member member) => _canonical.AsSpan(member.Start, member.NameEnd - member.Start);

    private string? PutText(byte kind, ref Utf8JsonReader reader)
    {
        var longest = reader.ValueSpan.Length;
        Grow(5 + longest);
        var error = JsonText.TryCopy(ref reader, _canonical.AsSpan(_length + 5, longest), out var length);
        PutHead(kind, length);
        _length += 5 + length;
        return error;
    }

    private void PutCounted(byte kind, ReadOnlySpan<byte> bytes)
    {
        Grow(5 + bytes.Length);
        PutHead(kind, bytes.Length);
        bytes.CopyTo(_canonical.AsSpan(_length + 5));
        _length += 5 + bytes.Length;
    }

    private void PutHead(byte kind, int length)
    {
        _canonical[_length] = kind;
        // Big-endian and with its length ahead, a text has no other text's beginning.
        BinaryPrimitives.WriteInt32BigEndian(_canonical.AsSpan(_length + 1), length);
    }

    private void Put(ReadOnlySpan<byte> bytes)
    {
        Grow(bytes.Length);
        bytes.CopyTo(_canonical.AsSpan(_length));
        _length += bytes.Length;
    }

    private void Grow(int more)
    {
        if (_canonical.Length - _length < more)
        {
            Array.Resize(ref _canonical, Math.Max(_canonical.Length * 2, _length + more));
        }
    }

    /// <summary>Where a member's name and the whole of it lie in the canonical form.</summary>
    private readonly record struct Member(int Start, int NameEnd, int End);
}
