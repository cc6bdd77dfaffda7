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
/// Reads the members that events have in every form, and makes events of them. One serves one request.
/// </summary>
/// <remarks>
/// Two events under one id are the same when their name, customers, source, timestamp and properties are: members in another order,
/// other white space or escapes, an absent member instead of null or of empty properties, and another form make no difference. Numbers in
/// properties are compared as text, like they are kept. A timestamp that was not sent is not part of the comparison with the time of
/// receipt that replaces it, so that an event without a timestamp can be sent again.
/// </remarks>
internal sealed class EventMembers(DateTimeOffset receivedAt, ServerOptions options, Ids ids)
{
    private readonly PropertiesReader _properties = new();
    private byte[] _content = new byte[1024];

    /// <summary>An event of which nothing is known.</summary>
    public EventDraft Begin()
    {
        _properties.Clear();
        return new EventDraft();
    }

    /// <summary>The string that the reader stands at; null, and an error, when it is none of such a length.</summary>
    public static string? ReadText(ref Utf8JsonReader reader, string path, int minLength, EventDraft draft) =>
        ReadString(ref reader, path, draft) is { } text ? TakeText(text, path, minLength, draft) : null;

    /// <summary>As <see cref="ReadText"/>, for what happened: white space around it is cut off.</summary>
    public static string? ReadName(ref Utf8JsonReader reader, string path, EventDraft draft) =>
        ReadString(ref reader, path, draft) is { } text ? TakeText(text.Trim(), path, minLength: 1, draft) : null;

    /// <summary>The string that the reader stands at; null, and an error, when it is none that a store could give back.</summary>
    public static string? ReadString(ref Utf8JsonReader reader, string path, EventDraft draft)
    {
        if (reader.TokenType != JsonTokenType.String)
        {
            draft.Add(path, "must be a string.");
            reader.Skip();
            return null;
        }

        if (JsonText.TryGet(ref reader, out var text) is { } error)
        {
            draft.Add(path, error);
            return null;
        }

        return text;
    }

    /// <summary>The text; null, and an error, when it is not of such a length.</summary>
    public static string? TakeText(string text, string path, int minLength, EventDraft draft)
    {
        var error = text.Length < minLength ? "must not be empty."
            : text.Length > Limits.MaxEventTextLength
                ? string.Create(CultureInfo.InvariantCulture, $"must have at most {Limits.MaxEventTextLength} characters.")
            : null;
        if (error is null)
        {
            return text;
        }

        draft.Add(path, error);
        return null;
    }

    /// <summary>The time that the reader stands at.</summary>
    public void ReadTimestamp(ref Utf8JsonReader reader, string path, EventDraft draft)
    {
        if (reader.TokenType == JsonTokenType.String && JsonText.TryGet(ref reader, out var text) is null)
        {
            TakeTimestamp(text, path, draft);
        }
        else
        {
            AddNoTime(path, draft);
            reader.Skip();
        }
    }

    /// <summary>The time that the text says.</summary>
    public void TakeTimestamp(string text, string path, EventDraft draft)
    {
        if (!Rfc3339.TryParse(text, out var time))
        {
            AddNoTime(path, draft);
        }
        else if (receivedAt - time > options.MaxEventAge)
        {
            draft.Add(path, string.Create(CultureInfo.InvariantCulture, $"must not be more than {options.MaxEventAge.TotalDays} days ago."));
        }
        else if (time - receivedAt > options.MaxEventFuture)
        {
            draft.Add(path, string.Create(
                CultureInfo.InvariantCulture, $"must not be more than {options.MaxEventFuture.TotalMinutes} minutes ahead."));
        }
        else
        {
            draft.Timestamp = time;
        }
    }

    /// <summary>The properties that the reader stands at.</summary>
    public void ReadProperties(ref Utf8JsonReader reader, string path, EventDraft draft)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            draft.Add(path, "must be an object.");
            reader.Skip();
            return;
        }

        var errors = new List<EventError>();
        _properties.Read(ref reader, errors);
        foreach (var error in errors)
        {
            draft.Add(error.Path.Length == 0 ? path : $"{path}.{error.Path}", error.Text);
        }
    }

    /// <summary>The event, when nothing is wrong with it.</summary>
    public ParsedEvent Finish(EventDraft draft)
    {
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
            [])
        {
            IsUndated = draft.Timestamp is null,
        };
    }

    private static void AddNoTime(string path, EventDraft draft) =>
        draft.Add(path, "must be an RFC 3339 time with a zone, for example 2026-01-31T08:00:00Z.");

    /// <summary>128 bits of SHA-256 over what was sent, each part with its length ahead.</summary>
    private UInt128 Digest(EventDraft draft)
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
}
