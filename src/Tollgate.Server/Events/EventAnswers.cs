using System.Text.Json;
using Tollgate.Contracts;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Events;

namespace Tollgate.Server.Events;

/// <summary>Events as they are answered.</summary>
internal static class EventAnswers
{
    private static readonly JsonDocumentOptions Deep = new() { MaxDepth = Limits.MaxJsonDepth };

    private static readonly JsonSerializerOptions Lines = NewLines();

    /// <summary>The event as JSON, on one line.</summary>
    public static byte[] ToLine(this StoredEvent stored) => JsonSerializer.SerializeToUtf8Bytes(stored.ToResponse(), Lines);

    /// <summary>Each event as JSON on a line of its own.</summary>
    public static byte[] ToLines(IReadOnlyList<StoredEvent> events)
    {
        using var lines = new MemoryStream();
        foreach (var each in events)
        {
            lines.Write(each.ToLine());
            lines.WriteByte((byte)'\n');
        }

        return lines.ToArray();
    }

    public static EventResponse ToResponse(this StoredEvent stored) => new()
    {
        Id = stored.EventId,
        ExternalCustomerId = stored.ExternalCustomerId,
        CustomerId = stored.CustomerId,
        EventName = stored.EventName,
        Timestamp = stored.Timestamp,
        Properties = ToJson(stored.Properties),
        Source = stored.Source,
        EnvironmentId = stored.EnvironmentId,
        IngestedAt = stored.IngestedAt,
        ApiKeyId = stored.ApiKeyId,
        ServiceAccountId = stored.ByServiceAccount ? stored.AccountId : null,
    };

    public static SingleEventResponse ToSingleResponse(
        this StoredEvent stored, EventCustomerResponse customer, IReadOnlyList<EventMeterResponse> meters, NearestMeterResponse? nearest) => new()
        {
            Event = stored.ToResponse(),
            Status = stored.QuarantineId is null ? "processed" : "quarantined",
            QuarantineId = stored.QuarantineId,
            Provenance = new EventProvenanceResponse
            {
                AccountId = stored.AccountId,
                AccountType = stored.ByServiceAccount ? AccountTypes.ServiceAccount : AccountTypes.User,
                ApiKeyId = stored.ApiKeyId,
                RequestId = stored.RequestId,
                Address = stored.Address,
            },
            Customer = customer,
            Meters = meters,
            NearestMeter = nearest,
            DebugTracker = null,
            ProcessedEvents = null,
        };

    private static JsonSerializerOptions NewLines()
    {
        // Properties may be as deep as a body, and lie one level deeper here.
        var options = new JsonSerializerOptions { MaxDepth = 2 * Limits.MaxJsonDepth };
        WireJson.Apply(options);
        return options;
    }

    private static JsonElement ToJson(string properties)
    {
        using var document = JsonDocument.Parse(properties, Deep);
        return document.RootElement.Clone();
    }
}
