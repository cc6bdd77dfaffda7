using System.Runtime.InteropServices;

namespace Tollgate.Server.Hosting;

/// <summary>The modes of the files that this process creates, those of the engines included.</summary>
internal static partial class FileModes
{
    private const uint GroupAndOthers = 0x3F;

    /// <summary>From now on what is created is its owner's alone.</summary>
    public static void KeepToOwner() => _ = SetUmask(GroupAndOthers);

    [LibraryImport("libc", EntryPoint = "umask")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial uint SetUmask(uint mask);
}
