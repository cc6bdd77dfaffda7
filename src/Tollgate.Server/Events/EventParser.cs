using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Tollgate.Contracts;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Log;

namespace Tollgate.Server.Events;

/// <summary>
/// Reads events from the UTF-8 of a request in one pass and without intermediate objects, strictly: what is unknown, there twice, of
/// another type, missing or beyond a limit is an error with the path of its member, and all errors of a request are found. One parser
/// serves one request.
/// </summary>
/// <remarks>
/// Two events under one id are the same when their name, customers, source, timestamp and properties are: members in another order,
/// other white space or escapes and an absent member instead of null or of empty properties make no difference. Numbers in properties are compared as
/// text, like they are kept. A timestamp that was not sent is not part of the comparison with the time of receipt that replaces it,
/// so that an event without a timestamp can be sent again.
/// </remarks>
internal sealed class EventParser(DateTimeOffset receivedAt, ServerOptions options, Ids ids)
{
    // What is wrong beyond this many is not listed; a hostile request must not make a large answer.
    private const int MaxErrorsPerEvent = 100;

    private static readonly string[] Names =
        ["event_name", "external_customer_id", "event_id", "customer_id", "source", "timestamp", "properties"];

    // One level more than is allowed, so that the first one too many is met here and named.
    private static readonly JsonReaderOptions Strict = new() { MaxDepth = Limits.MaxJsonDepth + 1 };

    private readonly PropertiesReader _properties = new();
    private byte[] _content = new byte[1024];

    /// <summary>The refusal of a body that is nested too deeply.</summary>
    public static Problem TooDeep { get; } =
        Problem.Invalid("body", string.Create(CultureInfo.InvariantCulture, $"is nested deeper than {Limits.MaxJsonDepth} levels."));

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
                if (!reader.ValueTextEquals("events"u8))
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

    private static void RequireObject(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            // What is no JSON at all is said first.
            reader.Skip();
            reader.Read();
            throw new ProblemException(Problem.Invalid("body", "must be an object."));
        }
    }

    private static ProblemException Malformed(JsonException exception) => new(Problem.Invalid(
        "body", $"is not valid JSON (line {exception.LineNumber + 1}, byte {exception.BytePositionInLine + 1})."));

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
        var count = 0;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (++count > Limits.MaxEventsPerRequest)
            {
                reader.Skip();
            }
            else if (reader.TokenType == JsonTokenType.StartObject)
            {
                events.Add(ParseEvent(ref reader));
            }
            else
            {
                reader.Skip();
                events.Add(new ParsedEvent(null, null, [new EventError("", "must be an object.")]));
            }
        }

        errors.Demand(count > 0, "events", "must not be empty.");
        errors.Demand(
            count <= Limits.MaxEventsPerRequest,
            "events",
            string.Create(CultureInfo.InvariantCulture, $"must have at most {Limits.MaxEventsPerRequest} items."));
        return events;
    }

    private ParsedEvent ParseEvent(ref Utf8JsonReader reader)
    {
        var draft = new Draft();
        _properties.Clear();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (MemberOf(ref reader) is not { } member)
            {
                draft.Add(JsonText.NameForMessage(ref reader), "is not a known field.");
                SkipValue(ref reader);
            }
            else if (!draft.TrySee(member))
            {
                draft.Add(member, "is there twice.");
                SkipValue(ref reader);
            }
            else
            {
                reader.Read();
                ReadMember(ref reader, member, draft);
            }
        }

        return Finish(draft);
    }

    private static Member? MemberOf(ref Utf8JsonReader reader) =>
        reader.ValueTextEquals("event_name"u8) ? Member.EventName
        : reader.ValueTextEquals("external_customer_id"u8) ? Member.ExternalCustomerId
        : reader.ValueTextEquals("event_id"u8) ? Member.EventId
        : reader.ValueTextEquals("customer_id"u8) ? Member.CustomerId
        : reader.ValueTextEquals("source"u8) ? Member.Source
        : reader.ValueTextEquals("timestamp"u8) ? Member.Timestamp
        : reader.ValueTextEquals("properties"u8) ? Member.Properties
        : null;

    private void ReadMember(ref Utf8JsonReader reader, Member member, Draft draft)
    {
        if (reader.TokenType == JsonTokenType.Null)
        {
            // Null of an optional member is the same as its absence.
            if (member is Member.EventName or Member.ExternalCustomerId)
            {
                draft.Add(member, "must not be null.");
            }

            return;
        }

        switch (member)
        {
            case Member.EventName:
                draft.EventName = ReadText(ref reader, member, minLength: 1, draft);
                break;
            case Member.ExternalCustomerId:
                draft.ExternalCustomerId = ReadText(ref reader, member, minLength: 1, draft);
                break;
            case Member.EventId:
                draft.EventId = ReadText(ref reader, member, minLength: 1, draft);
                break;
            case Member.CustomerId:
                draft.CustomerId = ReadText(ref reader, member, minLength: 0, draft);
                break;
            case Member.Source:
                draft.Source = ReadText(ref reader, member, minLength: 0, draft);
                break;
            case Member.Timestamp:
                ReadTimestamp(ref reader, draft);
                break;
            default:
                ReadProperties(ref reader, draft);
                break;
        }
    }

    private static string? ReadText(ref Utf8JsonReader reader, Member member, int minLength, Draft draft)
    {
        if (reader.TokenType != JsonTokenType.String)
        {
            draft.Add(member, "must be a string.");
            reader.Skip();
            return null;
        }

        var error = JsonText.TryGet(ref reader, out var text);
        if (member == Member.EventName)
        {
            text = text.Trim();
        }

        error ??= text.Length < minLength ? "must not be empty."
            : text.Length > Limits.MaxEventTextLength
                ? string.Create(CultureInfo.InvariantCulture, $"must have at most {Limits.MaxEventTextLength} characters.")
            : null;
        if (error is null)
        {
            return text;
        }

        draft.Add(member, error);
        return null;
    }

    private void ReadTimestamp(ref Utf8JsonReader reader, Draft draft)
    {
        if (reader.TokenType != JsonTokenType.String
            || JsonText.TryGet(ref reader, out var text) is not null
            || !Rfc3339.TryParse(text, out var time))
        {
            draft.Add(Member.Timestamp, "must be an RFC 3339 time with a zone, for example 2026-01-31T08:00:00Z.");
            reader.Skip();
        }
        else if (receivedAt - time > options.MaxEventAge)
        {
            draft.Add(Member.Timestamp, string.Create(CultureInfo.InvariantCulture, $"must not be more than {options.MaxEventAge.TotalDays} days ago."));
        }
        else if (time - receivedAt > options.MaxEventFuture)
        {
            draft.Add(Member.Timestamp, string.Create(
                CultureInfo.InvariantCulture, $"must not be more than {options.MaxEventFuture.TotalMinutes} minutes ahead."));
        }
        else
        {
            draft.Timestamp = time;
        }
    }

    private void ReadProperties(ref Utf8JsonReader reader, Draft draft)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            draft.Add(Member.Properties, "must be an object.");
            reader.Skip();
            return;
        }

        var errors = new List<EventError>();
        _properties.Read(ref reader, errors);
        foreach (var error in errors)
        {
            draft.Add(error.Path.Length == 0 ? "properties" : $"properties.{error.Path}", error.Text);
        }
    }

    private ParsedEvent Finish(Draft draft)
    {
        foreach (var required in (ReadOnlySpan<Member>)[Member.EventName, Member.ExternalCustomerId])
        {
            if (!draft.HasSeen(required))
            {
                draft.Add(required, "is required.");
            }
        }

        if (draft.Errors is not null)
        {
            return new ParsedEvent(null, draft.EventId, draft.Errors);
        }

        var id = draft.EventId ?? ids.Event();
        return new ParsedEvent(
            new LoggedEvent
            {
                EventId = id,
                EventName = draft.EventName!,
                ExternalCustomerId = draft.ExternalCustomerId!,
                CustomerId = draft.CustomerId,
                Source = draft.Source,
                Timestamp = draft.Timestamp ?? receivedAt,
                Properties = Encoding.UTF8.GetString(_properties.Minified),
                ContentDigest = Digest(draft),
            },
            id,
            []);
    }

    /// <summary>128 bits of SHA-256 over what was sent, each part with its length ahead.</summary>
    private UInt128 Digest(Draft draft)
    {
        var needed = (4 * 4) + (3 * 4 * Limits.MaxEventTextLength) + sizeof(long) + _properties.Canonical.Length;
        if (_content.Length < needed)
        {
            _content = new byte[needed * 2];
        }

        var length = 0;
        foreach (var text in (ReadOnlySpan<string?>)[draft.EventName, draft.ExternalCustomerId, draft.CustomerId, draft.Source])
        {
            // Absent and empty differ, as they do when the event is read.
            var bytes = text is null ? 0 : Encoding.UTF8.GetBytes(text, _content.AsSpan(length + 4));
            BinaryPrimitives.WriteInt32BigEndian(_content.AsSpan(length), text is null ? -1 : bytes);
            length += 4 + bytes;
        }

        BinaryPrimitives.WriteInt64BigEndian(_content.AsSpan(length), draft.Timestamp?.ToMicroseconds() ?? long.MinValue);
        length += sizeof(long);
        _properties.Canonical.CopyTo(_content.AsSpan(length));
        length += _properties.Canonical.Length;
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(_content.AsSpan(0, length), hash);
        return BinaryPrimitives.ReadUInt128BigEndian(hash);
    }

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

    /// <summary>What is known of an event while it is read.</summary>
    private sealed class Draft
    {
        private int _seen;

        public string? EventName { get; set; }

        public string? ExternalCustomerId { get; set; }

        public string? EventId { get; set; }

        public string? CustomerId { get; set; }

        public string? Source { get; set; }

        public DateTimeOffset? Timestamp { get; set; }

        public List<EventError>? Errors { get; private set; }

        public bool HasSeen(Member member) => (_seen & (1 << (int)member)) != 0;

        /// <summary>Whether it is the first of its name.</summary>
        public bool TrySee(Member member)
        {
            var first = !HasSeen(member);
            _seen |= 1 << (int)member;
            return first;
        }

        public void Add(Member member, string text) => Add(Names[(int)member], text);

        public void Add(string path, string text)
        {
            Errors ??= [];
            if (Errors.Count < MaxErrorsPerEvent)
            {
                Errors.Add(new EventError(path, text));
            }
        }
    }
}
