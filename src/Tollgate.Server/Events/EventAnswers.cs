using System.Text.Json;
using Tollgate.Contracts;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Events;

namespace Tollgate.Server.Events;

/// <summary>Events as they are answered.</summary>
internal static class EventAnswers
{
    private static readonly JsonDocumentOptions Deep = new() { MaxDepth = Limits.MaxJsonDepth };

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

    public static SingleEventResponse ToSingleResponse(this StoredEvent stored) => new()
    {
        Event = stored.ToResponse(),
        Status = "processed",
        Provenance = new EventProvenanceResponse
        {
            AccountId = stored.AccountId,
            AccountType = stored.ByServiceAccount ? AccountTypes.ServiceAccount : AccountTypes.User,
            ApiKeyId = stored.ApiKeyId,
            RequestId = stored.RequestId,
            Address = stored.Address,
        },
        DebugTracker = null,
        ProcessedEvents = null,
    };

    private static JsonElement ToJson(string properties)
    {
        using var document = JsonDocument.Parse(properties, Deep);
        return document.RootElement.Clone();
    }
}
