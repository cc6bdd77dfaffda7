using System.Buffers.Binary;
using System.Text;

namespace Tollgate.Storage.Log;

/// <summary>
/// A batch as bytes: the provenance once, then each event; strings are length-prefixed UTF-8, times are microseconds since 1970.
/// What is read back equals what was written; anything that no writer here would have written is refused.
/// </summary>
/// <remarks>
/// Version 1 is what arrives. Version 2 is a batch out of which events were removed: they are a flag, a key and a digest, and what that
/// saves is zeros at the end, so that the batch stays as long as it was and nothing behind it moves.
/// </remarks>
internal static class BatchCodec
{
    /// <summary>The least an event takes: flags, three empty strings, a time, empty properties, a digest.</summary>
    private const int LeastEventBytes = 1 + 3 + 8 + 1 + DigestBytes;

    private const int DigestBytes = 16;
    private const byte Arrived = 1;
    private const byte Rewritten = 2;
    private const byte ByServiceAccount = 1;
    private const byte HasApiKey = 2;
    private const byte HasCustomer = 1;
    private const byte HasSource = 2;
    private const byte IsRemoved = 4;

    // Strict: text that UTF-8 can't carry must fail here rather than come back changed.
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>How many bytes <see cref="Write(EventBatch, Span{byte})"/> needs.</summary>
    /// <exception cref="ArgumentException">A text that UTF-8 can't carry.</exception>
    public static long Count(EventBatch batch)
    {
        var provenance = batch.Provenance;
        var bytes = 2L + Text(provenance.TenantId) + Text(provenance.EnvironmentId) + Text(provenance.AccountId)
            + OptionalText(provenance.ApiKeyId) + Text(provenance.RequestId) + Text(provenance.Address)
            + sizeof(long) + Prefix((uint)batch.Events.Count);
        foreach (var each in batch.Events)
        {
            bytes += 1 + Text(each.EventId) + Text(each.EventName) + Text(each.ExternalCustomerId) + OptionalText(each.CustomerId)
                + OptionalText(each.Source) + sizeof(long) + Text(each.Properties) + DigestBytes;
        }

        return bytes;

        static long OptionalText(string? value) => value is null ? 0 : Text(value);

        static long Text(string value)
        {
            var length = Utf8.GetByteCount(value);
            return Prefix((uint)length) + (long)length;
        }

        static int Prefix(uint value) => value switch
        {
            < 1 << 7 => 1,
            < 1 << 14 => 2,
            < 1 << 21 => 3,
            < 1 << 28 => 4,
            _ => 5,
        };
    }

    /// <exception cref="ArgumentException">The batch holds what the log could not give back unchanged.</exception>
    public static int Write(EventBatch batch, Span<byte> destination) => Write(batch, destination, Arrived);

    /// <summary>Writes a batch out of which events were removed over the batch as it was, to the same length.</summary>
    public static void Rewrite(EventBatch batch, Span<byte> payload) => payload[Write(batch, payload, Rewritten)..].Clear();

    private static int Write(EventBatch batch, Span<byte> destination, byte version)
    {
        var writer = new Writer(destination);
        var provenance = batch.Provenance;
        writer.Byte(version);
        writer.Byte((byte)((provenance.ByServiceAccount ? ByServiceAccount : 0) | (provenance.ApiKeyId is null ? 0 : HasApiKey)));
        writer.Text(provenance.TenantId);
        writer.Text(provenance.EnvironmentId);
        writer.Text(provenance.AccountId);
        writer.OptionalText(provenance.ApiKeyId);
        writer.Text(provenance.RequestId);
        writer.Text(provenance.Address);
        writer.Time(batch.IngestedAt);
        writer.Number((uint)batch.Events.Count);
        foreach (var each in batch.Events)
        {
            if (each.RemovedKey is { } key)
            {
                writer.Byte(IsRemoved);
                writer.Digest(key);
            }
            else
            {
                writer.Byte((byte)((each.CustomerId is null ? 0 : HasCustomer) | (each.Source is null ? 0 : HasSource)));
                writer.Text(each.EventId);
                writer.Text(each.EventName);
                writer.Text(each.ExternalCustomerId);
                writer.OptionalText(each.CustomerId);
                writer.OptionalText(each.Source);
                writer.Time(each.Timestamp);
                writer.Text(each.Properties);
            }

            writer.Digest(each.ContentDigest);
        }

        return writer.Written;
    }

    /// <summary>False when the bytes are not those of one whole batch.</summary>
    public static bool TryRead(ReadOnlySpan<byte> payload, out EventBatch batch)
    {
        batch = null!; // Callers look at it only when this returns true.
        var reader = new Reader(payload);
        var version = reader.Byte();
        if (version is not Arrived and not Rewritten)
        {
            return false;
        }

        var flags = reader.Byte();
        var provenance = new EventProvenance(
            TenantId: reader.Text(),
            EnvironmentId: reader.Text(),
            AccountId: reader.Text(),
            ByServiceAccount: (flags & ByServiceAccount) != 0,
            ApiKeyId: (flags & HasApiKey) != 0 ? reader.Text() : null,
            RequestId: reader.Text(),
            Address: reader.Text());
        var ingestedAt = reader.Time();
        var count = reader.Number();

        // The bound keeps a damaged count from reserving memory for events that can't be there.
        if (reader.Failed || (flags & ~(ByServiceAccount | HasApiKey)) != 0
            || count == 0 || count > (uint)reader.Remaining / LeastEventBytes)
        {
            return false;
        }

        var events = new LoggedEvent[count];
        for (var i = 0; i < events.Length; i++)
        {
            if (!TryReadEvent(ref reader, version, out events[i]))
            {
                return false;
            }
        }

        batch = new EventBatch(provenance, ingestedAt, events);
        return version == Arrived ? reader.Remaining == 0 : reader.RestIsZero;
    }

    private static bool TryReadEvent(ref Reader reader, byte version, out LoggedEvent read)
    {
        var flags = reader.Byte();
        if (version == Rewritten && flags == IsRemoved)
        {
            read = LoggedEvent.WithoutContent(reader.Digest(), reader.Digest());
            return !reader.Failed;
        }

        read = new LoggedEvent
        {
            EventId = reader.Text(),
            EventName = reader.Text(),
            ExternalCustomerId = reader.Text(),
            CustomerId = (flags & HasCustomer) != 0 ? reader.Text() : null,
            Source = (flags & HasSource) != 0 ? reader.Text() : null,
            Timestamp = reader.Time(),
            Properties = reader.Text(),
            ContentDigest = reader.Digest(),
        };
        return !reader.Failed && (flags & ~(HasCustomer | HasSource)) == 0;
    }

    private ref struct Writer(Span<byte> destination)
    {
        private readonly Span<byte> _destination = destination;

        public int Written { get; private set; }

        public void Byte(byte value) => _destination[Written++] = value;

        public void Number(uint value)
        {
            while (value >= 0x80)
            {
                Byte((byte)(value | 0x80));
                value >>= 7;
            }

            Byte((byte)value);
        }

        public void Text(string value)
        {
            Number((uint)Utf8.GetByteCount(value));
            Written += Utf8.GetBytes(value, _destination[Written..]);
        }

        // Whether it is there is said by the flags before it.
        public void OptionalText(string? value)
        {
            if (value is not null)
            {
                Text(value);
            }
        }

        public void Time(DateTimeOffset value)
        {
            if (value.Offset != TimeSpan.Zero || value.Ticks % TimeSpan.TicksPerMicrosecond != 0)
            {
                throw new ArgumentException($"{value:O} is not UTC in whole microseconds.");
            }

            BinaryPrimitives.WriteInt64LittleEndian(
                _destination[Written..], (value.Ticks - DateTime.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond);
            Written += sizeof(long);
        }

        public void Digest(UInt128 value)
        {
            BinaryPrimitives.WriteUInt128LittleEndian(_destination[Written..], value);
            Written += DigestBytes;
        }
    }

    // Reads on after a failure with empty values, so that only its end has to ask whether all went well.
    private ref struct Reader(ReadOnlySpan<byte> source)
    {
        private const long LeastMicroseconds = -62_135_596_800_000_000;
        private const long MostMicroseconds = 253_402_300_799_999_999;

        private ReadOnlySpan<byte> _rest = source;

        public bool Failed { get; private set; }

        public readonly int Remaining => _rest.Length;

        public readonly bool RestIsZero => !_rest.ContainsAnyExcept((byte)0);

        public byte Byte()
        {
            var taken = Take(1);
            return taken.IsEmpty ? (byte)0 : taken[0];
        }

        public uint Number()
        {
            ulong value = 0;
            for (var shift = 0; shift < 35; shift += 7)
            {
                var next = Byte();
                value |= (ulong)(next & 0x7F) << shift;
                if (next < 0x80)
                {
                    // One spelling for each number: no zero byte at the end.
                    Failed |= value > uint.MaxValue || (next == 0 && shift > 0);
                    return (uint)value;
                }
            }

            Failed = true;
            return 0;
        }

        public string Text()
        {
            var length = Number();
            if (Failed || length > (uint)_rest.Length)
            {
                Failed = true;
                return "";
            }

            try
            {
                return Utf8.GetString(Take((int)length));
            }
            catch (DecoderFallbackException)
            {
                Failed = true;
                return "";
            }
        }

        public DateTimeOffset Time()
        {
            var taken = Take(sizeof(long));
            var microseconds = taken.IsEmpty ? 0 : BinaryPrimitives.ReadInt64LittleEndian(taken);
            if (microseconds is < LeastMicroseconds or > MostMicroseconds)
            {
                Failed = true;
                microseconds = 0;
            }

            return new DateTimeOffset(DateTime.UnixEpoch.Ticks + (microseconds * TimeSpan.TicksPerMicrosecond), TimeSpan.Zero);
        }

        public UInt128 Digest()
        {
            var taken = Take(DigestBytes);
            return taken.IsEmpty ? UInt128.Zero : BinaryPrimitives.ReadUInt128LittleEndian(taken);
        }

        private ReadOnlySpan<byte> Take(int count)
        {
            if (Failed || count > _rest.Length)
            {
                Failed = true;
                return [];
            }

            var taken = _rest[..count];
            _rest = _rest[count..];
            return taken;
        }
    }
}
