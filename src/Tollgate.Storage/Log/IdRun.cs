using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using Microsoft.Win32.SafeHandles;

namespace Tollgate.Storage.Log;

/// <summary>A run does not hold what was written. The log still does, so the run can be made again.</summary>
internal sealed class IdRunDamagedException : IOException
{
    public IdRunDamagedException()
    {
    }

    public IdRunDamagedException(string message)
        : base(message)
    {
    }

    public IdRunDamagedException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    public IdRunDamagedException(IdRun run, string finding)
        : base(finding) => Run = run;

    public IdRun? Run { get; }
}

/// <summary>
/// The ids of a range of events, in a file that never changes: pages of entries sorted by key, then each page's first key, a
/// <see cref="IdFilter"/> and a trailer. Keys and filter are in memory; an entry costs one read of one page.
/// </summary>
internal sealed partial class IdRun : IDisposable
{
    public const string Suffix = ".run";
    public const int PageBytes = 4096;
    public const int EntryBytes = 40;
    public const int EntriesPerPage = (PageBytes - sizeof(uint)) / EntryBytes;
    public const int TrailerBytes = 64;

    private const ulong Magic = 0x314E_5552_4449_4754; // "TGIDRUN1" as it lies in the file.
    private const int PageCrcOffset = PageBytes - sizeof(uint);

    private readonly SafeFileHandle _file;
    private ulong[] _fences = [];
    private IdFilter _filter = IdFilter.WithBlocks(1);

    private IdRun(string path, long firstSequence, long lastSequence)
    {
        Path = path;
        FirstSequence = firstSequence;
        LastSequence = lastSequence;
        _file = SegmentBytes.OpenFile(path);
    }

    public string Path { get; }

    public string Name => EventIdIndex.FolderName + "/" + System.IO.Path.GetFileName(Path);

    public long FirstSequence { get; }

    public long LastSequence { get; }

    /// <summary>How many ids it holds; fewer than events when an id was logged twice.</summary>
    public long Count { get; private set; }

    public int Pages => _fences.Length;

    /// <summary>Set when an entry could not be read; the run is on its way to be made again.</summary>
    public bool IsDamaged { get; set; }

    public static string NameOf(long firstSequence, long lastSequence) =>
        string.Create(CultureInfo.InvariantCulture, $"{firstSequence:D20}-{lastSequence:D20}{Suffix}");

    public static bool TryParseName(string name, out long firstSequence, out long lastSequence)
    {
        firstSequence = lastSequence = 0;
        var match = NamePattern().Match(name);
        return match.Success
            && long.TryParse(match.Groups["first"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out firstSequence)
            && long.TryParse(match.Groups["last"].ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out lastSequence)
            && firstSequence > 0 && lastSequence >= firstSequence;
    }

    /// <summary>Opens the file and reads all but its pages, which carry checksums of their own. Null, with what is wrong, when damaged.</summary>
    public static IdRun? TryOpen(string path, long firstSequence, long lastSequence, out string finding)
    {
        IdRun? run = null;
        try
        {
            run = new IdRun(path, firstSequence, lastSequence);
            finding = run.Load() ?? "";
            var whole = finding.Length == 0 ? run : null;
            run = whole is null ? run : null;
            return whole;
        }
        finally
        {
            run?.Dispose();
        }
    }

    /// <summary>False when the key is not in this run; true when it may be.</summary>
    public bool MayHold(UInt128 key) => _filter.MayHold(key);

    /// <summary>Looks the key up in the file.</summary>
    /// <exception cref="IdRunDamagedException">The page with the key can't be read.</exception>
    public bool TryFind(UInt128 key, Span<byte> page, out IndexedEvent found)
    {
        var upper = (ulong)(key >> 64);
        var index = Array.BinarySearch(_fences, upper);
        index = index >= 0 ? LastEqual(index) : ~index - 1;
        for (; index >= 0; index--)
        {
            var entries = ReadPage(index, page);
            if (TryFindInPage(page[..(entries * EntryBytes)], key, out found))
            {
                return true;
            }

            // Keys with the same upper half may begin on the page before.
            if (_fences[index] != upper)
            {
                break;
            }
        }

        found = default;
        return false;
    }

    /// <summary>Reads a page and answers how many entries it has.</summary>
    /// <exception cref="IdRunDamagedException">The page is not what was written.</exception>
    public int ReadPage(int index, Span<byte> page)
    {
        if (!TryFill(_file, page[..PageBytes], (long)index * PageBytes)
            || BinaryPrimitives.ReadUInt32LittleEndian(page[PageCrcOffset..]) != PageCrc(page, FirstSequence, index))
        {
            throw new IdRunDamagedException(this, $"page {index} is not what was written");
        }

        return (int)Math.Min(EntriesPerPage, Count - ((long)index * EntriesPerPage));
    }

    public void Dispose() => _file.Dispose();

    public static void WriteEntry(Span<byte> destination, UInt128 key, IndexedEvent entry)
    {
        BinaryPrimitives.WriteUInt128LittleEndian(destination, key);
        BinaryPrimitives.WriteInt64LittleEndian(destination[16..], entry.Sequence);
        BinaryPrimitives.WriteUInt128LittleEndian(destination[24..], entry.ContentDigest);
    }

    public static UInt128 ReadKey(ReadOnlySpan<byte> entry) => BinaryPrimitives.ReadUInt128LittleEndian(entry);

    public static IndexedEvent ReadEvent(ReadOnlySpan<byte> entry) => new(
        BinaryPrimitives.ReadInt64LittleEndian(entry[16..]), BinaryPrimitives.ReadUInt128LittleEndian(entry[24..]));

    public static void SealPage(Span<byte> page, long firstSequence, int index) =>
        BinaryPrimitives.WriteUInt32LittleEndian(page[PageCrcOffset..], PageCrc(page, firstSequence, index));

    // Salted with its place: a whole page from elsewhere does not pass.
    private static uint PageCrc(ReadOnlySpan<byte> page, long firstSequence, int index) =>
        Crc32C.Of(page[..PageCrcOffset], ((ulong)firstSequence << 24) ^ (uint)index);

    private static bool TryFindInPage(ReadOnlySpan<byte> entries, UInt128 key, out IndexedEvent found)
    {
        var (low, high) = (0, (entries.Length / EntryBytes) - 1);
        while (low <= high)
        {
            var middle = (low + high) / 2;
            var entry = entries.Slice(middle * EntryBytes, EntryBytes);
            var at = ReadKey(entry);
            if (at == key)
            {
                found = ReadEvent(entry);
                return true;
            }

            (low, high) = at < key ? (middle + 1, high) : (low, middle - 1);
        }

        found = default;
        return false;
    }

    private static bool TryFill(SafeFileHandle file, Span<byte> destination, long offset)
    {
        while (!destination.IsEmpty)
        {
            var read = RandomAccess.Read(file, destination, offset);
            if (read == 0)
            {
                return false;
            }

            destination = destination[read..];
            offset += read;
        }

        return true;
    }

    /// <summary>Reads what is kept in memory. Answers null, or what is wrong.</summary>
    private string? Load()
    {
        var length = RandomAccess.GetLength(_file);
        var bytes = new byte[TrailerBytes];
        if (length < TrailerBytes
            || !TryFill(_file, bytes, length - TrailerBytes)
            || !Trailer.TryRead(bytes, out var trailer)
            || trailer.FirstSequence != FirstSequence
            || trailer.LastSequence != LastSequence)
        {
            return "the trailer is not what was written";
        }

        if (length != trailer.FileBytes)
        {
            return "the file is not as long as it was written";
        }

        Count = trailer.Count;
        _fences = new ulong[trailer.Pages];
        _filter = IdFilter.WithBlocks(trailer.FilterBlocks);
        var fenceBytes = MemoryMarshal.AsBytes(_fences.AsSpan());
        return TryFill(_file, fenceBytes, (long)trailer.Pages * PageBytes)
            && Crc32C.Of(fenceBytes) == trailer.FencesCrc
            && TryFill(_file, _filter.Bytes, ((long)trailer.Pages * PageBytes) + fenceBytes.Length)
            && Crc32C.Of(_filter.Bytes) == trailer.FilterCrc
            ? null
            : "the keys or the filter are not what was written";
    }

    private int LastEqual(int index)
    {
        while (index + 1 < _fences.Length && _fences[index + 1] == _fences[index])
        {
            index++;
        }

        return index;
    }

    [GeneratedRegex(@"\A(?<first>[0-9]{20})-(?<last>[0-9]{20})\.run\z", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant)]
    private static partial Regex NamePattern();

    /// <summary>The last bytes of a run, from which everything else is found.</summary>
    internal readonly record struct Trailer(
        long FirstSequence, long LastSequence, long Count, int Pages, long FilterBlocks, uint FencesCrc, uint FilterCrc)
    {
        public long FileBytes =>
            ((long)Pages * (PageBytes + sizeof(ulong))) + (FilterBlocks * IdFilter.BlockBytes) + TrailerBytes;

        public void Write(Span<byte> destination)
        {
            destination[..TrailerBytes].Clear();
            BinaryPrimitives.WriteUInt64LittleEndian(destination, Magic);
            BinaryPrimitives.WriteInt64LittleEndian(destination[8..], FirstSequence);
            BinaryPrimitives.WriteInt64LittleEndian(destination[16..], LastSequence);
            BinaryPrimitives.WriteInt64LittleEndian(destination[24..], Count);
            BinaryPrimitives.WriteInt64LittleEndian(destination[32..], FilterBlocks);
            BinaryPrimitives.WriteInt32LittleEndian(destination[40..], Pages);
            BinaryPrimitives.WriteUInt32LittleEndian(destination[44..], FencesCrc);
            BinaryPrimitives.WriteUInt32LittleEndian(destination[48..], FilterCrc);
            BinaryPrimitives.WriteUInt32LittleEndian(destination[60..], Crc32C.Of(destination[..60]));
        }

        public static bool TryRead(ReadOnlySpan<byte> source, out Trailer trailer)
        {
            trailer = default;
            if (BinaryPrimitives.ReadUInt64LittleEndian(source) != Magic
                || BinaryPrimitives.ReadUInt32LittleEndian(source[60..]) != Crc32C.Of(source[..60]))
            {
                return false;
            }

            trailer = new Trailer(
                BinaryPrimitives.ReadInt64LittleEndian(source[8..]),
                BinaryPrimitives.ReadInt64LittleEndian(source[16..]),
                BinaryPrimitives.ReadInt64LittleEndian(source[24..]),
                BinaryPrimitives.ReadInt32LittleEndian(source[40..]),
                BinaryPrimitives.ReadInt64LittleEndian(source[32..]),
                BinaryPrimitives.ReadUInt32LittleEndian(source[44..]),
                BinaryPrimitives.ReadUInt32LittleEndian(source[48..]));
            return true;
        }
    }
}
