using System.Globalization;
using System.Text.Json;
using CloudNative.CloudEvents.Http;
using Tollgate.Server.Hosting;

namespace Tollgate.Server.Events;

/// <summary>
/// Reads CloudEvents 1.0 as strictly as <see cref="EventParser"/> reads events of ours. <c>data</c> is read where it stands and never becomes
/// a number on the way. One parser serves one request.
/// </summary>
internal sealed class CloudEventParser(EventMembers members)
{
    private const string Data = "data";

    /// <summary>Reads a body of <c>application/cloudevents+json</c>.</summary>
    /// <exception cref="ProblemException">It is not one JSON object.</exception>
    public ParsedEvent ParseOne(ReadOnlySpan<byte> body)
    {
        var reader = new Utf8JsonReader(body, EventParser.Strict);
        try
        {
            reader.Read();
            EventParser.RequireObject(ref reader);
            var parsed = ParseEvent(ref reader);
            // Nothing may follow.
            reader.Read();
            return parsed;
        }
        catch (JsonException exception)
        {
            throw EventParser.Malformed(exception);
        }
    }

    /// <summary>Reads a body of <c>application/cloudevents-batch+json</c>.</summary>
    /// <exception cref="ProblemException">It is not one JSON list.</exception>
    public List<ParsedEvent> ParseBatch(ReadOnlySpan<byte> body, FieldErrors errors)
    {
        var reader = new Utf8JsonReader(body, EventParser.Strict);
        try
        {
            reader.Read();
            var events = new List<ParsedEvent>();
            if (reader.TokenType == JsonTokenType.StartArray)
            {
                EventParser.ReadItems(ref reader, events, "body", errors, ParseEvent);
            }
            else
            {
                errors.Add("body", "must be a list.");
                reader.Skip();
            }

            reader.Read();
            return events;
        }
        catch (JsonException exception)
        {
            throw EventParser.Malformed(exception);
        }
    }

    /// <summary>Reads an event whose attributes are headers and whose data is the body, which may be empty.</summary>
    /// <exception cref="ProblemException">The body is not JSON.</exception>
    public ParsedEvent ParseBinary(IHeaderDictionary headers, ReadOnlySpan<byte> body)
    {
        var envelope = new CloudEventEnvelope(members, HttpUtilities.HttpHeaderPrefix);
        foreach (var (header, values) in headers)
        {
            if (HttpUtilities.GetAttributeNameFromHeaderName(header) is not { } name)
            {
                continue;
            }

            if (values.Count != 1)
            {
                envelope.Add(name, "is there twice.");
            }
            else if (envelope.TrySee(name) && Decoded(values[0] ?? "") is var text)
            {
                if (text is null)
                {
                    envelope.Add(name, "is not encoded as CloudEvents are in headers.");
                }
                else
                {
                    envelope.Set(name, text);
                }
            }
        }

        if (body.Length > 0)
        {
            ReadBinaryData(body, envelope);
        }

        return envelope.Finish();
    }

    private static string? Decoded(string value)
    {
        try
        {
            return HttpUtilities.DecodeHeaderValue(value);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    private void ReadBinaryData(ReadOnlySpan<byte> body, CloudEventEnvelope envelope)
    {
        var reader = new Utf8JsonReader(body, EventParser.Strict);
        try
        {
            reader.Read();
            members.ReadProperties(ref reader, "body", envelope.Draft);
            reader.Read();
        }
        catch (JsonException exception)
        {
            throw EventParser.Malformed(exception);
        }
    }

    private ParsedEvent ParseEvent(ref Utf8JsonReader reader)
    {
        var envelope = new CloudEventEnvelope(members, prefix: "");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = JsonText.NameForMessage(ref reader);
            var first = envelope.TrySee(name);
            reader.Read();
            if (first)
            {
                ReadMember(ref reader, name, envelope);
            }
            else
            {
                reader.Skip();
            }
        }

        return envelope.Finish();
    }

    private void ReadMember(ref Utf8JsonReader reader, string name, CloudEventEnvelope envelope)
    {
        if (reader.TokenType == JsonTokenType.Null)
        {
            // The specification's word: null is the same as absence.
            envelope.Unsee(name);
        }
        else if (name == Data)
        {
            members.ReadProperties(ref reader, Data, envelope.Draft);
        }
        else if (name == "data_base64")
        {
            envelope.Add(name, "is not read: send an object in data.");
            reader.Skip();
        }
        else if (TextOf(ref reader, name, envelope) is { } text)
        {
            envelope.Set(name, text);
        }
    }

    private static string? TextOf(ref Utf8JsonReader reader, string name, CloudEventEnvelope envelope)
    {
        if (reader.TokenType == JsonTokenType.String || envelope.IsOfSpecification(name))
        {
            return EventMembers.ReadString(ref reader, name, envelope.Draft);
        }

        switch (reader.TokenType)
        {
            case JsonTokenType.True:
            case JsonTokenType.False:
                return reader.GetBoolean() ? "true" : "false";
            case JsonTokenType.Number when reader.TryGetInt32(out var number):
                return number.ToString(CultureInfo.InvariantCulture);
            default:
                envelope.Add(name, "must be a string, a boolean or a whole number of 32 bits.");
                reader.Skip();
                return null;
        }
    }
}
