using System.Buffers;
using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;

namespace Tollgate.Server.Hosting;

/// <summary>
/// A request body, plain or compressed once, read piece by piece up to a limit that counts what comes out. Its end is told only when the
/// body was whole and valid, and the one that its digest declares: until then nothing of it may have an effect.
/// </summary>
internal sealed class RequestBytes : IDisposable
{
    private const int PackedBytes = 16 * 1024;

    private readonly int _maxBytes;
    private readonly ContentDigest? _digest;
    private readonly WireBody _wire;
    private readonly GZipStream? _gzip;
    private readonly Crc32 _sum = new();

    // For brotli: what came over the wire and is not decoded yet. The decoder is a struct that changes with each call.
    private readonly byte[] _packed = [];
    private BrotliDecoder _brotli;
    private int _start;
    private int _end;
    private bool _decoded;
    private readonly Action<long>? _hold;
    private long _length;

    /// <summary>
    /// Begins with the body, of which nothing may be read yet. <paramref name="hold"/> is told how many bytes have come out, and throws when
    /// there is no room for them.
    /// </summary>
    /// <exception cref="ProblemException">It has another content coding, says that it is too large, or declares a digest that is none.</exception>
    public RequestBytes(HttpRequest request, int maxBytes, bool withDigest, Action<long>? hold = null)
    {
        var coding = request.Headers.ContentEncoding;
        if (coding.Count > 1 || (coding.Count == 1 && coding[0] is not "identity" && !Is("gzip") && !Is("br")))
        {
            throw new ProblemException(ErrorAnswers.ForStatus(415));
        }

        RefuseBeyond(request.ContentLength ?? 0, maxBytes);
        _maxBytes = maxBytes;
        _hold = hold;
        _digest = withDigest ? ContentDigest.Of(request) : null;
        _wire = new WireBody(request.Body, maxBytes, _digest);
        _gzip = Is("gzip") ? new GZipStream(_wire, CompressionMode.Decompress, leaveOpen: true) : null;
        _packed = Is("br") ? ArrayPool<byte>.Shared.Rent(PackedBytes) : [];

        bool Is(string name) => coding.Count == 1 && string.Equals(coding[0], name, StringComparison.OrdinalIgnoreCase);
    }

    /// <exception cref="ProblemException">413.</exception>
    public static void RefuseBeyond(long length, int maxBytes)
    {
        if (length > maxBytes)
        {
            throw new ProblemException(ErrorAnswers.ForStatus(413));
        }
    }

    /// <summary>Reads some bytes; 0 when there are no more and the body is good.</summary>
    /// <exception cref="ProblemException">It is too large, cut off, damaged, or another one than its digest says.</exception>
    public async ValueTask<int> ReadAsync(Memory<byte> target, CancellationToken cancellationToken)
    {
        var read = _gzip is not null ? await GunzipAsync(_gzip, target, cancellationToken)
            : _packed.Length > 0 ? await UnbrotliAsync(target, cancellationToken)
            : await _wire.ReadAsync(target, cancellationToken);
        _length += read;
        RefuseBeyond(_length, _maxBytes);
        _hold?.Invoke(_length);
        if (read == 0)
        {
            _digest?.Verify();
        }

        return read;
    }

    public void Dispose()
    {
        _gzip?.Dispose();
        _wire.Dispose();
        _brotli.Dispose();
        _digest?.Dispose();
        if (_packed.Length > 0)
        {
            ArrayPool<byte>.Shared.Return(_packed);
        }
    }

    private static ProblemException Damaged() => new(Problem.Invalid("body", "is not a whole and valid compressed stream."));

    private async ValueTask<int> GunzipAsync(GZipStream gzip, Memory<byte> target, CancellationToken cancellationToken)
    {
        try
        {
            var read = await gzip.ReadAsync(target, cancellationToken);
            if (read > 0)
            {
                _sum.Append(target.Span[..read]);
                return read;
            }
        }
        catch (InvalidDataException)
        {
            throw Damaged();
        }

        // The stream passes over what follows a member. Only when nothing does, the body ends with the member's checksum and length.
        await DrainAsync(target, cancellationToken);
        var whole = _wire.Tail.Length == 8
            && BinaryPrimitives.ReadUInt32LittleEndian(_wire.Tail) == _sum.GetCurrentHashAsUInt32()
            && BinaryPrimitives.ReadUInt32LittleEndian(_wire.Tail[4..]) == (uint)_length;
        return whole ? 0 : throw Damaged();
    }

    private async ValueTask<int> UnbrotliAsync(Memory<byte> target, CancellationToken cancellationToken)
    {
        while (!_decoded)
        {
            var status = _brotli.Decompress(_packed.AsSpan(_start, _end - _start), target.Span, out var consumed, out var written);
            _start += consumed;
            _decoded = status == OperationStatus.Done;
            if (written > 0)
            {
                return written;
            }

            if (status == OperationStatus.InvalidData || (status == OperationStatus.NeedMoreData && !await FillAsync(cancellationToken)))
            {
                throw Damaged();
            }
        }

        return _start == _end && !await FillAsync(cancellationToken) ? 0 : throw Damaged();
    }

    /// <summary>Gets more of what is packed; false at the end.</summary>
    private async ValueTask<bool> FillAsync(CancellationToken cancellationToken)
    {
        // The decoder has taken all that it was given when it asks for more.
        (_start, _end) = (0, await _wire.ReadAsync(_packed, cancellationToken));
        return _end > 0;
    }

    private async ValueTask DrainAsync(Memory<byte> target, CancellationToken cancellationToken)
    {
        while (await _wire.ReadAsync(target, cancellationToken) > 0)
        {
            // Nobody asked for it; the wire counts and digests it.
        }
    }
}
