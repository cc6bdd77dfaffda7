using DuckDB.NET.Data;
using DuckDB.NET.Native;

namespace Tollgate.Storage.Events;

/// <summary>What an error of the engine says about the engine and its file. The texts are those of DuckDB 1.5.</summary>
internal static class DuckDbFault
{
    // What stands in the way of opening a file that may be whole. Anything else is taken for damage: a file that is set aside is
    // rebuilt from the log, one that can't be opened for ever is a server that does not start.
    private static readonly string[] Obstacles =
    [
        "Could not set lock", "Permission denied", "No space left", "Too many open files", "Cannot allocate", "Out of Memory",
        "Read-only file system", "Disk quota",
    ];

    /// <summary>Whether the file could not be opened for a reason that lies outside of it.</summary>
    public static bool IsObstacle(DuckDBException exception) =>
        Obstacles.Any(obstacle => exception.Message.Contains(obstacle, StringComparison.OrdinalIgnoreCase));

    /// <summary>Whether the statement wanted more memory or temporary space than there is.</summary>
    public static bool IsTooLarge(DuckDBException exception) => exception.ErrorType == DuckDBErrorType.OutOfMemory;

    /// <summary>
    /// Whether the file can't be trusted any more. A full disk is an error of input and output too, and no reason to throw a sound
    /// file away.
    /// </summary>
    public static bool IsDamage(DuckDBException exception) => exception.ErrorType switch
    {
        DuckDBErrorType.Internal or DuckDBErrorType.Serialization => true,
        DuckDBErrorType.Fatal or DuckDBErrorType.Io => SpeaksOfDamage(exception),
        _ => false,
    };

    /// <summary>Whether the engine refuses to go on: its file is damaged, or it wants to be opened again after a failed flush.</summary>
    public static bool NeedsReopening(DuckDBException exception) => exception.ErrorType == DuckDBErrorType.Fatal || IsDamage(exception);

    private static bool SpeaksOfDamage(DuckDBException exception) =>
        exception.Message.Contains("corrupt", StringComparison.OrdinalIgnoreCase)
        || exception.Message.Contains("checksum", StringComparison.OrdinalIgnoreCase)
        || exception.Message.Contains("Could not read", StringComparison.OrdinalIgnoreCase);
}
