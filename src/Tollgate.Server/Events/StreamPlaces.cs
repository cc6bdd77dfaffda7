using System.Buffers.Binary;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Events;

namespace Tollgate.Server.Events;

/// <summary>
/// Places between events in the order in which they were accepted, as streams give them out. They are sealed to tenant and environment:
/// the number inside counts the events of all tenants.
/// </summary>
internal sealed class StreamPlaces(byte[] secret)
{
    public string Write(EventScope scope, long sequence)
    {
        Span<byte> content = stackalloc byte[sizeof(long)];
        BinaryPrimitives.WriteInt64BigEndian(content, sequence);
        return SealedText.Close(secret, content, PurposeOf(scope));
    }

    /// <summary>The number of the last event ahead of the place; null when the place is none of this environment.</summary>
    public long? Read(EventScope scope, string text) =>
        SealedText.Open(secret, text, PurposeOf(scope)) is { } content ? BinaryPrimitives.ReadInt64BigEndian(content) : null;

    /// <summary>The place that a request names; the errors get what is wrong with it.</summary>
    /// <param name="scope">The tenant and environment of the caller.</param>
    /// <param name="text">The text of the request; null when it names none.</param>
    /// <param name="newest">The newest event there is: a place behind it was given out by a log that is no more.</param>
    /// <param name="field">How the request calls it.</param>
    /// <param name="errors">What is wrong so far.</param>
    public long? Read(EventScope scope, string? text, long newest, string field, FieldErrors errors)
    {
        var place = text is null ? null : Read(scope, text);
        errors.Demand(text is null || place <= newest, field, "is not a place that an event stream of this environment gave out.");
        return place;
    }

    private static byte[] PurposeOf(EventScope scope) => SealedText.Purpose("stream", scope.TenantId, scope.EnvironmentId);
}
