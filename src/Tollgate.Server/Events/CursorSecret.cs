using Tollgate.Server.Hosting;

namespace Tollgate.Server.Events;

/// <summary>The secret behind the seal of page keys: made once, kept in the data folder for its owner alone.</summary>
internal static class CursorSecret
{
    /// <summary>The folder's secret. One that is missing or damaged is made anew, which ends the page keys that are out.</summary>
    public static async Task<byte[]> ReadOrCreateAsync(string folder, CancellationToken cancellationToken)
    {
        var file = Path.Combine(folder, "cursor.key");
        return await KeyFile.ReadAsync(file, cancellationToken) ?? await KeyFile.CreateAsync(file, cancellationToken);
    }
}
