namespace Tollgate.Storage.Events;

/// <summary>A file with the sums of removed events can't be used. Nothing else has these sums, so nothing goes on without them.</summary>
public sealed class SumsFileDamagedException(string file, string finding, Exception? cause)
    : IOException($"The file of sums {file} is damaged: {finding}. Restore it from a backup.", cause)
{
    /// <summary>The damaged file.</summary>
    public string File => file;
}
