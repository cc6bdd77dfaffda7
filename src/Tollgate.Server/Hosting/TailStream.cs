using System.Buffers.Binary;
using System.IO.Hashing;

namespace Tollgate.Server.Hosting;

/// <summary>Passes a compressed body on and keeps its last bytes, which in gzip are the checksum and the length of what was compressed.</summary>
internal sealed class TailStream(Stream inner) : Stream
{
    private const int TrailerBytes = 8;

    private readonly byte[] _last = new byte[TrailerBytes];

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Reads what the decoder left and compares the end with what it made of the rest.</summary>
    /// <exception cref="InvalidDataException">Something follows the stream, or there are several of them.</exception>
    public async Task CheckGzipEndAsync(byte[] text, CancellationToken cancellationToken)
    {
        var rest = new byte[4096];
        while (await ReadAsync(rest, cancellationToken) > 0)
        {
            // Only the last bytes count.
        }

        if (BinaryPrimitives.ReadUInt32LittleEndian(_last) != Crc32.HashToUInt32(text)
            || BinaryPrimitives.ReadInt32LittleEndian(_last.AsSpan(4)) != text.Length)
        {
            throw new InvalidDataException("The gzip stream does not end where the body ends.");
        }
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var count = await inner.ReadAsync(buffer, cancellationToken);
        var read = buffer.Span[..count];
        if (count >= TrailerBytes)
        {
            read[^TrailerBytes..].CopyTo(_last);
        }
        else
        {
            _last.AsSpan(count).CopyTo(_last);
            read.CopyTo(_last.AsSpan(TrailerBytes - count));
        }

        return count;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
