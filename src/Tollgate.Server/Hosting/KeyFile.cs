using System.Security.Cryptography;

namespace Tollgate.Server.Hosting;

/// <summary>A file with a random key in the data folder, for its owner alone.</summary>
internal static class KeyFile
{
    private const int Length = 32;

    /// <summary>The key; null when the file is missing or damaged.</summary>
    public static async Task<byte[]?> ReadAsync(string file, CancellationToken cancellationToken) =>
        File.Exists(file) && await File.ReadAllBytesAsync(file, cancellationToken) is { Length: Length } known ? known : null;

    /// <summary>Makes a key and writes it, whole or not at all.</summary>
    public static async Task<byte[]> CreateAsync(string file, CancellationToken cancellationToken)
    {
        var key = RandomNumberGenerator.GetBytes(Length);
        var temporary = file + ".new";
        File.Delete(temporary);
        await using (var stream = new FileStream(temporary, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        }))
        {
            await stream.WriteAsync(key, cancellationToken);
            await stream.FlushAsync(cancellationToken);
            RandomAccess.FlushToDisk(stream.SafeFileHandle);
        }

        File.Move(temporary, file, overwrite: true);
        return key;
    }
}
