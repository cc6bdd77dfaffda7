using System.Diagnostics;
using System.Text.Json;

namespace Tollgate.ServerTests.Events;

/// <summary>A query of events that takes this machine a while: every filter matches, with the last of its values.</summary>
internal static class HeavyQuery
{
    public const string Path = "/v1/events/query";

    private const int MaxBatches = 100;
    private const int Members = 20;

    /// <summary>Sends events until such a query takes at least so long; the query's body, and what it took.</summary>
    public static async Task<(string Body, TimeSpan Took)> PrepareAsync(HttpClient client, TimeSpan atLeast)
    {
        var properties = Enumerable.Range(0, 50).ToDictionary(number => $"p{number}", number => $"{number}");
        var body = JsonSerializer.Serialize(new
        {
            page_size = 1,
            property_filters = Enumerable.Range(50 - Members, Members)
                .ToDictionary(number => $"p{number}", number => Enumerable.Range(0, 999).Select(other => $"x{other}").Append($"{number}").ToArray()),
        });
        for (var batch = 0; batch < MaxBatches; batch++)
        {
            await client.IngestManyAsync(Enumerable.Range(0, 1000).Select(_ => new { event_name = "n", external_customer_id = "c", properties }));
            if (batch % 5 == 4)
            {
                var clock = Stopwatch.StartNew();
                using var response = await client.PostJsonAsync(Path, body);
                await response.ShouldBeAsync(200);
                if (clock.Elapsed > atLeast)
                {
                    return (body, clock.Elapsed);
                }
            }
        }

        throw new InvalidOperationException($"No query of {MaxBatches},000 events takes {atLeast}.");
    }
}
