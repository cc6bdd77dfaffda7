using System.Globalization;
using System.Text.Json;
using System.Text.Unicode;
using Tollgate.Server.Hosting;

namespace Tollgate.Server.Events;

/// <summary>
/// Reads events from the UTF-8 of a request in one pass and without intermediate objects, strictly: what is unknown, there twice, of
/// another type, missing or beyond a limit is an error with the path of its member, and all errors of a request are found. One parser
/// serves one request.
/// </summary>
internal sealed class EventParser(EventMembers members)
{
    private static readonly string[] Names =
        ["event_name", "external_customer_id", "event_id", "customer_id", "source", "timestamp", "properties"];

    // One level more than is allowed, so that the first one too many is met here and named.
    public static readonly JsonReaderOptions Strict = new() { MaxDepth = Limits.MaxJsonDepth + 1 };

    private static readonly string DeepText =
        string.Create(CultureInfo.InvariantCulture, $"is nested deeper than {Limits.MaxJsonDepth} levels.");

    /// <summary>The refusal of a body that is nested too deeply.</summary>
    public static Problem TooDeep { get; } = Problem.Invalid("body", DeepText);

    /// <summary>Reads the body of <c>POST /v1/events</c>.</summary>
    /// <exception cref="ProblemException">It is not one JSON object.</exception>
    public ParsedEvent ParseOne(ReadOnlySpan<byte> body)
    {
        var reader = new Utf8JsonReader(body, Strict);
        try
        {
            reader.Read();
            RequireObject(ref reader);
            var parsed = ParseEvent(ref reader);
            // Nothing may follow.
            reader.Read();
            return parsed;
        }
        catch (JsonException exception)
        {
            throw Malformed(exception);
        }
    }

    /// <summary>Reads one line of a body of lines; what is no event makes an event with an error, and the other lines are read.</summary>
    public ParsedEvent ParseLine(ReadOnlySpan<byte> line)
    {
        if (!Utf8.IsValid(line))
        {
            return Unfit("is not valid UTF-8.");
        }

        try
        {
            var reader = new Utf8JsonReader(line, Strict);
            reader.Read();
            if (reader.TokenType == JsonTokenType.StartObject)
            {
                var parsed = ParseEvent(ref reader);
                reader.Read();
                return parsed;
            }

            reader.Skip();
            reader.Read();
            return Unfit("must be an object.");
        }
        catch (JsonException exception)
        {
            return Unfit(string.Create(CultureInfo.InvariantCulture, $"is not valid JSON (byte {exception.BytePositionInLine + 1})."));
        }
        catch (ProblemException exception) when (exception.Problem == TooDeep)
        {
            return Unfit(DeepText);
        }
    }

    /// <summary>Reads the body of <c>POST /v1/events/bulk</c>; adds what is wrong with the body outside of its events to the errors.</summary>
    /// <exception cref="ProblemException">It is not one JSON object.</exception>
    public List<ParsedEvent> ParseBatch(ReadOnlySpan<byte> body, FieldErrors errors)
    {
        var reader = new Utf8JsonReader(body, Strict);
        List<ParsedEvent>? events = null;
        var seen = false;
        try
        {
            reader.Read();
            RequireObject(ref reader);
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                if (!JsonText.IsText(ref reader) || !reader.ValueTextEquals("events"u8))
                {
                    errors.Add(JsonText.NameForMessage(ref reader), "is not a known field.");
                    SkipValue(ref reader);
                }
                else if (seen)
                {
                    errors.Add("events", "is there twice.");
                    SkipValue(ref reader);
                }
                else
                {
                    seen = true;
                    reader.Read();
                    events = ParseList(ref reader, errors);
                }
            }

            reader.Read();
        }
        catch (JsonException exception)
        {
            throw Malformed(exception);
        }

        errors.Demand(seen, "events", "is required.");
        return events ?? [];
    }

    /// <summary>Reads a list of events whose start the reader stands at, as many as one request may have.</summary>
    public static void ReadItems(
        ref Utf8JsonReader reader, List<ParsedEvent> events, string path, FieldErrors errors, ItemParser parse)
    {
        var count = 0;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (++count > Limits.MaxEventsPerRequest)
            {
                reader.Skip();
            }
            else if (reader.TokenType == JsonTokenType.StartObject)
            {
                events.Add(parse(ref reader));
            }
            else
            {
                reader.Skip();
                events.Add(Unfit("must be an object."));
            }
        }

        errors.Demand(count > 0, path, "must not be empty.");
        errors.Demand(
            count <= Limits.MaxEventsPerRequest,
            path,
            string.Create(CultureInfo.InvariantCulture, $"must have at most {Limits.MaxEventsPerRequest} items."));
    }

    /// <summary>What stands where an event should.</summary>
    public static ParsedEvent Unfit(string text) => new(null, null, [new EventError("", text)]);

    /// <summary>The refusal of a body that is not JSON.</summary>
    public static ProblemException Malformed(JsonException exception) => new(Problem.Invalid(
        "body", $"is not valid JSON (line {exception.LineNumber + 1}, byte {exception.BytePositionInLine + 1})."));

    /// <summary>Refuses a body that is not one object.</summary>
    public static void RequireObject(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            // What is no JSON at all is said first.
            reader.Skip();
            reader.Read();
            throw new ProblemException(Problem.Invalid("body", "must be an object."));
        }
    }

    private static void SkipValue(ref Utf8JsonReader reader)
    {
        reader.Read();
        reader.Skip();
    }

    private List<ParsedEvent> ParseList(ref Utf8JsonReader reader, FieldErrors errors)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            errors.Add("events", "must be a list.");
            reader.Skip();
            return [];
        }

        var events = new List<ParsedEvent>();
        ReadItems(ref reader, events, "events", errors, ParseEvent);
        return events;
    }

    private ParsedEvent ParseEvent(ref Utf8JsonReader reader)
    {
        var draft = members.Begin();
        var seen = 0;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (MemberOf(ref reader) is not { } member)
            {
                draft.Add(JsonText.NameForMessage(ref reader), "is not a known field.");
                SkipValue(ref reader);
            }
            else if ((seen & (1 << (int)member)) != 0)
            {
                draft.Add(Names[(int)member], "is there twice.");
                SkipValue(ref reader);
            }
            else
            {
                seen |= 1 << (int)member;
                reader.Read();
                ReadMember(ref reader, member, draft);
            }
        }

        foreach (var required in (ReadOnlySpan<Member>)[Member.EventName, Member.ExternalCustomerId])
        {
            if ((seen & (1 << (int)required)) == 0)
            {
                draft.Add(Names[(int)required], "is required.");
            }
        }

        return members.Finish(draft);
    }

    private static Member? MemberOf(ref Utf8JsonReader reader) =>
        !JsonText.IsText(ref reader) ? null
        : reader.ValueTextEquals("event_name"u8) ? Member.EventName
        : reader.ValueTextEquals("external_customer_id"u8) ? Member.ExternalCustomerId
        : reader.ValueTextEquals("event_id"u8) ? Member.EventId
        : reader.ValueTextEquals("customer_id"u8) ? Member.CustomerId
        : reader.ValueTextEquals("source"u8) ? Member.Source
        : reader.ValueTextEquals("timestamp"u8) ? Member.Timestamp
        : reader.ValueTextEquals("properties"u8) ? Member.Properties
        : null;

    private void ReadMember(ref Utf8JsonReader reader, Member member, EventDraft draft)
    {
        var name = Names[(int)member];
        if (reader.TokenType == JsonTokenType.Null)
        {
            // Null of an optional member is the same as its absence.
            if (member is Member.EventName or Member.ExternalCustomerId)
            {
                draft.Add(name, "must not be null.");
            }

            return;
        }

        switch (member)
        {
            case Member.EventName:
                draft.EventName = EventMembers.ReadName(ref reader, name, draft);
                break;
            case Member.ExternalCustomerId:
                draft.ExternalCustomerId = EventMembers.ReadText(ref reader, name, minLength: 1, draft);
                break;
            case Member.EventId:
                draft.EventId = EventMembers.ReadText(ref reader, name, minLength: 1, draft);
                break;
            case Member.CustomerId:
                draft.CustomerId = EventMembers.ReadText(ref reader, name, minLength: 0, draft);
                break;
            case Member.Source:
                draft.Source = EventMembers.ReadText(ref reader, name, minLength: 0, draft);
                break;
            case Member.Timestamp:
                members.ReadTimestamp(ref reader, name, draft);
                break;
            default:
                members.ReadProperties(ref reader, name, draft);
                break;
        }
    }

    /// <summary>Reads the event whose start the reader stands at.</summary>
    internal delegate ParsedEvent ItemParser(ref Utf8JsonReader reader);

    private enum Member
    {
        EventName,
        ExternalCustomerId,
        EventId,
        CustomerId,
        Source,
        Timestamp,
        Properties,
    }
}
