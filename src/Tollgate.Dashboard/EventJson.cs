using System.Text.Json;
using System.Text.Json.Serialization;
using Tollgate.Contracts;

namespace Tollgate.Dashboard;

/// <summary>Messages of streams and events as text. Numbers have the digits they were sent with.</summary>
internal static class EventJson
{
    // A server that is newer than this page may say more than it knows.
    private static readonly JsonSerializerOptions Options =
        new(WireJson.Options) { UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip, WriteIndented = true };

    public static T Read<T>(string json) => JsonSerializer.Deserialize<T>(json, Options) ?? throw new JsonException("The message is null.");

    /// <summary>For people: indented.</summary>
    public static string Pretty(EventResponse item) => JsonSerializer.Serialize(item, Options);
}
