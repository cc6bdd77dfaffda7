using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Tollgate.Contracts;

namespace Tollgate.Client;

/// <summary>Requests and answers as JSON.</summary>
internal sealed class Wire(HttpClient http)
{
    // A server that is newer than its clients may say more than they know.
    private static readonly JsonSerializerOptions Answers = new(WireJson.Options) { UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip };

    // What is not said is left out: servers take null and absent for the same.
    private static readonly JsonSerializerOptions Questions = new(WireJson.Options) { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    /// <summary>A part of a path, which may be any text.</summary>
    public static string Segment(string text) => Uri.EscapeDataString(text);

    public async Task SendAsync(HttpMethod method, string path, object? body, object? query, CancellationToken cancellationToken)
    {
        using var response = await AskAsync(method, path, body, query, HttpCompletionOption.ResponseContentRead, cancellationToken).ConfigureAwait(false);
    }

    public async Task<T> SendAsync<T>(HttpMethod method, string path, object? body, object? query, CancellationToken cancellationToken)
    {
        using var response = await AskAsync(method, path, body, query, HttpCompletionOption.ResponseContentRead, cancellationToken).ConfigureAwait(false);
        var answer = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using (answer.ConfigureAwait(false))
        {
            try
            {
                return await JsonSerializer.DeserializeAsync<T>(answer, Answers, cancellationToken).ConfigureAwait(false)
                    ?? throw new JsonException($"{method} {path}: the answer is null.");
            }
            catch (JsonException exception)
            {
                throw new TollgateException(response.StatusCode, exception);
            }
        }
    }

    /// <summary>The answer's body as it comes. Who reads it disposes it.</summary>
    public async Task<Stream> OpenAsync(HttpMethod method, string path, object? query, CancellationToken cancellationToken)
    {
        var response = await AskAsync(method, path, null, query, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
        return await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task<HttpResponseMessage> AskAsync(
        HttpMethod method, string path, object? body, object? query, HttpCompletionOption completion, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, new Uri(path + QueryOf(query), UriKind.Relative));
        if (body is not null)
        {
            request.Content = new ByteArrayContent(JsonSerializer.SerializeToUtf8Bytes(body, body.GetType(), Questions));
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }

        var response = await http.SendAsync(request, completion, cancellationToken).ConfigureAwait(false);
        if (response.IsSuccessStatusCode)
        {
            return response;
        }

        using (response)
        {
            throw new TollgateException(
                response.StatusCode,
                await ProblemOfAsync(response, cancellationToken).ConfigureAwait(false),
                response.Headers.RetryAfter?.Delta);
        }
    }

    private static async Task<ProblemResponse?> ProblemOfAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.Content.Headers.ContentType?.MediaType != "application/problem+json")
        {
            return null;
        }

        try
        {
            var text = await response.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false);
            return JsonSerializer.Deserialize<ProblemResponse>(text, Answers);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string QueryOf(object? query)
    {
        if (query is null)
        {
            return "";
        }

        var text = new StringBuilder();
        foreach (var member in JsonSerializer.SerializeToElement(query, query.GetType(), Questions).EnumerateObject())
        {
            var value = member.Value.ValueKind == JsonValueKind.String ? member.Value.GetString()! : member.Value.GetRawText();
            text.Append(text.Length == 0 ? '?' : '&').Append(member.Name).Append('=').Append(Uri.EscapeDataString(value));
        }

        return text.ToString();
    }
}
