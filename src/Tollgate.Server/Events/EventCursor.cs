using System.Buffers.Binary;
using System.Text;
using Tollgate.Contracts;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Events;

namespace Tollgate.Server.Events;

/// <summary>
/// The keys that pages continue at: a place between events, and the start of the interval that the first page had when none was named.
/// A key is sealed to the tenant, the environment and the query it was given out for; any other is refused. It tells nobody the number of
/// an event, which would tell how much all tenants together write.
/// </summary>
internal sealed class EventCursor(byte[] secret)
{
    private const byte Version = 2;
    private const int FixedLength = 1 + (3 * sizeof(long));

    /// <summary>The key of a place in the answer to this query.</summary>
    public string Write(EventQuery query, EventQuestion question, StoredEvent place)
    {
        var name = query.Sort == EventSort.EventName ? place.EventName : "";
        var key = new byte[FixedLength + Encoding.UTF8.GetByteCount(name)];
        key[0] = Version;
        BinaryPrimitives.WriteInt64BigEndian(key.AsSpan(1), place.Sequence);
        BinaryPrimitives.WriteInt64BigEndian(key.AsSpan(9), place.Timestamp.ToMicroseconds());
        BinaryPrimitives.WriteInt64BigEndian(key.AsSpan(17), query.Filter.Start!.Value.ToMicroseconds());
        Encoding.UTF8.GetBytes(name, key.AsSpan(FixedLength));
        return SealedText.Close(secret, key, PurposeOf(query, question));
    }

    /// <summary>The place and the start of the interval that a key names; null when it was not given out for this query.</summary>
    public (EventPosition Position, DateTimeOffset Start)? Read(EventQuery query, EventQuestion question, string text) =>
        SealedText.Open(secret, text, PurposeOf(query, question)) is not { } key
            ? null
            : (
                new EventPosition(
                    Encoding.UTF8.GetString(key.AsSpan(FixedLength)),
                    Microseconds.Time(BinaryPrimitives.ReadInt64BigEndian(key.AsSpan(9))),
                    BinaryPrimitives.ReadInt64BigEndian(key.AsSpan(1))),
                Microseconds.Time(BinaryPrimitives.ReadInt64BigEndian(key.AsSpan(17))));

    private static byte[] PurposeOf(EventQuery query, EventQuestion question)
    {
        var filter = query.Filter;
        return SealedText.Purpose(
        [
            "events", filter.Reach.Scope.TenantId, filter.Reach.Scope.EnvironmentId, filter.EventId, filter.EventName,
            filter.ExternalCustomerId, filter.Source, filter.ApiKeyId, filter.AccountId,
            query.Sort.ToString(), query.Descending ? "desc" : "asc",
            // As they were asked for: a default moves from page to page.
            question.StartTime is { } start ? Rfc3339.Format(start) : null,
            question.EndTime is { } end ? Rfc3339.Format(end) : null,
            .. filter.Properties.OrderBy(property => property.Key, StringComparer.Ordinal)
                .SelectMany(property => (IEnumerable<string?>)[property.Key, .. property.Value.Order(StringComparer.Ordinal), null]),
        ]);
    }
}
