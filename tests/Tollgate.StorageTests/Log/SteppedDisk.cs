using Microsoft.Win32.SafeHandles;
using Tollgate.Storage.Log;

namespace Tollgate.StorageTests.Log;

public enum DiskStep
{
    Create,
    Write,
    Truncate,
    Flush,
    Rename,
    Delete,
    FlushFolder,
}

/// <summary>
/// The real disk, one call at a time, with a look before and after each. Only flushes reach no device: they would take time, and what
/// they cover shows in no test that does not cut the power of the machine.
/// </summary>
internal class SteppedDisk : LogDisk
{
    public Lock Gate { get; } = new();

    /// <summary>Called before each step; what it throws is what the disk answers.</summary>
    public Action<DiskStep, string>? Before { get; set; }

    /// <summary>The files at one moment, between two steps: what a kill would leave.</summary>
    public TemporaryFolder Copy(TemporaryFolder folder)
    {
        lock (Gate)
        {
            return folder.Copy();
        }
    }

    public override SafeFileHandle Create(string path)
    {
        lock (Gate)
        {
            Before?.Invoke(DiskStep.Create, path);
            var handle = base.Create(path);
            AfterCreate(path);
            return handle;
        }
    }

    public override void Write(SafeFileHandle file, string path, ReadOnlySpan<byte> bytes, long offset)
    {
        lock (Gate)
        {
            try
            {
                Before?.Invoke(DiskStep.Write, path);
            }
            catch (IOException)
            {
                // As with a full disk: a part of it gets there.
                base.Write(file, path, bytes[..(bytes.Length / 2)], offset);
                throw;
            }

            base.Write(file, path, bytes, offset);
        }
    }

    public override void Truncate(SafeFileHandle file, string path, long length)
    {
        lock (Gate)
        {
            Before?.Invoke(DiskStep.Truncate, path);
            base.Truncate(file, path, length);
        }
    }

    public override void Flush(SafeFileHandle file, string path)
    {
        lock (Gate)
        {
            Before?.Invoke(DiskStep.Flush, path);
            AfterFlush(path);
        }
    }

    public override void Rename(string from, string to)
    {
        lock (Gate)
        {
            Before?.Invoke(DiskStep.Rename, to);
            base.Rename(from, to);
            AfterRename(from, to);
        }
    }

    public override void Delete(string path)
    {
        lock (Gate)
        {
            Before?.Invoke(DiskStep.Delete, path);
            base.Delete(path);
            AfterDelete(path);
        }
    }

    public override void FlushFolder(string folder)
    {
        lock (Gate)
        {
            Before?.Invoke(DiskStep.FlushFolder, folder);
            AfterFlushFolder(folder);
        }
    }

    protected virtual void AfterCreate(string path)
    {
    }

    protected virtual void AfterFlush(string path)
    {
    }

    protected virtual void AfterRename(string from, string to)
    {
    }

    protected virtual void AfterDelete(string path)
    {
    }

    protected virtual void AfterFlushFolder(string folder)
    {
    }
}

/// <summary>
/// Remembers what the flushes so far have made durable, so that a test can take the disk as a power cut would leave it: content and
/// names that no flush covers are there or not, as chance will have it.
/// </summary>
internal sealed class PowerCutDisk : SteppedDisk
{
    private const int SectorBytes = 512;

    private readonly Dictionary<string, Inode> _names = [];
    private readonly Dictionary<string, Inode> _durableNames = [];

    public PowerCutDisk(string folder)
    {
        foreach (var path in Directory.GetFiles(folder, "*", SearchOption.AllDirectories).Where(TemporaryFolder.IsData))
        {
            _names[path] = _durableNames[path] = new Inode { Durable = TemporaryFolder.Read(path) };
        }
    }

    /// <summary>Writes the disk after a cut at this moment.</summary>
    public void Cut(string folder, string target, Coin chance)
    {
        lock (Gate)
        {
            var names = chance.Toss() ? _durableNames : _names;
            var current = _names.ToDictionary(name => name.Value, name => name.Key);
            foreach (var (path, inode) in names)
            {
                var after = Path.Combine(target, Path.GetRelativePath(folder, path));
                Directory.CreateDirectory(Path.GetDirectoryName(after)!); // A file's path has a folder.
                var content = current.TryGetValue(inode, out var now)
                    ? Mix(inode.Durable, TemporaryFolder.Read(now), chance)
                    : inode.Durable;
                File.WriteAllBytes(after, content);
            }
        }
    }

    protected override void AfterCreate(string path) => _names[path] = new Inode();

    protected override void AfterFlush(string path) => _names[path].Durable = TemporaryFolder.Read(path);

    protected override void AfterRename(string from, string to)
    {
        _names.Remove(from, out var inode);
        _names[to] = inode!; // It was created here.
    }

    protected override void AfterDelete(string path) => _names.Remove(path);

    protected override void AfterFlushFolder(string folder)
    {
        foreach (var path in _durableNames.Keys.Where(path => Path.GetDirectoryName(path) == folder).ToList())
        {
            _durableNames.Remove(path);
        }

        foreach (var (path, inode) in _names.Where(name => Path.GetDirectoryName(name.Key) == folder))
        {
            _durableNames[path] = inode;
        }
    }

    /// <summary>Each sector as it was flushed or as it is now; the length likewise.</summary>
    private static byte[] Mix(byte[] durable, byte[] now, Coin chance)
    {
        var mixed = new byte[chance.Toss() ? durable.Length : now.Length];
        for (var start = 0; start < mixed.Length; start += SectorBytes)
        {
            var source = chance.Toss() ? durable : now;
            var count = Math.Min(SectorBytes, Math.Min(mixed.Length, source.Length) - start);
            if (count > 0)
            {
                source.AsSpan(start, count).CopyTo(mixed.AsSpan(start));
            }
        }

        return mixed;
    }

    private sealed class Inode
    {
        public byte[] Durable { get; set; } = [];
    }
}

/// <summary>Chance that a seed repeats.</summary>
internal sealed class Coin(ulong seed)
{
    private ulong _state = seed;

    public bool Toss() => Next(2) == 0;

    public int Next(int below)
    {
        _state += 0x9E37_79B9_7F4A_7C15;
        var mixed = (_state ^ (_state >> 30)) * 0xBF58_476D_1CE4_E5B9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D0_49BB_1331_11EB;
        return (int)((mixed >> 33) % (ulong)below);
    }
}
