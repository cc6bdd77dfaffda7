namespace Tollgate.Server.Hosting;

/// <summary>A request body as it comes over the wire: no longer than the limit, digested on the way, with its last bytes at hand.</summary>
internal sealed class WireBody(Stream body, int maxBytes, ContentDigest? digest) : Stream
{
    private const int TailLength = 8;

    private readonly byte[] _tail = new byte[TailLength];
    private long _length;

    /// <summary>The last eight bytes until now, or all of them when there are fewer.</summary>
    public ReadOnlySpan<byte> Tail => _tail.AsSpan(TailLength - (int)Math.Min(_length, TailLength));

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var read = await body.ReadAsync(buffer, cancellationToken);
        if (read == 0)
        {
            return 0;
        }

        _length += read;
        RequestBytes.RefuseBeyond(_length, maxBytes);
        var bytes = buffer.Span[..read];
        digest?.Append(bytes);
        if (read >= TailLength)
        {
            bytes[^TailLength..].CopyTo(_tail);
        }
        else
        {
            _tail.AsSpan(read).CopyTo(_tail);
            bytes.CopyTo(_tail.AsSpan(TailLength - read));
        }

        return read;
    }

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush() => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
