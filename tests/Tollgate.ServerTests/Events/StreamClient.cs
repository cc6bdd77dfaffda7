using System.Net.ServerSentEvents;
using System.Text;
using System.Text.Json;
using Xunit;

namespace Tollgate.ServerTests.Events;

/// <summary>Reads a stream of events with the parser of the framework, message by message.</summary>
internal sealed class StreamClient : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    private readonly HttpResponseMessage _response;
    private readonly IAsyncEnumerator<SseItem<string>> _messages;
    private readonly SseParser<string> _parser;

    private StreamClient(HttpResponseMessage response, Stream body)
    {
        _response = response;
        _parser = SseParser.Create(body, (_, data) => Encoding.UTF8.GetString(data));
        _messages = _parser.EnumerateAsync(TestContext.Current.CancellationToken).GetAsyncEnumerator(TestContext.Current.CancellationToken);
    }

    /// <summary>The id that a client would come back with.</summary>
    public string LastEventId => _parser.LastEventId;

    public HttpResponseMessage Response => _response;

    /// <summary>Opens a stream; nothing that is sent after this returns is missing from it.</summary>
    public static async Task<StreamClient> OpenAsync(HttpClient client, string query = "", string? lastEventId = null)
    {
        var response = await AskAsync(client, query, lastEventId);
        await response.ShouldBeAsync(200);
        return new StreamClient(response, await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
    }

    /// <summary>The answer, as soon as its head is there.</summary>
    public static async Task<HttpResponseMessage> AskAsync(HttpClient client, string query = "", string? lastEventId = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"/v1/events/stream?{query}", UriKind.Relative));
        if (lastEventId is not null)
        {
            request.Headers.Add("Last-Event-ID", lastEventId);
        }

        return await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
    }

    /// <summary>The next message; null at the end of the stream.</summary>
    public async Task<StreamMessage?> NextAsync() =>
        await _messages.MoveNextAsync().AsTask().WaitAsync(Patience, TestContext.Current.CancellationToken)
            ? new StreamMessage(_messages.Current.EventType, _messages.Current.EventId, JsonDocument.Parse(_messages.Current.Data).RootElement)
            : null;

    /// <summary>The ids of so many events.</summary>
    public async Task<string[]> EventsAsync(int count)
    {
        var ids = new List<string>();
        while (ids.Count < count)
        {
            var message = await NextAsync();
            Assert.Equal("event", message?.Event);
            ids.Add(message!.Data.GetProperty("id").GetString()!);
        }

        return [.. ids];
    }

    /// <summary>Every message up to the end of the stream.</summary>
    public async Task<List<StreamMessage>> RestAsync()
    {
        var messages = new List<StreamMessage>();
        while (await NextAsync() is { } message)
        {
            messages.Add(message);
        }

        return messages;
    }

    public async ValueTask DisposeAsync()
    {
        // The connection goes with it: nobody reads the rest.
        _response.Dispose();
        await _messages.DisposeAsync();
    }
}

/// <summary>One message of a stream.</summary>
internal sealed record StreamMessage(string Event, string? Id, JsonElement Data);
