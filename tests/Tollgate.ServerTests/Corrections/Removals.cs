using Tollgate.Contracts;
using Xunit;

namespace Tollgate.ServerTests.Corrections;

/// <summary>What tests about removed events wait for and look at.</summary>
internal static class Removals
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    /// <summary>Waits until the last copy is gone.</summary>
    public static async Task<RemovalResponse> CompletedAsync(HttpClient admin, string id)
    {
        var end = TimeProvider.System.GetUtcNow() + Patience;
        while (true)
        {
            using var answer = await admin.GetPathAsync($"/v1/events/removals/{id}");
            var removal = await answer.ReadAsync<RemovalResponse>(200);
            if (removal.Status == "completed")
            {
                return removal;
            }

            Assert.True(TimeProvider.System.GetUtcNow() < end, $"The removal is {removal.Status} after a minute.");
            await Task.Delay(TimeSpan.FromMilliseconds(20), TestContext.Current.CancellationToken);
        }
    }
}
