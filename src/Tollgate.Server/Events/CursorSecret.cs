using System.Security.Cryptography;

namespace Tollgate.Server.Events;

/// <summary>The secret behind the seal of page keys: made once, kept in the data folder for its owner alone.</summary>
internal static class CursorSecret
{
    private const string FileName = "cursor.key";
    private const int Length = 32;

    /// <summary>The folder's secret. One that is missing or damaged is made anew, which ends the page keys that are out.</summary>
    public static async Task<byte[]> ReadOrCreateAsync(string folder, CancellationToken cancellationToken)
    {
        var file = Path.Combine(folder, FileName);
        if (File.Exists(file) && await File.ReadAllBytesAsync(file, cancellationToken) is { Length: Length } known)
        {
            return known;
        }

        var secret = RandomNumberGenerator.GetBytes(Length);
        var temporary = file + ".new";
        File.Delete(temporary);
        await using (var stream = new FileStream(temporary, new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        }))
        {
            await stream.WriteAsync(secret, cancellationToken);
            await stream.FlushAsync(cancellationToken);
            RandomAccess.FlushToDisk(stream.SafeFileHandle);
        }

        File.Move(temporary, file, overwrite: true);
        return secret;
    }
}
