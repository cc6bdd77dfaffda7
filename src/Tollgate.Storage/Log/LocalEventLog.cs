using System.Buffers;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;

namespace Tollgate.Storage.Log;

/// <summary>The log of one machine: segment files in <c>log/</c> of the storage folder (decision 0005).</summary>
public sealed class LocalEventLog : IEventLog
{
    private readonly string _folder;
    private readonly LocalEventLogOptions _options;
    private readonly SafeFileHandle _alone;
    private readonly SegmentWriter _writer;
    private readonly SegmentCompressor? _compressor;
    private readonly SegmentEraser _eraser;

    // Whoever replaces the file of a segment holds it.
    private readonly SemaphoreSlim _replacing = new(1, 1);
    private readonly ILogger _logger;
    private readonly Thread _committer;
    private readonly TaskCompletionSource _stopped = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _advanceGate = new();

    // Guards the queue; the committer waits on it. Not a Lock, which can't be waited on.
    private readonly object _gate = new();
    private List<PendingAppend> _queue = [];
    private long _queuedBytes;
    private TaskCompletionSource? _sealing;
    private bool _closing;
    private long _durableSequence;
    private TaskCompletionSource? _advance;
    private byte[] _groupBuffer = new byte[64 * 1024];

    private LocalEventLog(string folder, LocalEventLogOptions options, RecoveredLog recovered, SafeFileHandle alone, ILogger logger)
    {
        _folder = folder;
        _options = options;
        _alone = alone;
        _logger = logger;
        _compressor = options.Compress ? new SegmentCompressor(folder, options.Disk, _replacing, logger) : null;
        _eraser = new SegmentEraser(folder, options.Disk, logger);
        _writer = new SegmentWriter(folder, options, recovered, logger, segment => _compressor?.Enqueue(segment));
        _durableSequence = recovered.LastSequence;
        foreach (var segment in recovered.Segments.SkipLast(1).Where(segment => !segment.Compressed))
        {
            _compressor?.Enqueue(segment);
        }

        // A thread of its own, because it spends its life in fdatasync and a pool of two threads could not spare one.
        _committer = new Thread(CommitUntilClosed) { IsBackground = true, Name = "event log" };
        _committer.Start();
    }

    public long DurableSequence => Volatile.Read(ref _durableSequence);

    /// <summary>
    /// Opens the log in the storage folder, or begins one. Verifies that everything acknowledged is there; cuts off what was not
    /// acknowledged and is incomplete. Only one log at a time can be open on a folder.
    /// </summary>
    /// <exception cref="LogDamagedException">Acknowledged events are missing or unreadable.</exception>
    public static async Task<LocalEventLog> OpenAsync(
        string folder, LocalEventLogOptions options, TimeProvider time, ILogger logger, CancellationToken cancellationToken)
    {
        var logFolder = Path.Combine(folder, SegmentName.Folder);
        options.Disk.CreateFolder(logFolder);
        var alone = LogDisk.Lock(Path.Combine(logFolder, SegmentName.Lock));
        try
        {
            var recovered = await new LogRecovery(logFolder, options, time, logger).RunAsync(cancellationToken);
            LogMessages.Opened(logger, recovered.LastSequence, recovered.Segments.Count);
            return new LocalEventLog(logFolder, options, recovered, alone, logger);
        }
        catch
        {
            alone.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    /// <remarks>
    /// The token counts until the batch is queued. From then on the call returns the outcome, so that nobody has to guess whether the
    /// batch was stored.
    /// </remarks>
    public async ValueTask<long> AppendAsync(EventBatch batch, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var append = Encode(batch);
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_closing, this);
            if (_queuedBytes > 0 && _queuedBytes + append.Length > _options.MaxQueueBytes)
            {
                append.ReturnBuffer();
                throw new LogUnavailableException("More batches are waiting for the disk than the log holds in memory.");
            }

            _queuedBytes += append.Length;
            _queue.Add(append);
            if (_queue.Count == 1)
            {
                Monitor.Pulse(_gate);
            }
        }

        return await append.Outcome;
    }

    public async IAsyncEnumerable<SequencedBatch> ReadAsync(
        long afterSequence, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(afterSequence);
        for (var next = afterSequence + 1; next <= DurableSequence;)
        {
            var segment = Find(next);
            using var reader = await OpenReaderAsync(segment, next, cancellationToken);

            // In this order: what is durable by then is in the segment, and its bytes are before the segment's end.
            while (next <= DurableSequence && next <= segment.LastSequence)
            {
                reader.ExtendTo(segment.End);
                if (await reader.NextAsync(cancellationToken) != ReadStep.Frame)
                {
                    throw Damaged(segment, reader.Sequence, reader.Finding.Length > 0 ? reader.Finding : "the file ends too early");
                }

                if (reader.Header.LastSequence < next)
                {
                    continue;
                }

                if (!BatchCodec.TryRead(reader.Payload.Span, out var batch) || batch.Events.Count != reader.Header.Events)
                {
                    throw Damaged(segment, reader.Header.FirstSequence, "a frame holds no batch");
                }

                next = reader.Header.LastSequence + 1;
                yield return new SequencedBatch(reader.Header.FirstSequence, batch);
            }
        }
    }

    public async Task<long> RemoveAsync(
        long upToSequence, Func<EventProvenance, LoggedEvent, bool> isRemoved, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(upToSequence, DurableSequence);
        ArgumentNullException.ThrowIfNull(isRemoved);
        if (_writer.Segments is [.., var last] && last.FirstSequence <= upToSequence)
        {
            await SealLastAsync().WaitAsync(cancellationToken);
        }

        long removed = 0;
        foreach (var segment in _writer.Segments.TakeWhile(each => each.FirstSequence <= upToSequence))
        {
            await _replacing.WaitAsync(cancellationToken);
            try
            {
                // Once begun, a segment is replaced whole or not at all.
                removed += await _eraser.EraseAsync(segment, upToSequence, isRemoved, CancellationToken.None);
            }
            finally
            {
                _replacing.Release();
            }
        }

        return removed;
    }

    public async Task WaitBeyondAsync(long sequence, CancellationToken cancellationToken)
    {
        while (DurableSequence <= sequence)
        {
            Task advance;
            lock (_advanceGate)
            {
                if (DurableSequence > sequence)
                {
                    return;
                }

                ObjectDisposedException.ThrowIf(_stopped.Task.IsCompleted, this);
                _advance ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                advance = _advance.Task;
            }

            await advance.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Makes what is queued durable, answers its callers, and closes the files.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            if (_closing)
            {
                return;
            }

            _closing = true;
            Monitor.Pulse(_gate);
        }

        await _stopped.Task;
        lock (_advanceGate)
        {
            _advance?.TrySetException(new ObjectDisposedException(nameof(LocalEventLog)));
            _advance = null;
        }

        if (_compressor is not null)
        {
            await _compressor.DisposeAsync();
        }

        // A removal that is under way ends with its segment.
        await _replacing.WaitAsync();
        _writer.Dispose();
        _replacing.Dispose();
        _alone.Dispose();
    }

    private static PendingAppend Encode(EventBatch batch)
    {
        if (batch.Events.Count == 0)
        {
            throw new ArgumentException("A batch holds at least one event.", nameof(batch));
        }

        var payloadBytes = BatchCodec.Count(batch);
        if (payloadBytes > FrameHeader.MaxPayloadBytes)
        {
            throw new ArgumentException($"A batch of {payloadBytes} bytes is too large for the log.", nameof(batch));
        }

        var length = FrameHeader.Bytes + (int)payloadBytes;
        var buffer = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            BatchCodec.Write(batch, buffer.AsSpan(FrameHeader.Bytes, (int)payloadBytes));
            return new PendingAppend(buffer, length, batch.Events.Count, Crc32C.Of(buffer.AsSpan(FrameHeader.Bytes, (int)payloadBytes)));
        }
        catch
        {
            ArrayPool<byte>.Shared.Return(buffer);
            throw;
        }
    }

    private static LogDamagedException Damaged(Segment segment, long firstLost, string finding) =>
        new(SegmentName.Relative(segment.FileName), firstLost, finding);

    private Segment Find(long sequence)
    {
        var segments = _writer.Segments;
        for (var i = segments.Count - 1; i > 0; i--)
        {
            if (segments[i].FirstSequence <= sequence)
            {
                return segments[i];
            }
        }

        return segments[0];
    }

    private async Task<SegmentReader> OpenReaderAsync(Segment segment, long sequence, CancellationToken cancellationToken)
    {
        while (true)
        {
            var compressed = segment.Compressed;
            var name = compressed ? SegmentName.Compressed(segment.FirstSequence) : SegmentName.Plain(segment.FirstSequence);
            var path = Path.Combine(_folder, name);
            try
            {
                if (!compressed)
                {
                    return new SegmentReader(path, segment.Header, segment.Find(sequence), segment.End);
                }

                return await SegmentRewriter.TryOpenAsync(path, segment, sequence, cancellationToken)
                    ?? throw Damaged(segment, sequence, "the head or the list of blocks is not what was written");
            }
            catch (FileNotFoundException) when (!compressed && segment.Compressed)
            {
                // Swapped for the compressed file between the look and the open.
                continue;
            }
            catch (FileNotFoundException)
            {
                throw Damaged(segment, sequence, "the file is missing");
            }
        }
    }

    /// <summary>Has the committer end the last segment, which only it may touch.</summary>
    private Task SealLastAsync()
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_closing, this);
            _sealing ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            Monitor.Pulse(_gate);
            return _sealing.Task;
        }
    }

    private void CommitUntilClosed()
    {
        var taken = new List<PendingAppend>();
        while (TakeQueue(ref taken, out var sealing))
        {
            if (sealing is not null)
            {
                SealOrFail(sealing);
            }

            for (var start = 0; start < taken.Count;)
            {
                var count = 1;
                long bytes = taken[start].Length;
                while (start + count < taken.Count && bytes + taken[start + count].Length <= _options.MaxGroupBytes)
                {
                    bytes += taken[start + count++].Length;
                }

                CommitOrFail(taken.GetRange(start, count), bytes);
                start += count;
            }

            taken.Clear();
        }

        _stopped.TrySetResult();
    }

    /// <summary>Waits for batches and takes all; false when there will be none any more.</summary>
    private bool TakeQueue(ref List<PendingAppend> taken, out TaskCompletionSource? sealing)
    {
        lock (_gate)
        {
            while (_queue.Count == 0 && _sealing is null)
            {
                if (_closing)
                {
                    sealing = null;
                    return false;
                }

                Monitor.Wait(_gate);
            }

            (sealing, _sealing) = (_sealing, null);
            (_queue, taken) = (taken, _queue);
            return true;
        }
    }

    private void SealOrFail(TaskCompletionSource sealing)
    {
        try
        {
            _writer.SealLast();
            sealing.SetResult();
        }

        // Whatever it is: who asked must hear of it, and the committer must go on.
#pragma warning disable CA1031
        catch (Exception exception)
#pragma warning restore CA1031
        {
            sealing.SetException(new LogUnavailableException("The last segment could not be ended: " + exception.Message, exception));
        }
    }

    private void CommitOrFail(List<PendingAppend> group, long bytes)
    {
        Exception? failure = null;
        var before = DurableSequence;
        try
        {
            Commit(group, bytes);
        }

        // Whatever it is: the callers must hear of it, and the next group must find the committer alive.
#pragma warning disable CA1031
        catch (Exception exception)
#pragma warning restore CA1031
        {
            failure = exception;
            _writer.CloseAfterFailure(exception);
        }

        lock (_gate)
        {
            _queuedBytes -= bytes;
        }

        foreach (var append in group)
        {
            append.ReturnBuffer();
            if (failure is null)
            {
                append.Succeed(before + 1);
                before += append.Events;
            }
            else
            {
                append.Fail(new LogUnavailableException("The events could not be made durable: " + failure.Message, failure));
            }
        }
    }

    private void Commit(List<PendingAppend> group, long bytes)
    {
        var segmentId = _writer.Prepare(bytes);
        var durable = DurableSequence;
        var last = durable;
        foreach (var append in group)
        {
            append.WriteHeader(last + 1, durable, segmentId);
            last += append.Events;
        }

        _writer.Commit(Join(group, (int)bytes), last);

        Volatile.Write(ref _durableSequence, last);
        TaskCompletionSource? advance;
        lock (_advanceGate)
        {
            advance = _advance;
            _advance = null;
        }

        advance?.TrySetResult();
    }

    /// <summary>The group in one piece: copying it costs less than handing the kernel a list.</summary>
    private ReadOnlySpan<byte> Join(List<PendingAppend> group, int bytes)
    {
        if (group is [var single])
        {
            return single.Bytes;
        }

        if (_groupBuffer.Length < bytes)
        {
            _groupBuffer = new byte[Math.Min(Math.Max(bytes, 2 * _groupBuffer.Length), Math.Max(bytes, _options.MaxGroupBytes))];
        }

        var offset = 0;
        foreach (var append in group)
        {
            append.Bytes.CopyTo(_groupBuffer.AsSpan(offset));
            offset += append.Length;
        }

        return _groupBuffer.AsSpan(0, bytes);
    }

    /// <summary>A batch on its way to the disk: its frame, with room for the header that only the committer can fill in.</summary>
    private sealed class PendingAppend(byte[] buffer, int length, int events, uint payloadCrc)
    {
        // Callers go on elsewhere; run on the committer, one of them could hold up all others.
        private readonly TaskCompletionSource<long> _outcome = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public int Length => length;

        public int Events => events;

        public Task<long> Outcome => _outcome.Task;

        public ReadOnlySpan<byte> Bytes => buffer.AsSpan(0, length);

        public void WriteHeader(long firstSequence, long durableBefore, ulong segmentId) =>
            new FrameHeader(length - FrameHeader.Bytes, firstSequence, durableBefore, events, payloadCrc).Write(buffer, segmentId);

        public void Succeed(long firstSequence) => _outcome.TrySetResult(firstSequence);

        public void Fail(LogUnavailableException exception) => _outcome.TrySetException(exception);

        public void ReturnBuffer() => ArrayPool<byte>.Shared.Return(buffer);
    }
}
