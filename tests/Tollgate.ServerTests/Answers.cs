using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Tollgate.Contracts;
using Xunit;

namespace Tollgate.ServerTests;

/// <summary>Sends JSON of the wire and reads answers so that a failure shows what the server said.</summary>
internal static class Answers
{
    private static readonly JsonSerializerOptions Reading = NewReading();

    public static Task<HttpResponseMessage> GetPathAsync(this HttpClient client, string path) =>
        client.SendAsync(HttpMethod.Get, path, body: null);

    public static Task<HttpResponseMessage> PostJsonAsync(this HttpClient client, string path, object? body) =>
        client.SendAsync(HttpMethod.Post, path, body);

    public static Task<HttpResponseMessage> PutJsonAsync(this HttpClient client, string path, object? body) =>
        client.SendAsync(HttpMethod.Put, path, body);

    public static Task<HttpResponseMessage> DeletePathAsync(this HttpClient client, string path) =>
        client.SendAsync(HttpMethod.Delete, path, body: null);

    /// <summary>Sends an object as JSON, a text as it is, and nothing for null.</summary>
    public static async Task<HttpResponseMessage> SendAsync(this HttpClient client, HttpMethod method, string path, object? body)
    {
        using var request = new HttpRequestMessage(method, new Uri(path, UriKind.Relative));
        if (body is not null)
        {
            var text = body as string ?? JsonSerializer.Serialize(body, body.GetType(), WireJson.Options);
            request.Content = new StringContent(text, Encoding.UTF8, new MediaTypeHeaderValue("application/json"));
        }

        return await client.SendAsync(request, TestContext.Current.CancellationToken);
    }

    /// <summary>The answer has this status; otherwise the failure shows the status and the body that came.</summary>
    public static async Task<HttpResponseMessage> ShouldBeAsync(this HttpResponseMessage response, int status)
    {
        if ((int)response.StatusCode != status)
        {
            Assert.Fail(
                $"{response.RequestMessage?.Method} {response.RequestMessage?.RequestUri?.PathAndQuery}: expected {status}, "
                + $"got {(int)response.StatusCode}: {await response.TextAsync()}");
        }

        return response;
    }

    /// <summary>The answer is a success, whichever.</summary>
    public static async Task ShouldSucceedAsync(this HttpResponseMessage response)
    {
        if (!response.IsSuccessStatusCode)
        {
            Assert.Fail(
                $"{response.RequestMessage?.Method} {response.RequestMessage?.RequestUri?.PathAndQuery}: "
                + $"{(int)response.StatusCode}: {await response.TextAsync()}");
        }
    }

    /// <summary>The answer is an error in the one shape of errors, with this status and code.</summary>
    public static async Task<JsonElement> ShouldBeProblemAsync(this HttpResponseMessage response, int status, string code)
    {
        await response.ShouldBeAsync(status);
        var text = await response.TextAsync();
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        var problem = JsonDocument.Parse(text).RootElement;
        Problems.AssertShape(problem, status);
        Assert.Equal(code, problem.GetProperty("code").GetString());
        return problem;
    }

    public static Task<string> TextAsync(this HttpResponseMessage response) =>
        response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);

    public static async Task<JsonElement> JsonAsync(this HttpResponseMessage response, int status)
    {
        await response.ShouldBeAsync(status);
        return JsonDocument.Parse(await response.TextAsync()).RootElement;
    }

    /// <summary>The body, which must have this status and exactly the members of the type.</summary>
    public static async Task<T> ReadAsync<T>(this HttpResponseMessage response, int status)
    {
        await response.ShouldBeAsync(status);
        return JsonSerializer.Deserialize<T>(await response.TextAsync(), Reading)
            ?? throw new InvalidOperationException("The body is null.");
    }

    private static JsonSerializerOptions NewReading()
    {
        var options = new JsonSerializerOptions();
        WireJson.Apply(options);
        return options;
    }
}

/// <summary>The one shape of errors (contract, section 2).</summary>
internal static class Problems
{
    private static readonly string[] Members =
    [
        "code", "detail", "details", "error", "http_status_code", "instance", "message", "request_id", "status", "title", "type",
    ];

    public static void AssertShape(JsonElement problem, int status)
    {
        Assert.Equal(Members, problem.EnumerateObject().Select(member => member.Name).Order(StringComparer.Ordinal));
        Assert.Equal(status, problem.GetProperty("status").GetInt32());
        Assert.Equal(status, problem.GetProperty("http_status_code").GetInt32());
        Assert.NotEmpty(problem.GetProperty("message").GetString() ?? "");
        Assert.NotEmpty(problem.GetProperty("error").GetString() ?? "");
        Assert.NotEmpty(problem.GetProperty("request_id").GetString() ?? "");
        Assert.EndsWith($"/errors/{problem.GetProperty("code").GetString()}", problem.GetProperty("type").GetString(), StringComparison.Ordinal);
    }
}
