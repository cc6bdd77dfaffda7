namespace Tollgate.Server.Hosting;

/// <summary>The limits of <c>metadata</c>, the same wherever it stands. How many members it may have is said by the wire type.</summary>
internal static class Metadata
{
    public static void Check(IReadOnlyDictionary<string, string>? metadata, string path, FieldErrors errors)
    {
        foreach (var (name, value) in metadata ?? new Dictionary<string, string>())
        {
            errors.Demand(
                name.Length is > 0 and <= Limits.MaxMetadataNameLength, path, $"must have names of 1 to {Limits.MaxMetadataNameLength} characters.");
            errors.Demand(
                value.Length <= Limits.MaxMetadataValueLength, $"{path}.{name}", $"must have at most {Limits.MaxMetadataValueLength} characters.");
        }
    }
}
