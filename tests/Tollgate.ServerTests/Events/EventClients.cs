using System.Text.Json;
using Tollgate.Server.Hosting;

namespace Tollgate.ServerTests.Events;

/// <summary>What tests about events send and ask.</summary>
internal static class EventClients
{
    /// <summary>A name that no other test uses.</summary>
    public static string Unique() => new Ids(TimeProvider.System).Event();

    public static async Task<JsonElement> IngestAsync(this HttpClient client, object body, int status = 202)
    {
        using var response = await client.PostJsonAsync("/v1/events", body);
        return await response.JsonAsync(status);
    }

    public static async Task<JsonElement> IngestManyAsync(this HttpClient client, IEnumerable<object> events, string query = "")
    {
        using var response = await client.PostJsonAsync("/v1/events/bulk" + query, new { events });
        return await response.JsonAsync(202);
    }

    public static async Task<JsonElement> QueryAsync(this HttpClient client, object query)
    {
        using var response = await client.PostJsonAsync("/v1/events/query", query);
        return await response.JsonAsync(200);
    }

    public static async Task<JsonElement> UsageAsync(this HttpClient client, object query)
    {
        using var response = await client.PostJsonAsync("/v1/events/usage", query);
        return await response.JsonAsync(200);
    }

    /// <summary>The fields that a refusal names.</summary>
    public static async Task<string[]> RefusedFieldsAsync(this HttpClient client, string path, object body)
    {
        using var response = await client.PostJsonAsync(path, body);
        var problem = await response.ShouldBeProblemAsync(400, "validation_error");
        return [.. problem.GetProperty("details").GetProperty("errors").EnumerateObject().Select(error => error.Name)];
    }

    public static string[] Ids(this JsonElement page) =>
        [.. page.GetProperty("events").EnumerateArray().Select(each => each.GetProperty("id").GetString()!)];

    public static string[] Statuses(this JsonElement answer) =>
        [.. answer.GetProperty("results").EnumerateArray().Select(each => each.GetProperty("status").GetString()!)];
}
