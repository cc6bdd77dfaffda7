using Xunit;

namespace Tollgate.StorageTests.Log;

/// <summary>For what happens in the background, in its own time.</summary>
internal static class Eventually
{
    // Long enough for the slowest machine; a test that comes to it has failed.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    public static async Task IsTrueAsync(Func<bool> condition)
    {
        var end = TimeProvider.System.GetUtcNow() + Patience;
        while (!condition())
        {
            Assert.True(TimeProvider.System.GetUtcNow() < end, "It did not happen within a minute.");
            await Task.Delay(2, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>All segments but the last are compressed.</summary>
    public static Task IsCompressedAsync(TemporaryFolder folder) =>
        IsTrueAsync(() => folder.Segments.Count(name => name.EndsWith(".log", StringComparison.Ordinal)) == 1);
}
