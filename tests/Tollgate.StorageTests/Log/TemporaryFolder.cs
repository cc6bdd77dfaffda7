namespace Tollgate.StorageTests.Log;

/// <summary>A folder of one test, gone with it.</summary>
internal sealed class TemporaryFolder : IDisposable
{
    private const string MemoryFileSystem = "/dev/shm";

    private TemporaryFolder(string path) => Path = path;

    public string Path { get; }

    public string Log => System.IO.Path.Combine(Path, "log");

    public string Ids => System.IO.Path.Combine(Path, "ids");

    /// <summary>The files of the log by name, without the mark.</summary>
    public string[] Segments => [.. Directory.GetFiles(Log)
        .Select(file => System.IO.Path.GetFileName(file))
        .Where(name => name.Contains(".log", StringComparison.Ordinal))
        .Order(StringComparer.Ordinal)];

    /// <summary>For tests of what reaches the disk.</summary>
    public static TemporaryFolder OnDisk() => new(Directory.CreateTempSubdirectory("tollgate-log-").FullName);

    /// <summary>For tests that open and damage files by the thousand and decide themselves what a disk would do.</summary>
    public static TemporaryFolder InMemory() => Directory.Exists(MemoryFileSystem)
        ? new(Directory.CreateDirectory(System.IO.Path.Combine(MemoryFileSystem, "tollgate-log-" + System.IO.Path.GetRandomFileName())).FullName)
        : OnDisk();

    /// <summary>Another folder with the same files, as they are at this moment.</summary>
    public TemporaryFolder Copy()
    {
        var copy = InMemory();
        CopyTo(copy.Path);
        return copy;
    }

    public void CopyTo(string target)
    {
        foreach (var folder in Directory.GetDirectories(Path))
        {
            var folderCopy = Directory.CreateDirectory(System.IO.Path.Combine(target, System.IO.Path.GetFileName(folder)));
            foreach (var file in Directory.GetFiles(folder).Where(IsData))
            {
                File.WriteAllBytes(System.IO.Path.Combine(folderCopy.FullName, System.IO.Path.GetFileName(file)), Read(file));
            }
        }
    }

    /// <summary>Whether it is a file with content, rather than the lock, which can't be read while a log is open.</summary>
    public static bool IsData(string file) => System.IO.Path.GetFileName(file) != "lock";

    /// <summary>The content of a file that a log may have open.</summary>
    public static byte[] Read(string file)
    {
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var content = new byte[stream.Length];
        stream.ReadExactly(content);
        return content;
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
