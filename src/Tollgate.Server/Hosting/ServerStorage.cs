using Tollgate.Storage.Control;

namespace Tollgate.Server.Hosting;

/// <summary>Everything that is opened from the data folder before the server listens, and closed after its last request.</summary>
internal sealed class ServerStorage : IAsyncDisposable
{
    private ServerStorage(DataFolder folder, ControlStore control)
    {
        Folder = folder;
        Control = control;
    }

    public DataFolder Folder { get; }

    public ControlStore Control { get; }

    /// <exception cref="ConfigurationException">The folder can't be used, or another server has it.</exception>
    /// <exception cref="ControlStoreUnusableException">The control database can't be used as it is.</exception>
    public static async Task<ServerStorage> OpenAsync(ServerOptions options, TimeProvider time, CancellationToken cancellationToken)
    {
        var folder = DataFolder.Open(options.Folder);
        try
        {
            var control = await ControlStore.OpenAsync(folder.ControlFile, time, cancellationToken);
            return new ServerStorage(folder, control);
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Control.DisposeAsync();
        // Last: as long as anything is open the folder is ours.
        Folder.Dispose();
    }
}
