using Tollgate.Contracts;
using Tollgate.Server.Access;
using Tollgate.Server.Hosting;
using Tollgate.Storage.Events;

namespace Tollgate.Server.Events;

/// <summary>Which events a read is about, apart from when they happened; the same words for every route that reads events.</summary>
internal sealed record EventSelection
{
    public string? ExternalCustomerId { get; init; }

    public string? EventName { get; init; }

    public string? EventId { get; init; }

    public string? Source { get; init; }

    public string? ApiKeyId { get; init; }

    public string? AccountId { get; init; }

    public IReadOnlyDictionary<string, IReadOnlyList<string>> Properties { get; init; } = new Dictionary<string, IReadOnlyList<string>>();

    /// <summary>What a query in the URL selects.</summary>
    public static EventSelection Of(EventFilterQuery asked, AccessDirectory directory, FieldErrors errors) => new()
    {
        ExternalCustomerId = asked.ExternalCustomerId,
        EventName = asked.EventName,
        EventId = asked.EventId,
        Source = asked.Source,
        ApiKeyId = KeyOf(asked.ApiKeyId, errors),
        AccountId = AccountOf(asked.AccountId, asked.ServiceAccountId, directory, errors),
        Properties = EventFilters.Parse("property_filters", asked.PropertyFilters, errors),
    };

    /// <summary>What a query in JSON selects.</summary>
    public static EventSelection Of(QueryEventsRequest asked, AccessDirectory directory, FieldErrors errors)
    {
        EventFilters.Check("property_filters", asked.PropertyFilters, errors);
        return new EventSelection
        {
            ExternalCustomerId = asked.ExternalCustomerId,
            EventName = asked.EventName,
            EventId = asked.EventId,
            Source = asked.Source,
            ApiKeyId = KeyOf(asked.ApiKeyId, errors),
            AccountId = AccountOf(asked.AccountId, asked.ServiceAccountId, directory, errors),
            Properties = asked.PropertyFilters ?? new Dictionary<string, IReadOnlyList<string>>(),
        };
    }

    public EventFilter ToFilter(EventReach reach) => new()
    {
        Reach = reach,
        EventId = EventId,
        EventName = EventName,
        ExternalCustomerId = ExternalCustomerId,
        Source = Source,
        ApiKeyId = ApiKeyId,
        AccountId = AccountId,
        Properties = Properties,
    };

    private static string? KeyOf(string? id, FieldErrors errors)
    {
        errors.Demand(id is null || Ids.IsId(Ids.ApiKeyPrefix, id), "api_key_id", "must be the id of an API key.");
        return id;
    }

    private static string? AccountOf(string? accountId, string? serviceAccountId, AccessDirectory directory, FieldErrors errors)
    {
        // No event was sent by it: every account has an id.
        const string Nobody = "";
        errors.Demand(accountId is null || Ids.IsId(Ids.AccountPrefix, accountId), "account_id", "must be the id of an account.");
        errors.Demand(
            serviceAccountId is null || Ids.IsId(Ids.AccountPrefix, serviceAccountId), "service_account_id", "must be the id of a service account.");
        errors.Demand(accountId is null || serviceAccountId is null, "account_id", "can't be combined with service_account_id.");
        return serviceAccountId is null ? accountId
            : directory.FindAccount(serviceAccountId)?.Type == AccountTypes.User ? Nobody
            : serviceAccountId;
    }
}
