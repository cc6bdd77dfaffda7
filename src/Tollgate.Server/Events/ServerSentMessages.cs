using System.Buffers;
using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using Tollgate.Contracts;

namespace Tollgate.Server.Events;

/// <summary>Writes server-sent events. Data is JSON, which has no line break of its own, so a message is never cut in two by what is in it.</summary>
internal sealed class ServerSentMessages(PipeWriter body)
{
    public const string ContentType = "text/event-stream";

    // A client that was cut off comes back soon, and all of them not at once with the next packet.
    private const int RetryMilliseconds = 3000;

    /// <summary>What a stream begins with: how soon to come back after a break, and from where.</summary>
    public void Begin(string id) => Write($"retry: {RetryMilliseconds}\nid: {id}\n\n");

    /// <summary>A sign of life. A client that comes back need not go through again what had nothing for it.</summary>
    public void KeepAlive(string id) => Write($": keep-alive\nid: {id}\n\n");

    public void Send(string message, string? id, byte[] json)
    {
        Write(id is null ? $"event: {message}\ndata: " : $"id: {id}\nevent: {message}\ndata: ");
        body.Write(json);
        Write("\n\n");
    }

    public void Send<T>(string message, string? id, T data) => Send(message, id, JsonSerializer.SerializeToUtf8Bytes(data, WireJson.Options));

    private void Write(string text) => Encoding.UTF8.GetBytes(text, body);
}
