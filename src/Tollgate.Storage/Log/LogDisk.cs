using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Tollgate.Storage.Log;

/// <summary>
/// Every call by which the log and the id index change a file. Not sealed, because the disk is the one thing here that tests can't
/// make fail at a chosen moment by real means: they override single calls, count them, and take what a power cut would leave.
/// </summary>
internal partial class LogDisk
{
    // Error numbers of Linux.
    private const int Interrupted = 4;
    private const int FileTooLarge = 27;

    private const int OpenReadOnlyCloseOnExec = 0x80000;

    private const FileShare Shared = FileShare.ReadWrite | FileShare.Delete;

    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    /// <summary>A new file for reading and writing, only for the owner. The file must not exist.</summary>
    public virtual SafeFileHandle Create(string path)
    {
        var handle = File.OpenHandle(path, FileMode.CreateNew, FileAccess.ReadWrite, Shared);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(handle, OwnerOnly);
        }

        return handle;
    }

    public virtual SafeFileHandle Open(string path) => File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, Shared);

    /// <summary>Keeps the file for this process until the handle is closed; fails while another one has it.</summary>
    /// <exception cref="IOException">Another process has it.</exception>
    public static SafeFileHandle Lock(string path)
    {
        var handle = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(handle, OwnerOnly);
        }

        return handle;
    }

    public virtual void Write(SafeFileHandle file, string path, ReadOnlySpan<byte> bytes, long offset)
    {
        try
        {
            RandomAccess.Write(file, bytes, offset);
        }
        catch (ArgumentOutOfRangeException)
        {
            // What .NET makes of EFBIG, the answer to a write beyond the process's limit (RLIMIT_FSIZE). Callers know IOException.
            throw new IOException($"File too large: '{path}'", FileTooLarge);
        }
    }

    public virtual void Truncate(SafeFileHandle file, string path, long length) => RandomAccess.SetLength(file, length);

    /// <summary>Makes the bytes and the length of the file durable.</summary>
    public virtual void Flush(SafeFileHandle file, string path)
    {
        if (!OperatingSystem.IsLinux())
        {
            RandomAccess.FlushToDisk(file);
            return;
        }

        // .NET's own call is fsync, which also waits for the file's times.
        while (NativeMethods.FlushData(file) != 0)
        {
            ThrowUnlessInterrupted(path);
        }
    }

    public virtual void Rename(string from, string to) => File.Move(from, to, overwrite: true);

    public virtual void Delete(string path) => File.Delete(path);

    /// <summary>Makes the names in the folder durable: what was created, renamed or deleted there.</summary>
    public virtual void FlushFolder(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        using var handle = NativeMethods.Open(folder, OpenReadOnlyCloseOnExec);
        if (handle.IsInvalid)
        {
            throw Failure(folder);
        }

        while (NativeMethods.Flush(handle) != 0)
        {
            ThrowUnlessInterrupted(folder);
        }
    }

    /// <summary>The folder, for the owner alone; durable when the call returns.</summary>
    public void CreateFolder(string folder)
    {
        if (Directory.Exists(folder))
        {
            return;
        }

        var parent = Path.GetDirectoryName(Path.GetFullPath(folder));
        if (parent is not null)
        {
            CreateFolder(parent);
        }

        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
        }
        else
        {
            Directory.CreateDirectory(folder, OwnerOnly | UnixFileMode.UserExecute);
        }

        if (parent is not null)
        {
            FlushFolder(parent);
        }
    }

    private static void ThrowUnlessInterrupted(string path)
    {
        if (Marshal.GetLastPInvokeError() != Interrupted)
        {
            throw Failure(path);
        }
    }

    // The error number as the exception's HResult is how .NET's own file calls tell a full disk from a broken one.
    private static IOException Failure(string path) =>
        new($"{Marshal.GetLastPInvokeErrorMessage()}: '{path}'", Marshal.GetLastPInvokeError());

    private static partial class NativeMethods
    {
        [LibraryImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        internal static partial int FlushData(SafeFileHandle file);

        [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        internal static partial int Flush(SafeFileHandle file);

        [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        internal static partial SafeFileHandle Open(string path, int flags);
    }
}
