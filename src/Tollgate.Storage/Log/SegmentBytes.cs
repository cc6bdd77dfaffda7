using Microsoft.Win32.SafeHandles;

namespace Tollgate.Storage.Log;

/// <summary>The bytes of a segment as they were written, in pieces, from a plain file or from a compressed one.</summary>
internal abstract class SegmentBytes : IDisposable
{
    /// <summary>How many bytes the next <see cref="ReadAsync"/> delivers; 0 at the end.</summary>
    public abstract int Upcoming { get; }

    /// <summary>Reads the next piece. Answers null, or what is wrong with it.</summary>
    public abstract ValueTask<string?> ReadAsync(Memory<byte> destination, CancellationToken cancellationToken);

    public abstract void Dispose();

    /// <summary>The file for reading, whoever else writes, renames or deletes it.</summary>
    public static SafeFileHandle OpenFile(string path) =>
        File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);

    /// <summary>Fills the buffer from the file, or says that the file ends before.</summary>
    protected static async ValueTask<string?> ReadWholeAsync(
        SafeFileHandle file, Memory<byte> destination, long offset, CancellationToken cancellationToken)
    {
        while (!destination.IsEmpty)
        {
            var read = await RandomAccess.ReadAsync(file, destination, offset, cancellationToken);
            if (read == 0)
            {
                return "the file ends too early";
            }

            destination = destination[read..];
            offset += read;
        }

        return null;
    }
}

/// <summary>The bytes of a segment that is not compressed.</summary>
internal sealed class PlainSegmentBytes(string path, long offset, long limit) : SegmentBytes
{
    private const int PieceBytes = 256 * 1024;

    private readonly SafeFileHandle _file = OpenFile(path);
    private long _offset = offset;

    /// <summary>Where to stop. May be moved forward between reads.</summary>
    public long Limit { get; set; } = limit;

    public override int Upcoming => (int)Math.Min(PieceBytes, Limit - _offset);

    public override async ValueTask<string?> ReadAsync(Memory<byte> destination, CancellationToken cancellationToken)
    {
        var finding = await ReadWholeAsync(_file, destination, _offset, cancellationToken);
        _offset += destination.Length;
        return finding;
    }

    public override void Dispose() => _file.Dispose();
}
