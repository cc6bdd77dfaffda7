using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using ZstdSharp;

namespace Tollgate.Storage.Log;

/// <summary>
/// Replaces sealed segments by compressed ones, one after the other in the background. The original goes away only when the compressed
/// file is durable under its name and was read back whole; until then it is the original that counts.
/// </summary>
internal sealed class SegmentCompressor : IAsyncDisposable
{
    // Large enough to compress well, small enough that a read from the middle costs little.
    private const int BlockBytes = 256 * 1024;

    // The level at which zstd still takes less time than the disk.
    private const int Level = 3;

    private readonly string _folder;
    private readonly LogDisk _disk;
    private readonly ILogger _logger;
    private readonly Channel<Segment> _queue = Channel.CreateUnbounded<Segment>(new UnboundedChannelOptions { SingleReader = true });
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _running;

    public SegmentCompressor(string folder, LogDisk disk, ILogger logger)
    {
        _folder = folder;
        _disk = disk;
        _logger = logger;
        _running = Task.Run(RunAsync);
    }

    /// <summary>Takes a segment that is sealed and has a successor, which says where it ends.</summary>
    public void Enqueue(Segment segment) => _queue.Writer.TryWrite(segment);

    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _stopping.CancelAsync();
        await _running;
        _stopping.Dispose();
    }

    private async Task RunAsync()
    {
        try
        {
            await foreach (var segment in _queue.Reader.ReadAllAsync(_stopping.Token))
            {
                await CompressOrKeepAsync(segment);
            }
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // What was not compressed now is found and compressed after the next start.
        }
    }

    private async Task CompressOrKeepAsync(Segment segment)
    {
        var temporary = Path.Combine(_folder, SegmentName.Compressed(segment.FirstSequence) + SegmentName.TemporarySuffix);
        var name = SegmentName.Relative(SegmentName.Plain(segment.FirstSequence));
        try
        {
            var bytes = await WriteAsync(segment, temporary, _stopping.Token);
            await VerifyAsync(segment, temporary, _stopping.Token);
            Replace(segment, temporary);
            LogMessages.Compressed(_logger, name, segment.End, bytes);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ZstdException)
        {
            LogMessages.CompressionFailed(_logger, exception, name);
            DeleteQuietly(temporary);
        }
    }

    private async Task<long> WriteAsync(Segment segment, string temporary, CancellationToken cancellationToken)
    {
        using var source = new SegmentReader(
            Path.Combine(_folder, SegmentName.Plain(segment.FirstSequence)), segment.Header, segment.Start, segment.End);
        _disk.Delete(temporary);
        using var file = _disk.Create(temporary);
        using var compressor = new Compressor(Level);
        var blocks = new List<CompressedBlock>();
        var head = CompressedSegment.Head(segment.Header);
        _disk.Write(file, temporary, head, 0);
        long written = head.Length;

        // The first block begins with the segment's own header, so that decompressing the file gives the segment.
        var block = new MemoryStream();
        block.Write(head.AsSpan(head.Length - SegmentHeader.Bytes));
        var first = segment.FirstSequence;
        ReadStep step;
        while ((step = await source.NextAsync(cancellationToken)) == ReadStep.Frame)
        {
            block.Write(source.Frame.Span);
            if (block.Length >= BlockBytes)
            {
                WriteBlock();
                first = source.Sequence;
            }
        }

        if (step == ReadStep.Damage || source.Offset != segment.End)
        {
            throw new LogDamagedException(
                SegmentName.Relative(SegmentName.Plain(segment.FirstSequence)), source.Sequence, source.Finding);
        }

        if (block.Length > 0)
        {
            WriteBlock();
        }

        var foot = CompressedSegment.Foot(segment, blocks);
        _disk.Write(file, temporary, foot, written);
        _disk.Flush(file, temporary);
        return written + foot.Length;

        void WriteBlock()
        {
            var compressed = compressor.Wrap(block.GetBuffer().AsSpan(0, (int)block.Length));
            _disk.Write(file, temporary, compressed, written);
            blocks.Add(new CompressedBlock(first, written, (int)block.Length, compressed.Length, Crc32C.Of(compressed)));
            written += compressed.Length;
            block.SetLength(0);
        }
    }

    private static async Task VerifyAsync(Segment segment, string temporary, CancellationToken cancellationToken)
    {
        var compressed = await CompressedSegment.TryReadAsync(temporary, cancellationToken);
        if (compressed is null || compressed.Header != segment.Header)
        {
            throw new IOException("The compressed segment can't be read back.");
        }

        using var reader = new SegmentReader(temporary, compressed, segment.FirstSequence);
        ReadStep step;
        do
        {
            step = await reader.NextAsync(cancellationToken);
        }
        while (step == ReadStep.Frame);

        if (step != ReadStep.End || reader.Offset != segment.End || reader.Sequence != segment.LastSequence + 1)
        {
            throw new IOException($"The compressed segment does not hold what the original holds: {reader.Finding}.");
        }
    }

    private void Replace(Segment segment, string temporary)
    {
        _disk.Rename(temporary, Path.Combine(_folder, SegmentName.Compressed(segment.FirstSequence)));
        _disk.FlushFolder(_folder);

        // Readers choose the new file from here on; those that have the old one open keep it.
        segment.Compressed = true;
        _disk.Delete(Path.Combine(_folder, SegmentName.Plain(segment.FirstSequence)));
        _disk.FlushFolder(_folder);
    }

    private void DeleteQuietly(string path)
    {
        try
        {
            _disk.Delete(path);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // It is deleted at the next start; the failure before this one was logged.
        }
    }
}
