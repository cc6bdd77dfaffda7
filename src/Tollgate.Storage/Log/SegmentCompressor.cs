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
    private readonly string _folder;
    private readonly LogDisk _disk;
    private readonly SegmentRewriter _rewriter;
    private readonly SemaphoreSlim _oneAtATime;
    private readonly ILogger _logger;
    private readonly Channel<Segment> _queue = Channel.CreateUnbounded<Segment>(new UnboundedChannelOptions { SingleReader = true });
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _running;

    /// <param name="folder">The folder of the segments.</param>
    /// <param name="disk">What changes files.</param>
    /// <param name="oneAtATime">Taken while a segment is replaced, by whoever replaces one.</param>
    /// <param name="logger">The log's.</param>
    public SegmentCompressor(string folder, LogDisk disk, SemaphoreSlim oneAtATime, ILogger logger)
    {
        _folder = folder;
        _disk = disk;
        _rewriter = new SegmentRewriter(folder, disk);
        _oneAtATime = oneAtATime;
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
                await _oneAtATime.WaitAsync(_stopping.Token);
                try
                {
                    await CompressOrKeepAsync(segment);
                }
                finally
                {
                    _oneAtATime.Release();
                }
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
            var bytes = await _rewriter.CompressAsync(segment, temporary, edit: null, _stopping.Token);
            await SegmentRewriter.VerifyAsync(segment, temporary, compressed: true, _stopping.Token);
            Replace(segment, temporary);
            LogMessages.Compressed(_logger, name, segment.End, bytes);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ZstdException)
        {
            LogMessages.CompressionFailed(_logger, exception, name);
            DeleteQuietly(temporary);
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
