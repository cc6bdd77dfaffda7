using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Tollgate.Storage.Log;

/// <summary>Writes one run: entries in ascending order of their keys, then <see cref="Finish"/>.</summary>
internal sealed class IdRunWriter : IDisposable
{
    private const int PagesPerWrite = 64;

    // A large file is flushed as it grows; else the log's own small flushes would queue behind one huge flush at the end.
    private const long BytesPerFlush = 8 * 1024 * 1024;

    private readonly LogDisk _disk;
    private readonly string _folder;
    private readonly string _temporary;
    private readonly long _firstSequence;
    private readonly long _lastSequence;
    private readonly SafeFileHandle _file;
    private readonly IdFilter _filter;
    private readonly long _filterBlocks;
    private readonly List<ulong> _fences;
    private readonly byte[] _buffer = new byte[PagesPerWrite * IdRun.PageBytes];
    private long _count;
    private long _written;
    private long _flushed;

    /// <summary>Begins the run of these events with at most so many ids.</summary>
    public IdRunWriter(LogDisk disk, string folder, long firstSequence, long lastSequence, long maxCount)
    {
        _disk = disk;
        _folder = folder;
        _firstSequence = firstSequence;
        _lastSequence = lastSequence;
        _temporary = System.IO.Path.Combine(folder, IdRun.NameOf(firstSequence, lastSequence) + SegmentName.TemporarySuffix);
        _filterBlocks = IdFilter.BlocksFor(maxCount);
        _filter = IdFilter.WithBlocks(_filterBlocks);
        _fences = new List<ulong>((int)(maxCount / IdRun.EntriesPerPage) + 1);
        disk.Delete(_temporary);
        _file = disk.Create(_temporary);
    }

    public void Add(UInt128 key, IndexedEvent entry)
    {
        var inPage = (int)(_count % IdRun.EntriesPerPage);
        if (inPage == 0)
        {
            if (_count > 0)
            {
                EndPage();
            }

            _fences.Add((ulong)(key >> 64));
        }

        IdRun.WriteEntry(CurrentPage()[(inPage * IdRun.EntryBytes)..], key, entry);
        _filter.Add(key);
        _count++;
    }

    /// <summary>Makes the run durable under its name and opens it.</summary>
    public IdRun Finish()
    {
        if (_count > 0)
        {
            EndPage();
        }

        WritePages();
        var fences = MemoryMarshal.AsBytes(CollectionsMarshal.AsSpan(_fences));
        Write(fences);
        Write(_filter.Bytes);
        Span<byte> trailer = stackalloc byte[IdRun.TrailerBytes];
        new IdRun.Trailer(
            _firstSequence, _lastSequence, _count, _fences.Count, _filterBlocks, Crc32C.Of(fences), Crc32C.Of(_filter.Bytes))
            .Write(trailer);
        Write(trailer);
        _disk.Flush(_file, _temporary);

        var path = System.IO.Path.Combine(_folder, IdRun.NameOf(_firstSequence, _lastSequence));
        _disk.Rename(_temporary, path);
        _disk.FlushFolder(_folder);
        return IdRun.TryOpen(path, _firstSequence, _lastSequence, out var finding)
            ?? throw new IOException($"A run of the id index can't be read back: {finding}.");
    }

    /// <summary>Closes the file. What was not finished is removed when the index is opened next, or written over.</summary>
    public void Dispose() => _file.Dispose();

    private Span<byte> CurrentPage() =>
        _buffer.AsSpan((_fences.Count - 1) % PagesPerWrite * IdRun.PageBytes, IdRun.PageBytes);

    private void EndPage()
    {
        IdRun.SealPage(CurrentPage(), _firstSequence, _fences.Count - 1);
        if (_fences.Count % PagesPerWrite == 0)
        {
            WritePages();
        }
    }

    private void WritePages()
    {
        var pages = _fences.Count - (int)(_written / IdRun.PageBytes);
        Write(_buffer.AsSpan(0, pages * IdRun.PageBytes));
        _buffer.AsSpan().Clear();
        if (_written - _flushed >= BytesPerFlush)
        {
            _disk.Flush(_file, _temporary);
            _flushed = _written;
        }
    }

    private void Write(ReadOnlySpan<byte> bytes)
    {
        if (!bytes.IsEmpty)
        {
            _disk.Write(_file, _temporary, bytes, _written);
            _written += bytes.Length;
        }
    }
}
