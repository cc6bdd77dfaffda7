using System.IO.Compression;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Xunit;

namespace Tollgate.ServerTests.Events;

/// <summary>Bodies with events, as bytes of any type and coding.</summary>
internal static class EventBodies
{
    public const string Json = "application/json";
    public const string Lines = "application/x-ndjson";
    public const string CloudEvent = "application/cloudevents+json";
    public const string CloudEvents = "application/cloudevents-batch+json";

    /// <summary>Sends a body with headers as they are.</summary>
    public static Task<HttpResponseMessage> SendEventsAsync(
        this HttpClient client, string path, string body, string? type, params (string Name, string Value)[] headers) =>
        client.SendEventsAsync(path, Encoding.UTF8.GetBytes(body), type, headers);

    public static async Task<HttpResponseMessage> SendEventsAsync(
        this HttpClient client, string path, byte[] body, string? type, params (string Name, string Value)[] headers)
    {
        using var content = new ByteArrayContent(body);
        content.Headers.ContentType = type is null ? null : MediaTypeHeaderValue.Parse(type);
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(path, UriKind.Relative)) { Content = content };
        foreach (var (name, value) in headers)
        {
            Assert.True(request.Headers.TryAddWithoutValidation(name, value) || content.Headers.TryAddWithoutValidation(name, value));
        }

        return await client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    /// <summary>The fields that a refusal of these bytes names, with what is said of each.</summary>
    public static async Task<string[]> RefusedAsync(
        this HttpClient client, string path, string body, string type, params (string Name, string Value)[] headers)
    {
        using var response = await client.SendEventsAsync(path, body, type, headers);
        var problem = await response.ShouldBeProblemAsync(400, "validation_error");
        return [.. problem.GetProperty("details").GetProperty("errors").EnumerateObject().Select(error => $"{error.Name}: {error.Value[0]}")];
    }

    public static async Task<long> CountAsync(this HttpClient client, string name) =>
        (await client.UsageAsync(new { event_name = name, aggregation_type = "COUNT" })).GetProperty("value").GetInt64();

    /// <summary>One event, as JSON.</summary>
    public static string Event(string name, string id, string more = "") =>
        $$"""{"event_name":{{JsonSerializer.Serialize(name)}},"external_customer_id":"c","event_id":{{JsonSerializer.Serialize(id)}}{{more}}}""";

    public static byte[] Gzip(byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
        {
            gzip.Write(bytes);
        }

        return packed.ToArray();
    }

    public static byte[] Brotli(byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var brotli = new BrotliStream(packed, CompressionLevel.Fastest))
        {
            brotli.Write(bytes);
        }

        return packed.ToArray();
    }
}
