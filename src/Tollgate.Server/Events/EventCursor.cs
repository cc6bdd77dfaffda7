using System.Buffers.Binary;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Tollgate.Contracts;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Events;

namespace Tollgate.Server.Events;

/// <summary>
/// The keys that pages continue at: a place between events, and the start of the interval that the first page had when none was named.
/// A key carries a seal over itself, the tenant, the environment and the query it was given out for; any other is refused.
/// </summary>
internal sealed class EventCursor(byte[] secret)
{
    private const byte Version = 1;
    private const int SealLength = 16;
    private const int FixedLength = 1 + (3 * sizeof(long));

    /// <summary>The key of a place in the answer to this query.</summary>
    public string Write(EventQuery query, EventQuestion question, StoredEvent place)
    {
        var name = query.Sort == EventSort.EventName ? place.EventName : "";
        var key = new byte[FixedLength + Encoding.UTF8.GetByteCount(name) + SealLength];
        key[0] = Version;
        BinaryPrimitives.WriteInt64BigEndian(key.AsSpan(1), place.Sequence);
        BinaryPrimitives.WriteInt64BigEndian(key.AsSpan(9), place.Timestamp.ToMicroseconds());
        BinaryPrimitives.WriteInt64BigEndian(key.AsSpan(17), query.Filter.Start!.Value.ToMicroseconds());
        Encoding.UTF8.GetBytes(name, key.AsSpan(FixedLength));
        Seal(query, question, key.AsSpan(..^SealLength)).CopyTo(key.AsSpan(^SealLength..));
        return Base64Url.EncodeToString(key);
    }

    /// <summary>The place and the start of the interval that a key names; null when it was not given out for this query.</summary>
    public (EventPosition Position, DateTimeOffset Start)? Read(EventQuery query, EventQuestion question, string text)
    {
        var key = new byte[Base64Url.GetMaxDecodedLength(text.Length)];
        if (!Base64Url.IsValid(text)
            || !Base64Url.TryDecodeFromChars(text, key, out var length)
            || length < FixedLength + SealLength
            // One text for one key: what differs only in the bits that the coding leaves over is another text.
            || Base64Url.EncodeToString(key.AsSpan(0, length)) != text)
        {
            return null;
        }

        var content = key.AsSpan(0, length - SealLength);
        if (!CryptographicOperations.FixedTimeEquals(Seal(query, question, content), key.AsSpan(length - SealLength, SealLength)))
        {
            return null;
        }

        return (
            new EventPosition(
                Encoding.UTF8.GetString(content[FixedLength..]),
                At(BinaryPrimitives.ReadInt64BigEndian(content[9..])),
                BinaryPrimitives.ReadInt64BigEndian(content[1..])),
            At(BinaryPrimitives.ReadInt64BigEndian(content[17..])));
    }

    private static DateTimeOffset At(long microseconds) => DateTimeOffset.UnixEpoch.AddMicroseconds(microseconds);

    private byte[] Seal(EventQuery query, EventQuestion question, ReadOnlySpan<byte> content)
    {
        using var hash = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, secret);
        Append(hash, content);
        var filter = query.Filter;
        foreach (var text in (ReadOnlySpan<string?>)
            [
                filter.Reach.Scope.TenantId, filter.Reach.Scope.EnvironmentId, filter.EventId, filter.EventName, filter.ExternalCustomerId,
                filter.Source, query.Sort.ToString(), query.Descending ? "desc" : "asc",
                // As they were asked for: a default moves from page to page.
                question.StartTime is { } start ? Rfc3339.Format(start) : null,
                question.EndTime is { } end ? Rfc3339.Format(end) : null,
            ])
        {
            Append(hash, text);
        }

        foreach (var (name, values) in filter.Properties.OrderBy(property => property.Key, StringComparer.Ordinal))
        {
            Append(hash, name);
            foreach (var value in values.Order(StringComparer.Ordinal))
            {
                Append(hash, value);
            }

            Append(hash, (string?)null);
        }

        return hash.GetHashAndReset()[..SealLength];
    }

    private static void Append(IncrementalHash hash, string? text) => Append(hash, text is null ? default : Encoding.UTF8.GetBytes(text), text is null);

    private static void Append(IncrementalHash hash, ReadOnlySpan<byte> bytes, bool absent = false)
    {
        // With its length ahead no part can be taken for another.
        Span<byte> length = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(length, absent ? -1 : bytes.Length);
        hash.AppendData(length);
        hash.AppendData(bytes);
    }
}
