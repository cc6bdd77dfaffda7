namespace Tollgate.Storage.Log;

/// <summary>Acknowledged events are missing from the log or unreadable in it. Names the file and the first event that is lost.</summary>
public sealed class LogDamagedException : IOException
{
    public LogDamagedException()
    {
        File = "";
    }

    public LogDamagedException(string message)
        : base(message)
    {
        File = "";
    }

    public LogDamagedException(string message, Exception innerException)
        : base(message, innerException)
    {
        File = "";
    }

    public LogDamagedException(string file, long firstLostSequence, string finding)
        : base($"The event log is damaged: {file}: {finding}; the first lost event is number {firstLostSequence}.")
    {
        File = file;
        FirstLostSequence = firstLostSequence;
    }

    /// <summary>The damaged file, relative to the storage folder.</summary>
    public string File { get; }

    /// <summary>The number of the first event that was acknowledged and can't be read.</summary>
    public long FirstLostSequence { get; }
}
