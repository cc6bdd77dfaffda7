using System.Globalization;
using Tollgate.Server.Hosting;

namespace Tollgate.Server.Events;

/// <summary>
/// Splits a body of lines, one event each, as its pieces arrive, and parses each line as soon as it is whole: besides the events themselves
/// only the line that is not whole yet is in memory. Lines end with LF or CRLF, the last one also with the body; those of white space
/// alone are passed over.
/// </summary>
internal sealed class EventLines(EventParser parser)
{
    // The unfinished line. It is begun anew rather than cleared, so its room grows to the longest line and no further.
    private byte[] _rest = new byte[4096];
    private int _length;
    private int _line;

    /// <summary>The events until now, in order.</summary>
    public List<ParsedEvent> Events { get; } = [];

    /// <summary>The number of each event's line, from 1.</summary>
    public List<int> Numbers { get; } = [];

    /// <summary>Takes the next bytes of the body.</summary>
    /// <exception cref="ProblemException">413: a line is too long, or there are too many events. 415: a byte order mark.</exception>
    public void Take(ReadOnlySpan<byte> bytes)
    {
        while (bytes.IndexOf((byte)'\n') is >= 0 and var end)
        {
            if (_length == 0)
            {
                TakeLine(bytes[..end]);
            }
            else
            {
                Keep(bytes[..end]);
                TakeRest();
            }

            bytes = bytes[(end + 1)..];
        }

        Keep(bytes);
    }

    /// <summary>The body has ended, perhaps without an end of its last line.</summary>
    /// <exception cref="ProblemException">As <see cref="Take"/>.</exception>
    public void End() => TakeRest();

    private void TakeRest()
    {
        TakeLine(_rest.AsSpan(0, _length));
        _length = 0;
    }

    private void Keep(ReadOnlySpan<byte> bytes)
    {
        RefuseTooLong(_length + bytes.Length);
        if (_rest.Length - _length < bytes.Length)
        {
            Array.Resize(ref _rest, Math.Max(_rest.Length * 2, _length + bytes.Length));
        }

        bytes.CopyTo(_rest.AsSpan(_length));
        _length += bytes.Length;
    }

    private void TakeLine(ReadOnlySpan<byte> line)
    {
        RefuseTooLong(line.Length);
        if (_line++ == 0)
        {
            RequestText.RefuseByteOrderMark(line);
        }

        if (line.IndexOfAnyExcept(" \t\r"u8) < 0)
        {
            return;
        }

        if (Events.Count == Limits.MaxEventsPerStream)
        {
            throw TooLarge($"The body has more than {Limits.MaxEventsPerStream} events.");
        }

        // White space is JSON's too, so the CR of a CRLF needs no care.
        Events.Add(parser.ParseLine(line));
        Numbers.Add(_line);
    }

    private void RefuseTooLong(int length)
    {
        if (length > Limits.MaxEventLineBytes)
        {
            throw TooLarge($"Line {_line + 1} is longer than {Limits.MaxEventLineBytes} bytes.");
        }
    }

    private static ProblemException TooLarge(FormattableString message) =>
        new(ErrorAnswers.ForStatus(413) with { Message = message.ToString(CultureInfo.InvariantCulture), Error = message.ToString(CultureInfo.InvariantCulture) });
}
