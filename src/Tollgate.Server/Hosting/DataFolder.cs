namespace Tollgate.Server.Hosting;

/// <summary>The one folder that holds everything. Only its owner may look into it, and only one server at a time may use it.</summary>
internal sealed class DataFolder : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    private readonly FileStream _lock;

    private DataFolder(string path)
    {
        FullName = path;
        _lock = new FileStream(Path.Combine(path, "lock"), new FileStreamOptions
        {
            Mode = FileMode.OpenOrCreate,
            Access = FileAccess.ReadWrite,
            Share = FileShare.None,
            UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
        });
    }

    public string FullName { get; }

    public string ControlFile => Path.Combine(FullName, "control.db");

    /// <summary>Creates the folder when it is missing, and takes it for this process until disposed or dead.</summary>
    /// <exception cref="ConfigurationException">It can't be created or written, or another server has it.</exception>
    public static DataFolder Open(string path)
    {
        try
        {
            if (!Directory.Exists(path))
            {
                Directory.CreateDirectory(path, OwnerOnly);
            }
            else if ((File.GetUnixFileMode(path) & ~OwnerOnly) != 0)
            {
                // It may have been made by hand; what is inside is nobody else's business all the same.
                File.SetUnixFileMode(path, OwnerOnly);
            }
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException($"The option Storage:Folder names {path}, which can't be used: {exception.Message.TrimEnd('.')}.");
        }

        try
        {
            return new DataFolder(path);
        }
        catch (UnauthorizedAccessException)
        {
            throw new ConfigurationException($"The option Storage:Folder names {path}, which this user may not write to.");
        }
        catch (IOException)
        {
            throw new ConfigurationException($"Another server is using the folder {path} (option Storage:Folder).");
        }
    }

    public void Dispose() => _lock.Dispose();
}
