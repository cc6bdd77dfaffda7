using System.Buffers;
using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;

namespace Tollgate.Contracts;

/// <summary>The hash of a record of the audit log: the only implementation, for the server and for who verifies an export.</summary>
public static class AuditHash
{
    /// <summary>How many bytes a hash has. The hash before the first record is as many zeros.</summary>
    public const int Length = SHA256.HashSizeInBytes;

    private const byte SeverityTag = 1;
    private const byte DecisionTag = 2;

    /// <summary>
    /// SHA-256 over the hash before, the number, the time and every field, each with its length ahead, so that no two records have the
    /// same bytes.
    /// </summary>
    public static byte[] Compute(
        ReadOnlySpan<byte> previousHash, long number, DateTimeOffset at, ReadOnlySpan<string?> fields, string severity, string? decision)
    {
        ArgumentNullException.ThrowIfNull(severity);

        var most = previousHash.Length + 16 + MostBytes(severity) + MostBytes(decision);
        foreach (var field in fields)
        {
            most += MostBytes(field);
        }

        var buffer = ArrayPool<byte>.Shared.Rent(most);
        try
        {
            previousHash.CopyTo(buffer);
            var length = previousHash.Length;
            BinaryPrimitives.WriteInt64BigEndian(buffer.AsSpan(length), number);
            BinaryPrimitives.WriteInt64BigEndian(
                buffer.AsSpan(length + 8), (at.UtcTicks - DateTimeOffset.UnixEpoch.Ticks) / TimeSpan.TicksPerMicrosecond);
            length += 16;
            foreach (var field in fields)
            {
                length += Write(field, buffer.AsSpan(length));
            }

            // Records from before these two fields existed end here and keep their hash. The fields above are always as many and say
            // their own lengths, so what follows can't be taken for a part of them; the tags tell one from the other.
            if (severity != AuditSeverities.Info)
            {
                buffer[length++] = SeverityTag;
                length += Write(severity, buffer.AsSpan(length));
            }

            if (decision is not null)
            {
                buffer[length++] = DecisionTag;
                length += Write(decision, buffer.AsSpan(length));
            }

            return SHA256.HashData(buffer.AsSpan(0, length));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }

    private static int MostBytes(string? text) => 5 + Encoding.UTF8.GetMaxByteCount(text?.Length ?? 0);

    private static int Write(string? text, Span<byte> to)
    {
        if (text is null)
        {
            BinaryPrimitives.WriteInt32BigEndian(to, -1);
            return 4;
        }

        var length = Encoding.UTF8.GetBytes(text, to[4..]);
        BinaryPrimitives.WriteInt32BigEndian(to, length);
        return 4 + length;
    }
}
