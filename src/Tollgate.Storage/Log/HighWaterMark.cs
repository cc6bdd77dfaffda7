using System.Buffers.Binary;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;

namespace Tollgate.Storage.Log;

/// <summary>What was acknowledged last.</summary>
/// <param name="SegmentId">The segment it is in.</param>
/// <param name="End">How many bytes of that segment count.</param>
/// <param name="LastSequence">The last acknowledged event.</param>
/// <param name="Sealed">Nothing behind <paramref name="End"/> counts, now or ever.</param>
internal readonly record struct MarkState(ulong SegmentId, long End, long LastSequence, bool Sealed);

/// <summary>
/// A witness beside the segments of what was acknowledged: without it, a segment that lost its last frames looks like one that never
/// had them. Written after each group is durable and before its callers hear of it. Two copies, written in turn, so that a torn write
/// costs one. It may lag after a power cut; it never leads.
/// </summary>
internal sealed class HighWaterMark : IDisposable
{
    public const string FileName = "mark";

    // A copy in a block of its own, so that one bad block can't take both.
    private const int SlotSpacing = 4096;
    private const int FileBytes = 2 * SlotSpacing;
    private const int SlotBytes = 56;
    private const ulong Magic = 0x314B_5241_4D47_4C54; // "TLGMARK1" as it lies in the file.

    private readonly LogDisk _disk;
    private readonly string _folder;
    private readonly TimeSpan _flushInterval;
    private readonly ILogger _logger;
    private readonly ITimer _timer;
    private readonly Lock _gate = new();
    private SafeFileHandle? _file;
    private long _generation;
    private MarkState _current;
    private bool _dirty;

    private HighWaterMark(LogDisk disk, string folder, TimeSpan flushInterval, TimeProvider time, ILogger logger)
    {
        _disk = disk;
        _folder = folder;
        _flushInterval = flushInterval;
        _logger = logger;
        _timer = time.CreateTimer(static mark => ((HighWaterMark)mark!).FlushQuietly(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>What the file said when it was opened; null when there is no readable file.</summary>
    public MarkState? Found { get; private set; }

    /// <summary>Whether the file has both copies and nothing else; otherwise it should be made anew.</summary>
    public bool Intact { get; private set; }

    private string FilePath => Path.Combine(_folder, FileName);

    /// <summary>Opens the file, if there is one, and reads what it says.</summary>
    public static HighWaterMark Open(LogDisk disk, string folder, TimeSpan flushInterval, TimeProvider time, ILogger logger)
    {
        var mark = new HighWaterMark(disk, folder, flushInterval, time, logger);
        try
        {
            if (File.Exists(mark.FilePath))
            {
                mark._file = disk.Open(mark.FilePath);
                mark.ReadSlots(mark._file);
            }

            return mark;
        }
        catch
        {
            mark.Dispose();
            throw;
        }
    }

    /// <summary>Makes the file anew, durable with this state.</summary>
    public void Rewrite(MarkState state)
    {
        var temporary = FilePath + SegmentName.TemporarySuffix;
        _disk.Delete(temporary);
        var file = _disk.Create(temporary);
        try
        {
            Span<byte> content = stackalloc byte[FileBytes];
            content.Clear();
            WriteSlot(content, ++_generation, state);
            WriteSlot(content[SlotSpacing..], ++_generation, state);
            _disk.Write(file, temporary, content, 0);
            _disk.Flush(file, temporary);
            _disk.Rename(temporary, FilePath);
        }
        catch
        {
            file.Dispose();
            throw;
        }

        lock (_gate)
        {
            // From the rename on this is the file, whether or not the next call makes its name durable.
            _file?.Dispose();
            _file = file;
            _current = state;
            _dirty = false;
        }

        _disk.FlushFolder(_folder);
    }

    /// <summary>Writes the state so that it survives the end of this process; a power cut only from the next flush on.</summary>
    public void Write(MarkState state)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_file is null, this);
            try
            {
                WriteInPlace(_file, state);
            }
            catch (IOException)
            {
                // What the pages of this file hold is unknown now; only a new file is to be trusted. It begins with what is certain:
                // a mark that said more, and a group that fails after all, would look like a loss.
                Rewrite(_current);
                WriteInPlace(_file, state);
            }

            _current = state;
            if (!_dirty)
            {
                _dirty = true;
                _timer.Change(_flushInterval, Timeout.InfiniteTimeSpan);
            }
        }
    }

    /// <summary>Makes the last written state durable.</summary>
    public void Flush()
    {
        SafeFileHandle? file;
        lock (_gate)
        {
            file = _file;
            if (file is null || !_dirty)
            {
                return;
            }

            _dirty = false;
        }

        // Outside the lock: the committer must not wait for the timer's flush.
        _disk.Flush(file, FilePath);
    }

    public void FlushQuietly()
    {
        try
        {
            Flush();
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            // The mark may lag, so this costs nothing unless the power fails too; the next write goes to other pages.
            LogMessages.MarkFlushFailed(_logger, exception);
        }
    }

    public void Dispose()
    {
        _timer.Dispose();
        lock (_gate)
        {
            _file?.Dispose();
            _file = null;
        }
    }

    private void WriteInPlace(SafeFileHandle file, MarkState state)
    {
        Span<byte> slot = stackalloc byte[SlotBytes];
        WriteSlot(slot, ++_generation, state);
        _disk.Write(file, FilePath, slot, (_generation % 2) * SlotSpacing);
    }

    private static void WriteSlot(Span<byte> slot, long generation, MarkState state)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(slot, Magic);
        BinaryPrimitives.WriteInt64LittleEndian(slot[8..], generation);
        BinaryPrimitives.WriteUInt64LittleEndian(slot[16..], state.SegmentId);
        BinaryPrimitives.WriteInt64LittleEndian(slot[24..], state.End);
        BinaryPrimitives.WriteInt64LittleEndian(slot[32..], state.LastSequence);
        BinaryPrimitives.WriteInt32LittleEndian(slot[40..], state.Sealed ? 1 : 0);
        BinaryPrimitives.WriteInt32LittleEndian(slot[44..], 0);
        BinaryPrimitives.WriteUInt32LittleEndian(slot[48..], 0);
        BinaryPrimitives.WriteUInt32LittleEndian(slot[52..], Crc32C.Of(slot[..52]));
    }

    private static bool TryReadSlot(ReadOnlySpan<byte> slot, out long generation, out MarkState state)
    {
        generation = 0;
        state = default;
        if (BinaryPrimitives.ReadUInt64LittleEndian(slot) != Magic
            || BinaryPrimitives.ReadUInt32LittleEndian(slot[52..]) != Crc32C.Of(slot[..52]))
        {
            return false;
        }

        generation = BinaryPrimitives.ReadInt64LittleEndian(slot[8..]);
        state = new MarkState(
            BinaryPrimitives.ReadUInt64LittleEndian(slot[16..]),
            BinaryPrimitives.ReadInt64LittleEndian(slot[24..]),
            BinaryPrimitives.ReadInt64LittleEndian(slot[32..]),
            BinaryPrimitives.ReadInt32LittleEndian(slot[40..]) != 0);
        return true;
    }

    private void ReadSlots(SafeFileHandle file)
    {
        var content = new byte[FileBytes];
        var read = 0;
        for (int got; read < FileBytes && (got = RandomAccess.Read(file, content.AsSpan(read), read)) > 0;)
        {
            read += got;
        }

        // What is missing reads as zero, which is no slot.
        var first = TryReadSlot(content, out var firstGeneration, out var firstState);
        var second = TryReadSlot(content.AsSpan(SlotSpacing), out var secondGeneration, out var secondState);
        if (!first && !second)
        {
            return;
        }

        Found = second && (!first || secondGeneration > firstGeneration) ? secondState : firstState;
        _current = Found.Value;
        _generation = Math.Max(firstGeneration, secondGeneration);
        Intact = first && second && RandomAccess.GetLength(file) == FileBytes;
        if (!(first && second))
        {
            LogMessages.MarkCopyLost(_logger, Found.Value.LastSequence);
        }
    }
}
